"""What happens around a tracked stage: claim or derive, start, finish or fail."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom import context as context_
from wherefrom import datasets, environment, files, keys, known, ledger, logs, metrics, naming, tags
from wherefrom import process as processes
from wherefrom import record as records
from wherefrom.claims import Claims
from wherefrom.connection import Connection
from wherefrom.curves import Curves, Point
from wherefrom.identity import new_record_id
from wherefrom.journal import Ending, Entry, Journal, Status
from wherefrom.lockfile import flat_params
from wherefrom.names import DATA_HASH, DERIVED_FROM, ERROR, PROCESS, RELATION
from wherefrom.record import Gap, Record
from wherefrom.uris import redact_text, store_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from filelock import FileLock

    from wherefrom.context import Context
    from wherefrom.courier import Runner
    from wherefrom.identity import MlflowRunId


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
        self._training = training
        self._say = say
        self._journal = Journal(context.project.state)
        self._claims = Claims(context.project.state)
        self._connection = Connection(context, self._journal, runner, say)
        self._repeats: Mapping[str, Any] | None = None
        self._gaps: list[Gap] = [*context.stage.gaps, *context.observed.gaps]
        self._record_id = new_record_id()
        self._owns = False
        self._tags: dict[str, str] = {}
        self._curves = Curves(self._connection.show)
        self._entry: Entry | None = None
        self._lock: FileLock | None = None

    # -- start

    def begin(self) -> None:
        """Claim or derive, and start the run in MLflow; without an answer it waits on disk.

        With tracking off it is claimed or derived all the same: that is a fact of the ledger.
        """
        if self._training is not None:
            self._count_in(self._training.environment.unpinned)
            self._claim(self._training)
        if self._repeats is None:
            self._start()

    def _count_in(self, distributions: Iterable[str]) -> None:
        """Let packages that make the result and are not pinned belong to its environment."""
        observed = environment.observe(self._context.project.workspace, distributions)
        if observed.facts.unpinned:
            self._context = replace(self._context, observed=observed)
            self._gaps += observed.gaps

    def _claim(self, training: Record) -> None:
        context = self._context
        if training.environment.digest != context.observed.facts.digest:
            return  # another environment: the run's would not be that of its result
        claim = self._claims.take(
            training.record_id,
            context.fingerprint,
            context.observed.facts.digest,
            context.params,
        )
        if claim is None:
            return
        self._owns, self._record_id = True, training.record_id
        self._repeats = claim.outcome

    def _start(self) -> None:
        if not self._owns:
            self._tags = tags.of_experiment(self._context.settings) | self._tags
        if self._training is None:
            self._claims.open(self._record_id, self._context.params)
        if before := known.said(self._context):
            self._say(before)
        self._context = context_.keep_dirty_tree(self._context, self._record_id)
        if self._context.is_off:
            return
        self._entry = self._new_entry()
        self._lock = self._journal.hold(self._entry)
        self._journal.write(self._entry)
        self._connection.begin(self._entry)
        if self._training is None and "sklearn" in sys.modules:
            self._connection.expect_model()

    def _new_entry(self) -> Entry:
        context = self._context
        subject = tags.running(context.stage)
        table, gaps = tags.data_hash(subject.raw, context.settings.data_path)
        self._gaps += gaps
        data = datasets.of_raw(subject.raw, context.git)
        marks = tags.stage_tags(
            self._record_id,
            subject,
            context.git,
            context.observed.facts,
            (context.experiment, context.baseline),
        )
        marks |= tags.of_source(subject)
        data_hash = table.get(DATA_HASH)
        if self._owns:
            marks, table = tags.of_evaluation(marks), {}
        marks |= (
            self._tags
            | table
            | self._relation_tags()
            | tags.gaps_tag(self._gaps)
            | tags.of_process()
        )
        return Entry(
            record_id=self._record_id,
            stage=context.stage.address,
            store=store_name(context.project.anchor, context.tracking_uri),
            action="continue" if self._owns else "create",
            mlflow_experiment=context.settings.mlflow_experiment,
            run_name=self._run_name(),
            started=context.started,
            process=processes.current(),
            params=context.params,
            tags=marks,
            data=data,
            table=next((item for item in data if item.hash == data_hash), None),
        )

    def _relation_tags(self) -> dict[str, str]:
        relation: dict[str, str] = {RELATION: self._relation}
        if self._training is not None and not self._owns:
            relation[DERIVED_FROM] = self._training.record_id
        return relation

    @property
    def _relation(self) -> records.Relation:
        return "derived" if self._training is not None and not self._owns else "own"

    def _run_name(self) -> str:
        if self._owns and self._training is not None:
            return self._training.run_name
        return naming.run_name(self._context)

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
            files.write(self._journal.folder(self._entry) / "artifacts" / name, text)

    def log_artifact(self, path: Path, folder: str = "") -> None:
        """Keep a copy of a file for the run's artifacts."""
        if self._entry is not None:
            target = self._journal.folder(self._entry) / "artifacts" / folder
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / path.name)

    def log_model(
        self,
        model: Any,  # noqa: ANN401
        *,
        example: Any,  # noqa: ANN401
        distributions: tuple[str, ...],
        code_paths: Sequence[str],
        trusted_types: Sequence[str],
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
        self._connection.save_model(self._entry, model, example, options)

    # -- end

    def finish(self) -> Record:
        """End a stage that succeeded: its metrics, its record file, and the run in MLflow."""
        values = self._metrics()
        if self._repeats is not None:
            if self._repeats["metrics"] == values:
                files.write(self._record_path, self._repeats["record"])
                return records.from_text(self._repeats["record"], str(self._record_path))
            self._derive_after_all()
            values = self._metrics()
        self._gaps += context_.gaps_at_end(self._context)
        ended = context_.now()
        record = self._record(ended)
        text = records.to_text(record, names_result=self._training is not None)
        files.write(self._record_path, text)
        if self._entry is not None:
            self._add_artifacts(self._entry, text)
            self._end("FINISHED", ended, values)
        if self._owns:
            self._claims.finish(self._record_id, {"metrics": values, "record": text})
        return record

    def fail(self, status: Status, why: str) -> None:
        """End a stage that did not succeed: no record, and the run says why."""
        if self._owns and self._repeats is None:
            self._claims.release(self._record_id)
        if self._entry is not None:
            self._connection.forgive()
            self._end(status, context_.now(), {}, {ERROR: keys.tag(redact_text(why))})

    def _derive_after_all(self) -> None:
        """Give a repeated evaluation that came out otherwise a run of its own."""
        self._repeats, self._owns, self._record_id = None, False, new_record_id()
        self._gaps.append(
            Gap(
                what=f"{self._context.stage.address} gave other metrics for the same inputs",
                why="its fingerprint and environment are those of the evaluation before",
                remedy="look for randomness without a seed in it",
            )
        )
        self._start()

    def _metrics(self) -> dict[str, float]:
        stage = self._context.stage
        own = [out.path for out in stage.outs if out.metric]
        before = [] if self._owns or self._training is None else list(stage.metrics_before)
        values, gaps = metrics.read(self._context.project.workspace, [*before, *own])
        self._gaps += gaps
        return {keys.key(name): value for name, value in values.items()}

    def _record(self, ended: int) -> Record:
        context = self._context
        return Record(
            record_id=self._record_id,
            stage=context.stage.address,
            relation=self._relation,
            derived_from=self._training.record_id
            if self._training is not None and not self._owns
            else None,
            fingerprint=context.fingerprint,
            mlflow_run_id=self._mlflow_run_id(),
            run_name=self._run_name(),
            started=context.started,
            ended=ended,
            experiment=context.experiment,
            baseline=context.baseline,
            git=context.git,
            environment=replace(context.observed.facts, blas=environment.blas_used()),
            gaps=tuple(dict.fromkeys(self._gaps)),
            tags=self._tags,
        )

    def _mlflow_run_id(self) -> MlflowRunId | None:
        """Name the run, also that of a training which an evaluation with tracking off goes on."""
        if self._entry is not None:
            return self._connection.run_id()
        return self._training.mlflow_run_id if self._owns and self._training else None

    def _add_logs(self, entry: Entry) -> None:
        """Add what this stage printed, and what those before it did where that was kept."""
        context, folder = self._context, self._journal.folder(entry) / "artifacts" / "logs"
        names = [facts.name for _, facts in context.stage.params_of]
        before = names[: names.index(context.stage.facts.name)] if entry.action == "create" else []
        ran = ledger.stages(context.project.workspace) if before else {}
        found = {n: logs.find(context.project.state, ran[n]) for n in before if n in ran}
        found[context.stage.facts.name] = logs.printed()
        for stage, text in found.items():
            if text:
                files.write(folder / f"{stage.replace('/', '_')}.log", text)

    def _add_artifacts(self, entry: Entry, record_text: str) -> None:
        context = self._context
        folder = self._journal.folder(entry) / "artifacts"
        flat = flat_params(context.stage.params_of)
        files.write(folder / self._record_path.name, record_text)
        if entry.action == "create":
            files.write(folder / "params.json", _json(flat))
            files.write(folder / "environment.json", _json(dict(context.observed.packages)))

    def _end(
        self,
        status: Status,
        ended: int,
        values: Mapping[str, float],
        extra: Mapping[str, str] | None = None,
    ) -> None:
        marks = {**self._tags, **tags.gaps_tag(dict.fromkeys(self._gaps)), **(extra or {})}
        if not self._owns:
            facts = self._context.observed.facts
            marks |= tags.of_environment(replace(facts, blas=environment.blas_kernel()))
        self._add_logs(self._require_entry())
        self._curves.write(self._journal.folder(self._require_entry()))
        unset = (PROCESS, *((ERROR,) if self._owns and status == "FINISHED" else ()))
        ending = Ending(status, ended, values, marks, unset)
        run_id = self._connection.run_id()
        self._entry = replace(self._require_entry(), mlflow_run_id=run_id, ending=ending)
        self._journal.write(self._entry)
        try:
            self._connection.end(self._entry)
        finally:
            if self._lock is not None:
                self._lock.release()
        for gap in dict.fromkeys(self._gaps):
            self._say(f"{gap.what}: {gap.why}\n  {gap.remedy}")

    def _require_entry(self) -> Entry:
        if self._entry is None:
            raise LookupError("the stage has not begun")
        return self._entry


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, indent=2, sort_keys=True, default=str) + "\n"
