"""An address -> exactly one result. Never a guess: several are an error that lists them."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom import leads, lineage, measured, predicted_by, predictions, tree
from wherefrom.errors.answers import (
    AmbiguousAddressError,
    NoResultsError,
    NoResultThereError,
    UnknownAddressError,
)
from wherefrom.found import Found
from wherefrom.lockfile import is_record
from wherefrom.sources import disk, git_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wherefrom.errors import WherefromError
    from wherefrom.lineage import Lineage
    from wherefrom.view import View

WORKSPACE = "workspace"


def resolve(view: View, address: str, folder: Path) -> Found:
    """Find the one result of an address; a path is meant from `folder`.

    Raises `UnknownAddressError`, `AmbiguousAddressError` and `NoResultsError`.
    """
    found = leads.in_workspace(view) if address == WORKSPACE else _everywhere(view, address, folder)
    if not found:
        raise _unknown(view, address, place(folder, address))
    if len(found) > 1:
        keys = {key: one.commit_sha for key, one in found.items()}
        raise AmbiguousAddressError(address, keys)
    return next(iter(found.values()))


def _everywhere(view: View, address: str, folder: Path) -> dict[str, Found]:
    """Ask for every kind of address; the first to name a result says who holds it.

    A run may have the name of an experiment or a branch: then those are meant. What only the
    workspace or only MLflow knows is asked for where the ledger has no answer.
    """
    kinds = (leads.experiments, leads.revision, leads.ids, measured.with_value)
    found = _first(kinds, view, address)
    found = found or _first((leads.runs,), view, address)
    found = found or {one.key: one for one in _path(view, address, folder)}
    found = found or {one.key: one for one in predicted_by.of_file(view, place(folder, address))}
    return found or _first((leads.here, leads.loose), view, address)


def _first(
    kinds: Iterable[Callable[[View, str], Iterator[Found]]], view: View, address: str
) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for kind in kinds:
        for one in kind(view, address):
            found.setdefault(one.key, one)
    return found


def _path(view: View, address: str, folder: Path) -> Iterator[Found]:
    """Find the result of a file on disk, by its bytes."""
    root, path = view.project.workspace, place(folder, address)
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    value = _hash(path)
    results = lineage.results(tree.of_workspace(root).holding)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - False also for a name that is too long
    here = [r for r in results if _left(r, name, value, is_folder=is_folder)]
    yield from (Found(result.key, in_workspace=True) for result in here)
    if not here and value is not None and not is_record(name):
        yield from leads.of_rows(view.index.of_object(value))
        yield from leads.of_rows(view.index.of_input(value))


def place(folder: Path, address: str | Path) -> Path:
    """Give the file that a path means; a link may lead into DVC's cache: it stays."""
    given = Path(os.path.abspath(folder / address))  # noqa: PTH100 - `..` is meant as it is typed
    return given.parent.resolve() / given.name


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
    return NoResultThereError(where, problems)
