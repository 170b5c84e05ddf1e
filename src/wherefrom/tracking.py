"""What happens around a tracked stage: start, claim or derive, finish."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wherefrom import delivery, environment, files, keys, metrics, tags, workspace
from wherefrom import process as processes
from wherefrom import record as records
from wherefrom.claims import Claims
from wherefrom.errors import StoreUnreachableError
from wherefrom.identity import CommitSha, ExperimentName, new_record_id
from wherefrom.journal import Ending, Entry, Journal, Status
from wherefrom.lockfile import StageFacts, fingerprint, flat_params
from wherefrom.record import Gap, GitFacts, Record
from wherefrom.settings import OFF
from wherefrom.sources import dvc_repo, mlflow_store
from wherefrom.uris import redact_text, tracking_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from filelock import FileLock

    from wherefrom.identity import Fingerprint, RecordId
    from wherefrom.project import Project
    from wherefrom.settings import Settings
    from wherefrom.sources.dvc_repo import RunningStage
    from wherefrom.sources.mlflow_store import Store


@dataclass(frozen=True)
class Context:
    """All that is known as a stage starts."""

    project: Project
    settings: Settings
    wdir: Path
    stage: RunningStage
    observed: environment.Observed
    git: GitFacts
    dirty_paths: tuple[str, ...]
    environ: Mapping[str, str]
    started: int

    @property
    def fingerprint(self) -> Fingerprint:
        """The identity of what the stage computes, as it started."""
        return fingerprint(self.stage.facts)

    @property
    def params(self) -> dict[str, str]:
        """The effective parameters, in MLflow's form."""
        flat = flat_params(self.stage.params_of)
        return {keys.key(name): keys.param(value) for name, value in flat.items()}


def look(
    project: Project, settings: Settings, wdir: Path, environ: Mapping[str, str]
) -> Context | None:
    """Gather the facts of the stage that this process runs in; None outside of a DVC stage."""
    started = _now()
    stage = dvc_repo.running_stage(project.workspace, wdir, environ)
    if stage is None:
        return None
    git, dirty = workspace.git_facts(project, stage)
    observed = environment.observe(project.workspace)
    return Context(project, settings, wdir, stage, observed, git, dirty, dict(environ), started)


def keep_dirty_tree(context: Context, record_id: RecordId) -> Context:
    """Keep a dirty tree as a commit, and name it; an experiment's own commit keeps its tree."""
    if not context.git.dirty or context.environ.get("DVC_EXP_NAME"):
        return context
    name = f"the stage {context.stage.address}"
    sha = workspace.keep(context.project, context.dirty_paths, record_id, name)
    return replace(context, git=replace(context.git, snapshot=CommitSha(sha)))


