"""What leads to results: an id, a revision, a run, a model, rows of the index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wherefrom import index as indexes
from wherefrom import lineage, tree
from wherefrom.found import Found
from wherefrom.join import is_of
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wherefrom.index.rows import ResultRow
    from wherefrom.join import Joined
    from wherefrom.runs import Run
    from wherefrom.view import View

_PREFIX = re.compile(r"[0-9a-f]{6,64}(\.dir)?")
_MODEL = "models:/"


def in_workspace(view: View) -> dict[str, Found]:
    """Find the results of the workspace."""
    here = tree.of_workspace(view.project.workspace).holding
    return {r.key: Found(r.key, in_workspace=True) for r in lineage.results(here)}


def experiments(view: View, address: str) -> Iterator[Found]:
    """Find the results of experiments of a name."""
    for commit in view.index.experiments(address):
        yield from (Found(r.key, commit.sha) for r in view.index.of_snapshot(commit.snapshot))


def revision(view: View, address: str) -> Iterator[Found]:
    """Find the results of what git calls so: a branch, a tag, a commit."""
    if not address or address.startswith(_MODEL) or "=" in address:
        return
    sha = git_repo.resolve(view.git_root, address)
    commit = indexes.commit(view.index, view.project, sha) if sha else None
    if commit:
        yield from (Found(r.key, commit.sha) for r in view.index.of_snapshot(commit.snapshot))


def ids(view: View, address: str) -> Iterator[Found]:
    """Find results by the start of an id, a hash or a fingerprint."""
    if not _PREFIX.fullmatch(address):
        return
    index = view.index
    for ask in (index.of_record, index.of_run, index.of_object, index.of_fingerprint):
        yield from of_rows(ask(address))
    for value in view.index.input_hashes(address):
        yield from of_rows(view.index.of_input(value))
    yield from _of_runs(view, view.ask(lambda source: source.of_id(address)))


def here(view: View, address: str) -> Iterator[Found]:
    """Find a result of the workspace by an id or a hash that no commit holds yet."""
    if not _PREFIX.fullmatch(address):
        return
    for result in lineage.results(tree.of_workspace(view.project.workspace).holding):
        records = [record for record in (result.record, result.training) if record]
        own = [i for r in records for i in (r.record_id, r.mlflow_run_id or "")]
        files = (f for s in result.stages for f in (*s.deps.values(), *s.outs.values()))
        known = (*own, *result.fingerprints, *(file.hash or "" for file in files))
        if any(i.startswith(address) for i in known):
            yield Found(result.key, in_workspace=True)


def loose(view: View, address: str) -> Iterator[Found]:
    """Find the run of a record that nothing holds."""
    if _PREFIX.fullmatch(address):
        named = [r for r in view.table.runs if (r.record_id or "").startswith(address)]
        yield from _of_runs(view, named)


def runs(view: View, address: str) -> Iterator[Found]:
    """Find the results of runs by their name, or of a model of the registry."""
    if address.startswith(_MODEL):
        yield from _of_model(view, address.removeprefix(_MODEL))
        return
    yield from of_rows(view.index.of_run_name(address))
    yield from _of_runs(view, view.ask(lambda source: source.of_name(address)))


def _of_model(view: View, name: str) -> Iterator[Found]:
    """Go from a model to the result of its run; without that, to the one that its version names."""
    made = view.ask(lambda source: source.of_model(name))
    yield from _of_runs(view, made)
    if not made:
        for key in view.ask(lambda source: source.results_of_model(name)):
            yield from list(of_rows(view.index.of_key(key))) or here(view, key)


def _of_runs(view: View, found: Iterable[Run]) -> Iterator[Found]:
    """Go from runs to their results; a run that nothing holds is a result of its own.

    A run that is nested in another belongs to that one's result.
    """
    for run in found:
        results = _results_of(view, run) or list(here(view, run.record_id or ""))
        if not results and run.parent:
            results = [one for one in _of_runs(view, _outer(view, run)) if one.run is None]
        yield from results or [Found(run.mlflow_run_id, run=run)]


def _outer(view: View, run: Run) -> list[Run]:
    """Find the run of the same stage that a run is nested in."""
    found = view.ask(lambda source: source.of_id(run.parent or "-"))
    return [one for one in found if one.fingerprint == run.fingerprint]


def _results_of(view: View, run: Run) -> list[Found]:
    """Find the results of a run: those whose record it carries, else those that it was joined to.

    A run of a tracked stage has a record, and no other run's result is its own, not even one of the
    same inputs. Of results that rest on one run the run's own come first.
    """
    if run.record_id and (rows := view.index.of_record(run.record_id)):
        return list(of_rows(rows))
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


def of_rows(rows: Iterable[ResultRow]) -> Iterator[Found]:
    """Give what rows of the index are of."""
    yield from (Found(row.key) for row in rows)
