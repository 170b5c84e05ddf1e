"""The store, as long as it answers: what it does not take waits in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import delivery
from wherefrom.errors import StoreUnreachableError
from wherefrom.uris import store_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wherefrom.context import Context
    from wherefrom.curves import Point
    from wherefrom.journal import Entry, Journal
    from wherefrom.sources.mlflow_store import Store


class Connection:
    """The way of one stage's entry into MLflow.

    If the store does not answer, that is said once and the entry waits; where tracking is required,
    `StoreUnreachableError` is raised instead, but never by `end` of a stage that failed anyway.
    """

    def __init__(self, context: Context, journal: Journal, say: Callable[[str], None]) -> None:
        self._context = context
        self._journal = journal
        self._say = say
        self._store: Store | None = None

    def begin(self, entry: Entry) -> Entry:
        """Connect, deliver what waits, and start the entry's run; gives the entry with its run."""
        try:
            self._store = self._open()
            begun = delivery.begin(self._store, self._journal, entry)
        except StoreUnreachableError as error:
            self._lose(entry, error, required=self._context.settings.required)
            return entry
        if begun.mlflow_run_id is None:
            self._say("the run that this result goes on with is not in this store; it waits")
        return begun

    def show(self, entry: Entry, points: Sequence[Point]) -> None:
        """Show points of curves while the stage runs, if the store still answers."""
        if self._store is None or entry.mlflow_run_id is None:
            return
        try:
            self._store.log_points(entry.mlflow_run_id, points)
        except StoreUnreachableError as error:
            self._lose(entry, error, required=self._context.settings.required)

    def end(self, entry: Entry) -> None:
        """Deliver the ended entry, if the store still answers."""
        if self._store is None:
            return
        failed = entry.ending is not None and entry.ending.status != "FINISHED"
        try:
            delivery.complete(self._store, self._journal, entry)
        except StoreUnreachableError as error:
            self._lose(entry, error, required=self._context.settings.required and not failed)

    def _open(self) -> Store:
        project, settings = self._context.project, self._context.settings
        uri = self._context.tracking_uri
        store = delivery.open_project_store(project, uri, settings.mlflow_experiment)
        store.end_dead_runs()
        delivery.deliver_waiting(store, self._journal, store_name(project.anchor, uri))
        for error in self._journal.damaged():
            self._say(str(error))
        return store

    def _lose(self, entry: Entry, error: StoreUnreachableError, *, required: bool) -> None:
        self._store = None
        if required:
            raise error
        where = self._journal.folder(entry).relative_to(self._context.project.anchor)
        self._say(f"{error}\n  the run waits in {where}; {error.hint}")
