"""The result that the workspace holds, from its own files: neither DVC nor MLflow is needed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from wherefrom import (
    attribution,
    checks,
    environment,
    ledger,
    lineage,
    metrics,
    plans,
    settings,
    tree,
)
from wherefrom import record as records
from wherefrom.errors.answers import NoResultError
from wherefrom.errors.project import NotAProjectError
from wherefrom.lockfile import StageFacts, fingerprint, is_record
from wherefrom.record import Gap, Record
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wherefrom.holders import Relation
    from wherefrom.identity import MlflowRunId
    from wherefrom.lineage import Lineage
    from wherefrom.plans import Outcome
    from wherefrom.tree import Tree
    from wherefrom.view import View


@dataclass(frozen=True)
class Summary:
    """A finished pipeline: its record, metrics, raw data and model.

    `relation` is that of the workspace to the result, and `mlflow_run_id` the run as MLflow has it
    now: both are the record's where neither git nor MLflow was asked. `data` maps the table that
    the parameters name, or else all raw data, to the hashes that were read (None: no stage did).
    `unkept` are the files that led to the result and differ from HEAD, and where those are that it
    left to git; `is_in_copy` says that all is in a copy which DVC removes (`--temp`, `--queue`).
    """

    record: Record
    relation: Relation
    mlflow_run_id: MlflowRunId | None
    metrics: Mapping[str, float]
    data: Mapping[str, str | None]
    models: tuple[str, ...]
    gaps: tuple[Gap, ...]
    unkept: tuple[str, ...] = ()
    is_in_copy: bool = False

    @property
    def outcome(self) -> Outcome | None:
        """What came of the plan; None where no success criteria were given."""
        return plans.outcome(self.record.plan, self.metrics)


def collect(root: Path, record: Record | None = None) -> Summary:
    """Collect the summary of the workspace's result; `record` is given by the stage that made it.

    Raises `NoResultError` where there is none yet.
    """
    stages = ledger.stages(root)
    result = record or _record(root, stages)
    chosen, doubts = settings.understood(root, root.name)
    table = chosen.data_path
    used = {dep.path: dep.hash for stage in stages.values() for dep in stage.deps}
    values, _ = metrics.read(root, ledger.metric_files(root))
    stale = record is None and _is_unevaluated(root, stages, result)
    return Summary(
        record=result,
        relation=result.relation,
        mlflow_run_id=result.mlflow_run_id,
        metrics={k: v for k, v in values.items() if not stale or k.startswith("cv.")},
        data={table: used.get(table)} if table else _raw(root, stages),
        models=_models(stages),
        gaps=(
            *doubts,
            *result.gaps,
            *(_mismatch(stages, result) if record is None else ()),
            *_lock(root, result),
            *(_other_table(table) if table and table not in used else ()),
            *(_unevaluated() if stale else ()),
        ),
        unkept=tuple(dict.fromkeys(_unkept(root, stages))),
    )


def placed(found: Summary, view: View) -> Summary:
    """Say also what git and MLflow know by now: who made the result, and which run it has."""
    record = found.record
    held = view.index.holders(record.record_id)
    joined = view.run_of(record, (), held)
    here = tree.of_workspace(view.project.workspace)
    result = next((r for r in lineage.results(here.holding) if r.record == record), None)
    wrong = _wrong(view, result, here) if result else ()
    return replace(
        found,
        relation=view.relation_in_workspace(joined.maker, held) or record.relation,
        mlflow_run_id=joined.run.mlflow_run_id if joined.run else None,
        gaps=tuple(dict.fromkeys((*found.gaps, *wrong, *view.gaps))),
    )


def _wrong(view: View, result: Lineage, here: Tree) -> Iterator[Gap]:
    """Name what a trace of the workspace names: what was edited, and the training's lock."""
    yield from result.gaps
    yield from checks.attributed(view, result, None, here)
    yield from checks.environment(view, result, None)


