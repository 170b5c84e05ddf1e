"""An address -> exactly one result. Never a guess: several are an error that lists them."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom import index as indexes
from wherefrom import lineage, measured, predictions, tree
from wherefrom.errors.answers import (
    AmbiguousAddressError,
    NoResultsError,
    NoResultThereError,
    NotPredictionsError,
    UnknownAddressError,
)
from wherefrom.found import Found
from wherefrom.join import is_of
from wherefrom.lockfile import is_record
from wherefrom.record import Gap
from wherefrom.sources import disk, git_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wherefrom.errors import WherefromError
    from wherefrom.index.rows import ResultRow
    from wherefrom.join import Joined
    from wherefrom.lineage import Lineage
    from wherefrom.predictions import Predictions
    from wherefrom.runs import Run
    from wherefrom.view import View

WORKSPACE = "workspace"
_PREFIX = re.compile(r"[0-9a-f]{6,64}(\.dir)?")
_MODEL = "models:/"


def resolve(view: View, address: str, folder: Path) -> Found:
    """Find the one result of an address; a path is meant from `folder`.

    Raises `UnknownAddressError`, `AmbiguousAddressError` and `NoResultsError`.
    """
    found = _in_workspace(view) if address == WORKSPACE else _everywhere(view, address, folder)
    if not found:
        raise _unknown(view, address, _place(folder, address))
    if len(found) > 1:
        keys = {key: one.commit_sha for key, one in found.items()}
        raise AmbiguousAddressError(address, keys)
    return next(iter(found.values()))


def _everywhere(view: View, address: str, folder: Path) -> dict[str, Found]:
    """Ask for every kind of address; the first to name a result says who holds it.

    A run may have the name of an experiment or a branch: then those are meant. What only the
    workspace or only MLflow knows is asked for where the ledger has no answer.
    """
    found = _first((_experiments, _revision, _ids, measured.with_value), view, address)
    found = found or _first((_runs,), view, address)
    found = found or {one.key: one for one in _path(view, address, folder)}
    found = found or {one.key: one for one in _predicted(view, _place(folder, address))}
    return found or _first((_here, _loose), view, address)


def _first(
    kinds: Iterable[Callable[[View, str], Iterator[Found]]], view: View, address: str
) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for kind in kinds:
        for one in kind(view, address):
            found.setdefault(one.key, one)
    return found


def _here(view: View, address: str) -> Iterator[Found]:
    """Find a result of the workspace by an id or a hash that no commit holds yet."""
    if not _PREFIX.fullmatch(address):
        return
    for result in lineage.results(tree.of_workspace(view.project.workspace).holding):
        records = [record for record in (result.record, result.training) if record]
        ids = [i for r in records for i in (r.record_id, r.mlflow_run_id or "")]
        files = (f for s in result.stages for f in (*s.deps.values(), *s.outs.values()))
        known = (*ids, *result.fingerprints, *(file.hash or "" for file in files))
        if any(i.startswith(address) for i in known):
            yield Found(result.key, in_workspace=True)


def _loose(view: View, address: str) -> Iterator[Found]:
    """Find the run of a record that nothing holds."""
    if _PREFIX.fullmatch(address):
        named = [r for r in view.table.runs if (r.record_id or "").startswith(address)]
        yield from _of_runs(view, named)


def _in_workspace(view: View) -> dict[str, Found]:
    here = tree.of_workspace(view.project.workspace).holding
    return {r.key: Found(r.key, in_workspace=True) for r in lineage.results(here)}


def _experiments(view: View, address: str) -> Iterator[Found]:
    for commit in view.index.experiments(address):
        yield from (Found(r.key, commit.sha) for r in view.index.of_snapshot(commit.snapshot))


def _revision(view: View, address: str) -> Iterator[Found]:
    if not address or address.startswith(_MODEL) or "=" in address:
        return
    sha = git_repo.resolve(view.git_root, address)
    commit = indexes.commit(view.index, view.project, sha) if sha else None
    if commit:
        yield from (Found(r.key, commit.sha) for r in view.index.of_snapshot(commit.snapshot))


def _ids(view: View, address: str) -> Iterator[Found]:
    if not _PREFIX.fullmatch(address):
        return
    index = view.index
    for ask in (index.of_record, index.of_run, index.of_object, index.of_fingerprint):
        yield from _of_rows(ask(address))
    for value in view.index.input_hashes(address):
        yield from _of_rows(view.index.of_input(value))
    yield from _of_runs(view, view.ask(lambda runs: runs.of_id(address)))


def _runs(view: View, address: str) -> Iterator[Found]:
    if address.startswith(_MODEL):
        yield from _of_model(view, address.removeprefix(_MODEL))
        return
    yield from _of_rows(view.index.of_run_name(address))
    yield from _of_runs(view, view.ask(lambda runs: runs.of_name(address)))


def _of_model(view: View, name: str) -> Iterator[Found]:
    """Go from a model to the result of its run; without that, to the one that its version names."""
    runs = view.ask(lambda source: source.of_model(name))
    yield from _of_runs(view, runs)
    if not runs:
        for key in view.ask(lambda source: source.results_of_model(name)):
            yield from list(_of_rows(view.index.of_key(key))) or _here(view, key)


def _of_rows(rows: Iterable[ResultRow]) -> Iterator[Found]:
    yield from (Found(row.key) for row in rows)


def _of_runs(view: View, runs: Iterable[Run]) -> Iterator[Found]:
    """Go from runs to their results; a run that nothing holds is a result of its own.

    A run that is nested in another belongs to that one's result.
    """
    for run in runs:
        found = _results_of(view, run) or list(_here(view, run.record_id or ""))
        if not found and run.parent:
            found = [one for one in _of_runs(view, _outer(view, run)) if one.run is None]
        yield from found or [Found(run.mlflow_run_id, run=run)]


def _outer(view: View, run: Run) -> list[Run]:
    """Find the run of the same stage that a run is nested in."""
    found = view.ask(lambda runs: runs.of_id(run.parent or "-"))
    return [one for one in found if one.fingerprint == run.fingerprint]


def _results_of(view: View, run: Run) -> list[Found]:
    """Find the results of a run: those whose record it carries, else those that it was joined to.

    A run of a tracked stage has a record, and no other run's result is its own, not even one of the
    same inputs. Of results that rest on one run the run's own come first.
    """
    if run.record_id and (rows := view.index.of_record(run.record_id)):
        return list(_of_rows(rows))
    if run.relation is not None or run.fingerprint is None:
        return []
    rows = [row for row in view.index.of_fingerprint(run.fingerprint) if row.record_id is None]
    joined = [_joined(view, run, row) for row in rows]
    mine = [(one, found) for one, found in joined if found.run == run]
    own = [one for one, found in mine if found.maker and found.maker.relation == "own"]
    open_ = [one for one, found in joined if run in found.candidates]
    return own or [one for one, _ in mine] or open_


def _joined(view: View, run: Run, row: ResultRow) -> tuple[Found, Joined]:
    """Join a result to its run; where several compete for it, as the holder of this run sees it."""
    held = view.index.holders(row.key)
    joined = view.run_of(None, row.fingerprints, held)
    holder = next((h for h in held if is_of(run, h)), None)
    if run not in joined.candidates or holder is None:
        return Found(row.key), joined
    found = Found(row.key, holder.commit_sha)
    return found, view.run_of(None, row.fingerprints, held, holder.commit_sha)


def _path(view: View, address: str, folder: Path) -> Iterator[Found]:
    """Find the result of a file on disk, by its bytes."""
    root, path = view.project.workspace, _place(folder, address)
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    value = _hash(path)
    results = lineage.results(tree.of_workspace(root).holding)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - False also for a name that is too long
    here = [r for r in results if _left(r, name, value, is_folder=is_folder)]
    yield from (Found(result.key, in_workspace=True) for result in here)
    if not here and value is not None and not is_record(name):
        yield from _of_rows(view.index.of_object(value))
        yield from _of_rows(view.index.of_input(value))


def _place(folder: Path, address: str) -> Path:
    """Give the file that a path means; a link may lead into DVC's cache: it stays."""
    given = Path(os.path.abspath(folder / address))  # noqa: PTH100 - `..` is meant as it is typed
    return given.parent.resolve() / given.name


