"""What happens around a tracked stage: begin, what it adds, finish or fail."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom import context as context_
from wherefrom import environment, files, keys, metrics, plans, tags, trial
from wherefrom import record as records
from wherefrom.claims import Claims
from wherefrom.connection import Connection
from wherefrom.curves import Curves, Point
from wherefrom.journal import Ending, Entry, Journal, Status
from wherefrom.names import ERROR, PROCESS, PRUNED
from wherefrom.record import Gap
from wherefrom.tracking import beginning, recorded, standing
from wherefrom.tracking.artifacts import Artifacts
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from filelock import FileLock

    from wherefrom.context import Context
    from wherefrom.courier import Runner
    from wherefrom.identity import MlflowRunId
    from wherefrom.record import Record


class TrackedRun:
    """One stage that is being tracked: made by `begin`, ended by `finish` or `fail`."""

    def __init__(
        self,
        context: Context,
        record_path: str,
        training: Record | None,
        runner: Runner,
        say: Callable[[str], None],
    ) -> None:
        self._context = context
        self._record_path = context.project.workspace / record_path
        self._say = say
        self._journal = Journal(context.project.state)
        self._claims = Claims(context.project.state)
        self._connection = Connection(context, self._journal, runner, say)
        self._gaps: list[Gap] = [*context.stage.gaps, *context.observed.gaps]
        self._standing = standing.fresh(training)
        self._tags: dict[str, str] = {}
        self._curves = Curves(self._connection.show)
        self._entry: Entry | None = None
        self._lock: FileLock | None = None

    # -- start

    def begin(self) -> None:
        """Claim or derive, and start the run in MLflow; without an answer it waits on disk.

        With tracking off it is claimed or derived all the same: that is a fact of the ledger.
        """
        training = self._standing.training
        if training is not None:
            self._count_in(training.environment.unpinned)
            self._standing = standing.claim(self._claims, training, self._context)
        if self._standing.repeats is None:
            self._start()

    def _count_in(self, distributions: Iterable[str]) -> None:
        """Let packages that make the result and are not pinned belong to its environment."""
        observed = environment.observe(self._context.project.workspace, distributions)
        if observed.facts.unpinned:
            self._context = replace(self._context, observed=observed)
            self._gaps += observed.gaps

    def _start(self) -> None:
        trains = self._standing.training is None
        if not self._standing.owns:
            self._tags = (
                tags.of_experiment(self._context.settings)
                | tags.of_sweep(self._context.environ)
                | self._tags
            )
        if trains:
            self._claims.open(self._standing.record_id, self._context.params)
        if not trial.is_one():  # a sweep links what is known, and nobody reads what this says
            self._say_if_known()
        self._context = context_.keep_dirty_tree(self._context, self._standing.record_id)
        if self._context.is_off:
            return
        self._enter()
        if trains and "sklearn" in sys.modules:
            self._connection.expect_model()

    def _say_if_known(self) -> None:
        from wherefrom import known  # noqa: PLC0415 - the whole index comes with it

        if before := known.said(self._context):
            self._say(before)

    def _enter(self) -> None:
        """Write the journal's entry, and have it delivered."""
        entry, gaps = beginning.entry(self._context, self._standing, self._tags, self._gaps)
        self._gaps += gaps
        self._entry, self._lock = entry, self._journal.hold(entry)
        self._journal.write(entry)
        self._connection.begin(entry)

    # -- what the stage adds

    def set_tags(self, values: Mapping[str, object]) -> None:
        """Say something of the result; the record keeps it too, so that the ledger has it."""
        self._tags |= tags.free(values)

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Log one point of a curve."""
        if self._entry is not None and keys.is_metric(value):
            self._curves.add(Point(keys.key(name), float(value), context_.now(), step))

    def log_text(self, text: str, name: str) -> None:
        """Keep a text for the run's artifacts."""
        if self._entry is not None:
            self._artifacts(self._entry).text(text, name)

    def log_artifact(self, path: Path, folder: str = "") -> None:
        """Keep a copy of a file for the run's artifacts."""
        if self._entry is not None:
            self._artifacts(self._entry).copy(path, folder)

    def _artifacts(self, entry: Entry) -> Artifacts:
        return Artifacts(self._context, self._journal.folder(entry) / "artifacts")

    def log_model(
        self,
        model: Any,  # noqa: ANN401
        *,
        example: Any,  # noqa: ANN401
        distributions: tuple[str, ...],
        code_paths: Sequence[str],
        trusted_types: Sequence[str],
        name: str,
    ) -> None:
        """Save a fitted scikit-learn model for the run, with requirements from the lock file."""
        self._count_in(distributions)
        if self._entry is None:
            return
        lock = environment.lock_file(self._context.project.workspace)
        text = lock.read_text() if lock else ""
        options = {
            "requirements": environment.requirement_lines(
                text, distributions, self._context.observed.packages
            ),
            "code_paths": [str(Path(path).absolute()) for path in code_paths],
            "trusted_types": list(trusted_types),
        }
        folder = self._journal.folder(self._entry) / name
        self._connection.save_model(folder, model, example, options)

    # -- end

    def finish(self) -> Record:
        """End a stage that succeeded: its metrics, its record file, and the run in MLflow."""
        values = self._metrics()
        if (repeats := self._standing.repeats) is not None:
            if repeats["metrics"] == values:
                files.write(self._record_path, repeats["record"])
                return records.from_text(repeats["record"], str(self._record_path))
            self._derive_after_all()
            values = self._metrics()
        self._gaps += context_.gaps_at_end(self._context)
        ended = context_.now()
        record = self._record(ended)
        text = records.to_text(record, names_result=self._standing.training is not None)
        files.write(self._record_path, text)
        if self._entry is not None:
            self._artifacts(self._entry).text(text, self._record_path.name)
            self._end(self._entry, "FINISHED", ended, values, self._outcome())
        if self._standing.owns:
            self._claims.finish(record.record_id, {"metrics": values, "record": text})
        return record

    def fail(self, status: Status, why: Mapping[str, str]) -> None:
        """End a stage that did not succeed: no record, and the run says why, in tags."""
        if self._standing.owns and self._standing.repeats is None:
            self._claims.release(self._standing.record_id)
        if self._entry is not None:
            self._connection.forgive()
            marks = {name: keys.tag(redact_text(text)) for name, text in why.items()}
            self._end(self._entry, status, context_.now(), {}, marks)

    def _derive_after_all(self) -> None:
        """Give a repeated evaluation that came out otherwise a run of its own."""
        self._standing = standing.fresh(self._standing.training)
        self._gaps.append(
            Gap(
                what=f"{self._context.stage.address} gave other metrics for the same inputs",
                why="its fingerprint and environment are those of the evaluation before",
                remedy="look for randomness without a seed in it",
            )
        )
        self._start()

    def _outcome(self) -> dict[str, str]:
        """Judge the result, with the metrics of the stages before, by what was expected of it."""
        plan, stage = self._standing.plan(self._context), self._context.stage
        own = (out.path for out in stage.outs if out.metric)
        workspace = self._context.project.workspace
        values, _ = metrics.read(workspace, [*stage.metrics_before, *own]) if plan else ({}, ())
        return plans.tags(plans.outcome(plan, values))

    def _metrics(self) -> dict[str, float]:
        stage = self._context.stage
        own = [out.path for out in stage.outs if out.metric]
        derives = self._standing.derived_from is not None
        before = list(stage.metrics_before) if derives else []
        values, gaps = metrics.read(self._context.project.workspace, [*before, *own])
        self._gaps += gaps
        return {keys.key(name): value for name, value in values.items()}

    def _record(self, ended: int) -> Record:
        run = self._mlflow_run_id(), self._standing.run_name(self._context)
        said = self._tags, self._gaps
        return recorded.record(self._context, self._standing, ended, run, said)

    def _mlflow_run_id(self) -> MlflowRunId | None:
        """Name the run, also that of a training which an evaluation with tracking off goes on."""
        if self._entry is not None:
            return self._connection.run_id()
        stands = self._standing
        return stands.training.mlflow_run_id if stands.owns and stands.training else None

    def _end(
        self,
        entry: Entry,
        status: Status,
        ended: int,
        values: Mapping[str, float],
        extra: dict[str, str] | None = None,
    ) -> None:
        self._leave_files(entry, status)
        goes_on = self._standing.owns and status == "FINISHED"
        unset = (PROCESS, *((ERROR, PRUNED) if goes_on else ()))
        ending = Ending(status, ended, values, self._last_tags() | (extra or {}), unset)
        entry = replace(entry, mlflow_run_id=self._connection.run_id(), ending=ending)
        self._entry = entry
        self._journal.write(entry)
        try:
            self._connection.end(entry)
        finally:
            if self._lock is not None:
                self._lock.release()
        for gap in dict.fromkeys(self._gaps):
            self._say(f"{gap.what}: {gap.why}\n  {gap.remedy}")

    def _leave_files(self, entry: Entry, status: Status) -> None:
        begins = entry.action == "create"
        kept = self._artifacts(entry)
        if begins and status == "FINISHED":
            kept.facts()
        kept.logs(before=begins)
        self._curves.write(self._journal.folder(entry))

    def _last_tags(self) -> dict[str, str]:
        marks = {**self._tags, **tags.gaps_tag(dict.fromkeys(self._gaps))}
        if self._standing.owns:
            return marks
        facts = self._context.observed.facts
        return marks | tags.of_environment(replace(facts, blas=environment.blas_kernel()))
