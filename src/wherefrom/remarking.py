"""What is said of a result later, written where it is found: into a git note, and to its run."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from wherefrom import card, delivery, files, remarks, settings
from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.record import Gap
from wherefrom.remarks import Mark, Reproduced, Told
from wherefrom.sources import git_notes, git_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from wherefrom.commands.trace import Trace
    from wherefrom.remarks import Tagged
    from wherefrom.sources.mlflow_store import Store
    from wherefrom.view import View


class Remarker:
    """Writes remarks. A context manager: MLflow is imported beside what goes on meanwhile."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._pool = ThreadPoolExecutor(1)
        self._once = threading.Lock()
        self._opened: Future[Store] | None = None

    def prepare(self) -> Future[Store]:
        """Begin to open the store: a good moment is when this process waits for another one."""
        with self._once:
            if self._opened is None:
                self._opened = self._pool.submit(open_store, self._view)
            return self._opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def write(self, trace: Trace, remark: Reproduced | Tagged) -> tuple[Gap, ...]:
        """Write a remark to the record and the run of a result; gaps say where it could not be."""
        note(self._view, trace, lambda fingerprint: remarks.line(remark, fingerprint))
        if trace.run is None:
            return (_not_logged(remark, self._view.unasked),) if self._view.unasked else ()
        run_id, marks = trace.run.mlflow_run_id, _tags(trace, remark)
        there = {name: value for name, value in marks.items() if value is not None}
        try:
            store = self.prepare().result()
            here = store.tags(run_id)
            gone = [name for name in marks if name not in there]
            after = {name: value for name, value in here.items() if name not in gone} | there
            there |= card.described(after, here)
            store.log(run_id, params={}, metrics={}, tags=there, at=remark.at)
            store.unset(run_id, gone, here)
        except StoreUnreachableError as error:
            return (_not_logged(remark, str(error)),)
        return ()


def note(view: View, trace: Trace, line: Callable[[str | None], str]) -> None:
    """Add a note to the record of a result; to its dvc.lock, where it keeps no record.

    `line` writes it, told the fingerprint that names the result in a lock, None for a record.
    """
    if trace.lineage is None:
        return
    final = trace.lineage.final
    path, fingerprint = final.record_path, None
    if path is None or trace.record is None:
        path, fingerprint = final.lock_path, final.fingerprint
    blob = _blob(view, trace, path)
    if blob is not None:
        lock = files.private_folder(view.project.state) / "remarks.lock"
        git_notes.add(view.git_root, blob, line(fingerprint), lock)


def _blob(view: View, trace: Trace, path: str) -> str | None:
    if trace.commit is None:
        return git_notes.blob_of(view.git_root, view.project.workspace / path)
    place = view.project.in_git(path)
    return git_repo.listed(view.git_root, trace.commit.sha, [place]).get(place)


def open_store(view: View) -> Store:
    """Open the project's store, to write to it. Raises `StoreUnreachableError`."""
    chosen, _ = settings.understood(view.project.workspace, view.project.anchor.name)
    return delivery.open_project_store(view.project, view.uri, chosen.mlflow_experiment)


def _tags(trace: Trace, remark: Reproduced | Tagged) -> Mapping[str, str | None]:
    """Give the tags that the run has to have by a remark; None: those that it must not have."""
    if isinstance(remark, Reproduced):
        return remarks.tags(remark)
    later = {name: Mark(value, remark.at, remark.by) for name, value in remark.tags.items()}
    return Told(trace.told.own, later).changed()


def _not_logged(remark: Reproduced | Tagged, why: str) -> Gap:
    what = "the verdict is" if isinstance(remark, Reproduced) else "the tags are"
    brings = "it" if isinstance(remark, Reproduced) else "them"
    return Gap(f"{what} not in MLflow", why, f"once it answers, `wherefrom sync` brings {brings}")