def _predicted(view: View, path: Path) -> Iterator[Found]:
    """Find the result that made predictions, by the file beside them.

    Raises `NotPredictionsError`, also where nothing here holds that result.
    """
    if not os.path.isfile(path):  # noqa: PTH113 - as below
        return
    beside = predictions.place_of(path)
    if not os.path.isfile(beside):  # noqa: PTH113 - the same
        return
    text = beside.read_text("utf-8", "replace")
    said = predictions.from_text(text, beside.name)
    found = next(_of_predictions(view, said), None)
    if found is None:
        why = f"no commit here holds the result {said.key} (code of {said.commit_sha[:10]})"
        raise NotPredictionsError(beside.name, why)
    doubts = [*_edited(path, said), *_rewritten(text, beside.name)]
    if found.run is None and found.commit_sha is None:
        doubts += _not_its_models(view, said)
    yield replace(found, predictions=said, gaps=(*doubts, *said.gaps))


def _of_predictions(view: View, said: Predictions) -> Iterator[Found]:
    """Find the result of predictions; of one that nothing holds any more its commit, or its run."""
    here = (*_of_rows(view.index.of_key(said.key)), *_here(view, said.key))
    yield from (one for one in here if one.key == said.key)
    yield from (one for one in _revision(view, said.commit_sha) if one.key == said.key)
    yield from _loose(view, said.key)


