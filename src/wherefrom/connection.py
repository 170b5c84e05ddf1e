"""The store, as long as it answers: what it does not take waits in the journal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wherefrom import errands
from wherefrom.errors.stores import StoreRefusedError, StoreUnreachableError
from wherefrom.uris import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from wherefrom.context import Context
    from wherefrom.courier import Runner
    from wherefrom.curves import Point
    from wherefrom.errands import Answer, Request
    from wherefrom.identity import MlflowRunId
    from wherefrom.journal import Entry, Journal

_PATIENCE = 600.0
"""Seconds to wait for an errand: a model is uploaded in it."""


class ErrandError(Exception):
    """An error that nobody foresaw, in the process that runs the errands."""

    def __init__(self, text: str) -> None:
        super().__init__(text.rstrip().rpartition("\n")[2])
        self.add_note(text)  # the traceback there


class Connection:
    """The way of one stage's entry into MLflow.

    Nothing waits for MLflow but `run_id` and `end`, and `begin` where tracking is required. If the
    store does not answer, that is said once and the entry waits; where tracking is required,
    `StoreUnreachableError` is raised instead, but never for a stage that failed anyway.
    """

    def __init__(
        self, context: Context, journal: Journal, runner: Runner, say: Callable[[str], None]
    ) -> None:
        self._context = context
        self._journal = journal
        self._runner = runner
        self._say = say
        self._required = context.settings.required
        self._entry: Entry | None = None
        self._run_id: MlflowRunId | None = None
        self._error: Exception | None = None
        self._to_save: list[Request] = []
        self._is_lost = False
        self._has_failed = False
        runner.heard = self._hear

    def begin(self, entry: Entry) -> None:
        """Connect, deliver what waits, and start the entry's run."""
        self._entry = entry
        experiment = self._context.settings.mlflow_experiment
        uri = self._context.tracking_uri
        self._ask("begin", key=entry.key, uri=uri, experiment=experiment)
        if self._required:
            self.settle()

    def show(self, points: Sequence[Point]) -> None:
        """Show points of curves while the stage runs, if the store still answers."""
        self._raise()
        self._ask("show", points=[asdict(point) for point in points])

    def expect_model(self) -> None:
        """Get ready for a scikit-learn model while the stage learns it."""
        self._ask("expect model")

    def save_model(
        self,
        folder: Path,
        model: Any,  # noqa: ANN401
        example: Any,  # noqa: ANN401
        options: Mapping[str, object],
    ) -> None:
        """Save a model for the run, in a folder of its entry that is called as the model is.

        `options` are those of `mlflow_model.save_sklearn_model`.
        """
        errands.keep_model(folder, model, example)
        self._ask("save model", folder=str(folder), options=options)

    def run_id(self) -> MlflowRunId | None:
        """Give the entry's run; None where there is none yet."""
        self.settle()
        return self._run_id

    def end(self, entry: Entry) -> None:
        """Deliver the ended entry, if the store still answers."""
        if not self._is_lost:
            self._ask("end", key=entry.key)
            self.settle()

    def forgive(self) -> None:
        """Only say from now on what is lost: the stage has failed anyway."""
        self._required, self._has_failed = False, True
        error, self._error = self._error, None
        if error is not None:
            self._say(str(error))

    def settle(self) -> None:
        """Wait until nothing is under way: the journal's entry is the stage's again."""
        left = self._runner.settle(_PATIENCE)
        self._to_save += [request for request in left if request["do"] == "save model"]
        if left:
            why = "the process that logs to it has ended, or does not answer"
            self._lose(StoreUnreachableError(redact(self._context.tracking_uri), why))
        while self._to_save and not self._has_failed:
            errands.save_model(self._to_save.pop())
        self._raise()

    def _ask(self, what: str, **details: object) -> None:
        anchor = str(self._context.project.anchor)
        self._runner.ask({"do": what, "anchor": anchor, **details})

    def _hear(self, request: Request, answer: Answer) -> None:
        for text in answer.get("said", ()):
            self._say(text)
        self._run_id = answer.get("run_id", self._run_id)
        if lost := answer.get("lost"):
            kind = StoreRefusedError if lost["refused"] else StoreUnreachableError
            self._lose(kind(lost["uri"], lost["why"]))
        if error := answer.get("error"):
            if request["do"] == "save model":  # maybe only the stage's own process can read it
                self._to_save.append(request)
            else:
                self._error = ErrandError(error)

    def _lose(self, error: StoreUnreachableError) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        if self._required:
            self._error = error
        elif self._entry is not None:
            where = self._journal.folder(self._entry).relative_to(self._context.project.anchor)
            self._say(f"{error}\n  the run waits in {where}; {error.hint}")

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error