class TrackedRun:
    """One stage that is being tracked: made by `begin`, ended by `finish` or `fail`."""

    def __init__(
        self,
        context: Context,
        record_path: str,
        training: Record | None,
        say: Callable[[str], None],
    ) -> None:
        self._context = context
        self._record_path = context.project.workspace / record_path
        self._training = training
        self._say = say
        self._journal = Journal(context.project.state)
        self._claims = Claims(context.project.state)
        self._store: Store | None = None
        self._repeats: Mapping[str, Any] | None = None
        self._gaps: list[Gap] = [*context.stage.gaps, *context.observed.gaps]
        self._record_id = new_record_id()
        self._owns = False
        self._entry: Entry | None = None
        self._lock: FileLock | None = None
        self._fails = False

    # -- start

    def begin(self) -> None:
        """Claim or derive, and start the run in MLflow; without an answer it waits on disk."""
        if is_off(self._context.environ):
            return
        if self._training is not None:
            self._claim(self._training)
        if self._repeats is None:
            self._start()

    def _claim(self, training: Record) -> None:
        context = self._context
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
        if self._training is None:
            self._claims.open(self._record_id, self._context.params)
        self._entry = self._new_entry()
        self._lock = self._journal.hold(self._entry)
        self._journal.write(self._entry)
        self._store = self._connect()
        if self._store is not None:
            self._entry = self._guarded(
                lambda store: delivery.begin(store, self._journal, self._require_entry()),
                self._entry,
            )

    def _new_entry(self) -> Entry:
        self._context = context = keep_dirty_tree(self._context, self._record_id)
        table, gaps = tags.data_hash(context.stage, context.settings.data_path)
        self._gaps += gaps
        marks = tags.stage_tags(
            self._record_id, context.stage, context.git, context.observed.facts, context.environ
        )
        if self._owns:  # the training's own fingerprint is what joins the run to the ledger
            marks["wherefrom.evaluate.fingerprint"] = marks.pop("dvc.stage.fingerprint")
            marks["wherefrom.evaluate.stage"] = marks.pop("dvc.stage")
        marks |= table | self._relation_tags() | tags.gaps_tag(self._gaps)
        return Entry(
            record_id=self._record_id,
            stage=context.stage.address,
            action="continue" if self._owns else "create",
            mlflow_experiment=context.settings.mlflow_experiment,
            run_name=self._run_name(),
            started=context.started,
            process=processes.current(),
            params=context.params,
            tags=marks,
        )

    def _relation_tags(self) -> dict[str, str]:
        relation: dict[str, str] = {"wherefrom.relation": self._relation}
        if self._training is not None and not self._owns:
            relation["wherefrom.derived_from"] = self._training.record_id
        return relation

    @property
    def _relation(self) -> records.Relation:
        return "derived" if self._training is not None and not self._owns else "own"

    def _run_name(self) -> str:
        if self._owns and self._training is not None:
            return self._training.run_name
        context = self._context
        model = context.params.get("train.model", str(context.stage.address))
        return context.environ.get("DVC_EXP_NAME") or f"{model}-{context.fingerprint[:8]}"

    # -- the store

    def _connect(self) -> Store | None:
        project, settings = self._context.project, self._context.settings
        wanted = self._context.environ.get("MLFLOW_TRACKING_URI") or settings.uri
        uri = tracking_uri(project.anchor, wanted)
        try:
            store = delivery.open_project_store(project, uri, settings.mlflow_experiment)
            store.end_dead_runs()
            delivery.deliver_waiting(store, self._journal)
        except StoreUnreachableError as error:
            self._offline(error)
            return None
        return store

    def _guarded(self, act: Callable[[Store], Entry], otherwise: Entry) -> Entry:
        """Do something with the store; if it goes away, the journal keeps what it did not take."""
        if self._store is None:
            return otherwise
        try:
            return act(self._store)
        except StoreUnreachableError as error:
            self._offline(error)
            self._store = None
            return otherwise

    def _offline(self, error: StoreUnreachableError) -> None:
        if self._context.settings.required and not self._fails:
            raise error
        where = self._journal.folder(self._require_entry()).relative_to(
            self._context.project.anchor
        )
        self._say(f"{error}\n  the run waits in {where}; {error.hint}")

    # -- what the stage adds

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
        if self._entry is None:
            return
        lock = environment.lock_file(self._context.project.workspace)
        text = lock.read_text() if lock else ""
        mlflow_store.save_sklearn_model(
            model,
            self._journal.folder(self._entry) / "model",
            example=example,
            requirements=environment.requirement_lines(text, distributions),
            code_paths=code_paths,
            trusted_types=trusted_types,
        )

    # -- end

    def finish(self) -> Record:
        """End a stage that succeeded: its metrics, its record file, and the run in MLflow."""
        values = self._metrics()
        if self._repeats is not None:
            if self._repeats["metrics"] == values:
                files.write(self._record_path, self._repeats["record"])
                return records.from_text(self._repeats["record"], str(self._record_path))
            self._derive_after_all()
        self._check_end()
        ended = _now()
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
        self._fails = True
        if self._owns and self._repeats is None:
            self._claims.release(self._record_id)
        if self._entry is not None:
            self._end(status, _now(), {}, {tags.ERROR: keys.tag(redact_text(why))})

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

    def _check_end(self) -> None:
        """Look at what changed while the stage ran, and at what it imported undeclared."""
        context = self._context
        self._gaps += workspace.undeclared_imports(context.project, context.stage)
        now = dvc_repo.facts_now(context.project.workspace, context.wdir, context.environ)
        if fingerprint(now) != context.fingerprint:
            self._gaps.append(_edited(context.stage, now))

    def _record(self, ended: int) -> Record:
        context = self._context
        exp, baseline = (context.environ.get(f"DVC_EXP_{k}") for k in ("NAME", "BASELINE_REV"))
        return Record(
            record_id=self._record_id,
            stage=context.stage.address,
            relation=self._relation,
            derived_from=self._training.record_id
            if self._training is not None and not self._owns
            else None,
            fingerprint=context.fingerprint,
            mlflow_run_id=self._entry.mlflow_run_id if self._entry else None,
            run_name=self._run_name(),
            started=context.started,
            ended=ended,
            experiment=ExperimentName(exp) if exp else None,
            baseline=CommitSha(baseline) if baseline else None,
            git=context.git,
            environment=replace(context.observed.facts, blas=environment.blas_kernel()),
            gaps=tuple(dict.fromkeys(self._gaps)),
        )

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
        marks = {**tags.gaps_tag(dict.fromkeys(self._gaps)), **(extra or {})}
        unset = (tags.ERROR,) if self._owns and status == "FINISHED" else ()
        ending = Ending(status, ended, values, marks, unset)
        self._entry = replace(self._require_entry(), ending=ending)
        self._journal.write(self._entry)
        try:
            self._guarded(self._complete, self._entry)
        finally:
            if self._lock is not None:
                self._lock.release()
        for gap in dict.fromkeys(self._gaps):
            self._say(f"{gap.what}: {gap.why}\n  {gap.remedy}")

    def _complete(self, store: Store) -> Entry:
        entry = self._require_entry()
        delivery.complete(store, self._journal, entry)
        return entry

    def _require_entry(self) -> Entry:
        if self._entry is None:
            raise LookupError("the stage has not begun")
        return self._entry


def _edited(before: RunningStage, now: StageFacts) -> Gap:
    then = {dep.path: dep.hash for dep in before.facts.deps}
    changed = [dep.path for dep in now.deps if then.get(dep.path) != dep.hash]
    named = ", ".join(changed) or "its parameters or its command"
    return Gap(
        what=f"{named} changed while {before.address} ran",
        why="dvc.lock names the bytes of the end as its input; the stage had read others",
        remedy="run it again: `dvc repro --force " + str(before.address) + "`",
    )


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, indent=2, sort_keys=True, default=str) + "\n"


def _now() -> int:
    return time.time_ns() // 1_000_000


def is_off(environ: Mapping[str, str]) -> bool:
    """Whether tracking is switched off for this process."""
    return environ.get(OFF, "").lower() in {"off", "0", "false", "no"}