def _edited(path: Path, said: Predictions) -> Iterator[Gap]:
    if _hash(path) != said.output.hash:
        yield Gap(
            what=f"{path.name} is not what was predicted",
            why=f"its bytes have not the hash {said.output.hash}: it was edited, or made otherwise",
            remedy="predict the table again, and edit a copy",
        )


def _rewritten(text: str, name: str) -> Iterator[Gap]:
    if not predictions.is_as_written(text):
        yield Gap(
            what=f"{name} is not as `wherefrom predict` wrote it",
            why="it was edited: what it says of the predictions may be wrong",
            remedy="bring the file back, or predict the table again",
        )


def _not_its_models(view: View, said: Predictions) -> Iterator[Gap]:
    """Say so where the result that is named has not read or left the models that are named."""
    for model in said.models:
        held = (*_of_rows(view.index.of_object(model.hash)), *_here(view, model.hash))
        if said.key not in {one.key for one in held}:
            yield Gap(
                what="the predictions are said to be by a model that their result has not",
                why=f"{model.name} ({model.hash}) is none of {said.key}",
                remedy="predict the table again",
            )


def _left(result: Lineage, name: str, value: str | None, *, is_folder: bool) -> bool:
    """Whether a result's stages left a file with these bytes, or a folder of this name."""
    outs = {place: out for stage in result.stages for place, out in stage.outs.items()}
    whole = outs[name].hash if name in outs else None
    return whole is not None and (value == whole or is_folder)


def _hash(path: Path) -> str | None:
    """Give the hash of a file's bytes, as DVC does; None for a folder, or where nothing is."""
    # not `is_file`, which raises for a name that is too long
    return disk.hash_of(path) if os.path.isfile(path) else None  # noqa: PTH113


def _unknown(view: View, address: str, path: Path) -> WherefromError:
    rows = view.index.results()
    if not rows and not view.ask(lambda runs: runs.all_runs()):
        return NoResultsError()
    if address == WORKSPACE:
        return _none_in("the workspace", tree.of_workspace(view.project.workspace))
    sha = git_repo.resolve(view.git_root, address)
    commit = view.index.commit(sha) if sha else None
    if commit is not None:
        return _none_in(f"{address} ({commit.sha[:7]})", tree.of_commit(view, commit.sha))
    names = view.index.names() | {name for row in rows for name in row.metrics}
    wanted = address.partition("=")[0]
    near = tuple(difflib.get_close_matches(wanted, names - {address}))
    former = (holder for held in view.index.former_holders().values() for holder in held)
    gone = next((holder.commit_sha for holder in former if holder.experiment == address), None)
    beside = predictions.place_of(path).name if os.path.isfile(path) else ""  # noqa: PTH113 - as above
    return UnknownAddressError(address, near, view.unasked, gone, beside)


def _none_in(where: str, here: tree.Tree) -> NoResultThereError:
    problems = "; ".join(f"{gap.what}: {gap.why}" for gap in here.holding.gaps)
    return NoResultThereError(where, problems or "it has no dvc.lock with a stage")
