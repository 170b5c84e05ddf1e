"""The tags of a run: the same for our own runs and for those of foreign code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import keys, process
from wherefrom.lockfile import fingerprint, is_record
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.identity import RecordId
    from wherefrom.record import EnvironmentFacts, GitFacts
    from wherefrom.sources.dvc_repo import RawInput, RunningStage

GAPS = "wherefrom.gaps"
ERROR = "wherefrom.error"


def stage_tags(
    record_id: RecordId,
    stage: RunningStage,
    git: GitFacts,
    environment: EnvironmentFacts,
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Give the tags that a run carries from the moment it starts (names: `docs/names.md`)."""
    known: dict[str, object | None] = {
        "wherefrom.record_id": record_id,
        "wherefrom.process": process.current().text(),
        "dvc.stage": stage.address,
        "dvc.stage.fingerprint": fingerprint(stage.facts),
        "dvc.exp.name": environ.get("DVC_EXP_NAME"),
        "dvc.exp.baseline": environ.get("DVC_EXP_BASELINE_REV"),
        "git.commit": git.commit,
        "git.branch": git.branch,
        "git.dirty": git.dirty,
        "git.snapshot": git.snapshot,
        "mlflow.source.git.commit": git.commit,
        "env.lock": environment.lock,
        "env.matches_lock": environment.matches_lock,
        "env.digest": environment.digest,
        "env.python": environment.python,
        "env.platform": environment.platform,
        "env.cpu": environment.cpu,
        "env.blas": environment.blas,
    }
    known |= {f"dvc.data.{raw.path}": raw.hash for raw in stage.raw}
    known |= {f"dvc.dep.{p}": value for p, value in stage.deps.items() if not is_record(p)}
    return {keys.key(name): keys.tag(value) for name, value in known.items() if value is not None}


def of_evaluation(marks: Mapping[str, str]) -> dict[str, str]:
    """Give the tags of an evaluation that goes on with its training's run.

    The training's own stay as they are: its code, its environment and its fingerprint made the
    model, and join the run to the ledger.
    """
    added = ("dvc.stage", "dvc.stage.fingerprint", "git.commit", "git.dirty", "git.snapshot")
    named = {f"wherefrom.evaluate.{name.removeprefix('dvc.')}": name for name in added}
    kept = {"wherefrom.process": marks["wherefrom.process"]}
    return kept | {new: marks[name] for new, name in named.items() if name in marks}


def data_hash(stage: RunningStage, data_path: str | None) -> tuple[dict[str, str], tuple[Gap, ...]]:
    """Give the `data_hash` tag: DVC's hash of the raw table that the parameters name.

    Without such a parameter (foreign projects) it is that of the only raw input. A table that no
    `.dvc` file holds is a gap.
    """
    raw = _table(stage.raw, data_path)
    if raw is not None and raw.hash is not None:
        return {"data_hash": raw.hash}, ()
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


def _table(raws: tuple[RawInput, ...], data_path: str | None) -> RawInput | None:
    if data_path is None:
        return raws[0] if len(raws) == 1 else None
    holds = [r for r in raws if data_path == r.path or data_path.startswith(f"{r.path}/")]
    return holds[0] if len(holds) == 1 else None