def _unkept(root: Path, stages: Mapping[str, StageFacts]) -> Iterator[str]:
    """Name what HEAD has to hold besides `dvc.lock`, so that it made the result.

    Of what the stages left that is their folder: git ignores those of its files that DVC keeps.
    """
    try:
        prefix = git_repo.layout(root).prefix
    except NotAProjectError:
        return
    read = {"dvc.yaml", *(file for stage in stages.values() for file in stage.params)}
    read |= {dep.path for stage in stages.values() for dep in stage.deps}
    left = {out.path for stage in stages.values() for out in stage.outs}
    left |= {*ledger.metric_files(root)}  # of a stage that ends now, too
    for change in git_repo.changes(root):
        path = os.path.relpath(change.path, prefix or ".")
        places = {path, *map(str, PurePosixPath(path).parents)}
        if places & left:
            folder = str(PurePosixPath(path).parent)
            yield path if folder == "." else folder
        elif path.endswith(".dvc") or places & read:
            yield path


def _raw(root: Path, stages: Mapping[str, StageFacts]) -> dict[str, str | None]:
    """Map what the stages read and a `.dvc` file holds to the hash that was read."""
    return {
        dep.path: dep.hash
        for stage in stages.values()
        for dep in stage.deps
        if ledger.raw_file(root, dep.path)
    }


def _record(root: Path, stages: Mapping[str, StageFacts]) -> Record:
    held = [out.path for stage in stages.values() for out in stage.outs if is_record(out.path)]
    found = [
        records.from_text((root / path).read_text(encoding="utf-8"), path)
        for path in held
        if (root / path).is_file()
    ]
    last = max(found, key=lambda item: item.ended, default=None)
    if last is None:
        raise NoResultError(held[-1] if held else None if stages else "dvc.lock")
    return last


def _models(stages: Mapping[str, StageFacts]) -> tuple[str, ...]:
    """Give the outputs that stand beside a training's record: the model, not the metrics."""
    makers = [s for s in stages.values() if any(is_record(o.path) for o in s.outs)]
    first = [s for s in makers if not any(is_record(d.path) for d in s.deps)]
    return lineage.models_among(out.path for stage in first for out in stage.outs)


def _is_unevaluated(root: Path, stages: Mapping[str, StageFacts], record: Record) -> bool:
    """Whether the newest record is a training's that no evaluation in the workspace rests on."""
    resting = [
        stage
        for stage in stages.values()
        if any(is_record(dep.path) for dep in stage.deps)
        and any(is_record(out.path) and (root / out.path).is_file() for out in stage.outs)
    ]
    return bool(resting) and record.stage not in {stage.name for stage in resting}


def _unevaluated() -> tuple[Gap, ...]:
    return (
        Gap(
            what="this training has not been evaluated",
            why="the evaluation in the workspace is that of an earlier one, and is not shown",
            remedy="run the rest: `dvc repro`",
        ),
    )


def _other_table(table: str) -> tuple[Gap, ...]:
    return (
        Gap(
            what=f"{table} is not the table of this result",
            why="params.yaml names it, and no stage in dvc.lock has used it",
            remedy="run the stages: `dvc repro`",
        ),
    )


def _lock(root: Path, record: Record) -> tuple[Gap, ...]:
    """Say so where the lock file is no longer that of the result: DVC runs nothing for it."""
    lock = environment.lock_file(root)
    if lock is None or environment.sha256(lock) == record.environment.lock:
        return ()
    return (attribution.other_lock_file(lock.name),)


def _mismatch(stages: Mapping[str, StageFacts], record: Record) -> tuple[Gap, ...]:
    """Check the record's fingerprint against the lock's: dvc.lock is checked, not believed."""
    stage = stages.get(record.stage)
    if stage is None or fingerprint(stage) == record.fingerprint:
        return ()
    return (lineage.other_inputs(record.stage),)
