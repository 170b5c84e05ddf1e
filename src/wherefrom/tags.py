"""The tags of a run: the same for our own runs and for those of foreign code."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import keys, process, trial
from wherefrom.errors.project import RESERVED_TAGS, ReservedTagError
from wherefrom.lockfile import is_record
from wherefrom.names import (
    COMMIT,
    DATA_HASH,
    EXP_BASELINE,
    EXP_NAME,
    FINGERPRINT,
    GAPS,
    NOTE,
    PARENT,
    PROCESS,
    RECORD_ID,
    SOURCE_COMMIT,
    STAGE,
    SWEEP,
)
from wherefrom.record import Gap
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.identity import (
        CommitSha,
        DataHash,
        ExperimentName,
        Fingerprint,
        RecordId,
        StageAddress,
    )
    from wherefrom.lineage import Lineage
    from wherefrom.record import EnvironmentFacts, GitFacts
    from wherefrom.settings import Settings
    from wherefrom.sources.dvc_running import RunningStage


@dataclass(frozen=True)
class Subject:
    """The stage that a run is about: as it runs, or as a lock says that it ran.

    `raw` maps each raw input that it descends from to its hash, `deps` each direct dependency.
    """

    address: StageAddress
    fingerprint: Fingerprint
    raw: Mapping[str, DataHash | None]
    deps: Mapping[str, DataHash | None]


def running(stage: RunningStage) -> Subject:
    """Give the subject of a run that starts now."""
    raw = {item.path: item.hash for item in stage.raw}
    return Subject(stage.address, stage.facts.fingerprint, raw, stage.deps)


def recorded(result: Lineage) -> Subject:
    """Give the subject of a run that a lock tells of."""
    raw = {item.path: result.used.get(item.path, item.hash) for item in result.raw}
    deps = {path: dep.hash for path, dep in result.final.deps.items()}
    return Subject(result.final.address, result.final.fingerprint, raw, deps)


def of_process() -> dict[str, str]:
    """Give the tag that says who works on a run; it goes when the run has ended."""
    return {PROCESS: process.current().text()}


def stage_tags(
    record_id: RecordId,
    subject: Subject,
    git: GitFacts,
    environment: EnvironmentFacts,
    experiment: tuple[ExperimentName | None, CommitSha | None],
) -> dict[str, str]:
    """Give the tags that a run carries from the moment it starts (names: `docs/names.md`).

    `experiment` is the DVC experiment's name and baseline, (None, None) outside of one.
    """
    known: dict[str, object | None] = {
        RECORD_ID: record_id,
        STAGE: subject.address,
        FINGERPRINT: subject.fingerprint,
        EXP_NAME: experiment[0],
        EXP_BASELINE: experiment[1],
        COMMIT: git.commit,
        "git.branch": git.branch,
        "git.dirty": git.dirty,
        "git.snapshot": git.snapshot,
        SOURCE_COMMIT: git.commit,
    }
    deps = {path: value for path, value in subject.deps.items() if not is_record(path)}
    known |= {f"dvc.data.{redact_text(path)}": value for path, value in subject.raw.items()}
    known |= {f"dvc.dep.{redact_text(path)}": value for path, value in deps.items()}
    return _written(known) | of_environment(environment)


def of_environment(environment: EnvironmentFacts) -> dict[str, str]:
    """Give the tags of the interpreter, its packages and the machine."""
    return _written(
        {
            "env.lock": environment.lock,
            "env.matches_lock": environment.matches_lock,
            "env.digest": environment.digest,
            "env.python": environment.python,
            "env.platform": environment.platform,
            "env.cpu": environment.cpu,
            "env.blas": environment.blas,
            "env.gpu": environment.gpu,
        }
    )


def free(values: Mapping[str, object]) -> dict[str, str]:
    """Write tags of somebody's own in MLflow's form. Raises `ReservedTagError`."""
    for name in values:
        if name.startswith(RESERVED_TAGS):
            raise ReservedTagError(name, RESERVED_TAGS)
    return {keys.key(name): keys.tag(value) for name, value in values.items()}


def of_source(subject: Subject) -> dict[str, str]:
    """Give the tags that MLflow's UI shows as a run's source: the stage."""
    return {"mlflow.source.name": keys.tag(subject.address), "mlflow.source.type": "LOCAL"}


def of_experiment(settings: Settings) -> dict[str, str]:
    """Give the tags that the section `experiment` of the parameters asks for.

    The notes are what MLflow's UI shows as a run's description.
    """
    notes = {NOTE: keys.tag(settings.notes)} if settings.notes else {}
    return free(settings.all_tags) | notes


def of_sweep(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the tag that names the sweep which a stage runs in."""
    return {SWEEP: environ[trial.NAME]} if trial.NAME in environ else {}


def of_parent(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the tag by which MLflow nests a run in that of its sweep."""
    return {PARENT: environ[trial.PARENT]} if trial.PARENT in environ else {}


def of_evaluation(marks: Mapping[str, str]) -> dict[str, str]:
    """Give the tags of an evaluation that goes on with its training's run.

    The training's own stay as they are: its code, its environment and its fingerprint made the
    model, and join the run to the ledger.
    """
    added = (STAGE, FINGERPRINT, COMMIT, "git.dirty", "git.snapshot")
    named = {f"wherefrom.evaluate.{name.removeprefix('dvc.')}": name for name in added}
    return {new: marks[name] for new, name in named.items() if name in marks}


def data_hash(
    raw: Mapping[str, DataHash | None], data_path: str | None
) -> tuple[dict[str, str], tuple[Gap, ...]]:
    """Give the `data_hash` tag: DVC's hash of the raw table that the parameters name.

    `raw` maps raw inputs to their hashes. Without such a parameter (foreign projects) it is that of
    the only raw input. A table that no `.dvc` file holds is a gap.
    """
    value = _table(raw, data_path)
    if value is not None:
        return {DATA_HASH: value}, ()
    if data_path is None:
        return {}, ()
    gap = Gap(
        what=f"{data_path} has no address",
        why="no `.dvc` file that this stage descends from holds it",
        remedy=f"`dvc add {data_path}`, and let a stage depend on it",
    )
    return {}, (gap,)


def gaps_tag(gaps: Iterable[Gap]) -> dict[str, str]:
    """Write gaps as one tag; no tag where there are none."""
    text = "\n".join(f"{gap.what}: {gap.why}; {gap.remedy}" for gap in gaps)
    return {GAPS: keys.tag(text)} if text else {}


def _table(raw: Mapping[str, DataHash | None], data_path: str | None) -> DataHash | None:
    if data_path is None:
        return next(iter(raw.values())) if len(raw) == 1 else None
    path = posixpath.normpath(data_path)
    holds = [p for p in raw if path == p or path.startswith(f"{p}/")]
    return raw[holds[0]] if len(holds) == 1 else None


def _written(known: Mapping[str, object | None]) -> dict[str, str]:
    """Write those tags in MLflow's form that have a value."""
    return {keys.key(name): keys.tag(value) for name, value in known.items() if value is not None}
