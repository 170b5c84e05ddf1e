"""The result that the workspace holds, from its own files: neither DVC nor MLflow is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import environment, ledger, metrics, settings
from wherefrom import record as records
from wherefrom.errors import NoResultError
from wherefrom.lockfile import StageFacts, fingerprint, is_record
from wherefrom.record import Gap, Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Summary:
    """A finished pipeline: its record, metrics, raw data and model.

    `data_path` and `data_hash` are None where no table is named or no `.dvc` file holds it.
    """

    record: Record
    metrics: Mapping[str, float]
    data_path: str | None
    data_hash: str | None
    models: tuple[str, ...]
    gaps: tuple[Gap, ...]


def collect(root: Path, record: Record | None = None) -> Summary:
    """Collect the summary of the workspace's result; `record` is given by the stage that made it.

    Raises `NoResultError` where there is none yet.
    """
    stages = ledger.stages(root)
    result = record or _record(root, stages)
    table = settings.read(root, root.name).data_path
    raw = ledger.raw_file(root, table) if table else None
    values, _ = metrics.read(root, ledger.metric_files(root))
    return Summary(
        record=result,
        metrics=values,
        data_path=table,
        data_hash=raw.facts.hash if raw else None,
        models=_models(stages),
        gaps=(
            *result.gaps,
            *(_mismatch(stages, result) if record is None else ()),
            *_lock(root, result),
        ),
    )


def _record(root: Path, stages: Mapping[str, StageFacts]) -> Record:
    held = [out.path for stage in stages.values() for out in stage.outs if is_record(out.path)]
    found = [
        records.from_text((root / path).read_text(encoding="utf-8"), path)
        for path in held
        if (root / path).is_file()
    ]
    last = max(found, key=lambda item: item.ended, default=None)
    if last is None:
        raise NoResultError(held[-1] if held else "dvc.lock")
    return last


def _models(stages: Mapping[str, StageFacts]) -> tuple[str, ...]:
    """Give the outputs that stand beside a training's record: the model, not the metrics."""
    makers = [s for s in stages.values() if any(is_record(o.path) for o in s.outs)]
    first = [s for s in makers if not any(is_record(d.path) for d in s.deps)]
    return tuple(o.path for s in first for o in s.outs if not o.path.endswith(".json"))


def _lock(root: Path, record: Record) -> tuple[Gap, ...]:
    """Say so where the lock file is no longer that of the result: DVC runs nothing for it."""
    lock = environment.lock_file(root)
    if lock is None or environment.sha256(lock) == record.environment.lock:
        return ()
    return (
        Gap(
            what=f"{lock.name} is not that of the environment which made this result",
            why="DVC does not run a stage again when only the environment changes",
            remedy="run it in this one: `dvc repro --force`",
        ),
    )


def _mismatch(stages: Mapping[str, StageFacts], record: Record) -> tuple[Gap, ...]:
    """Check the record's fingerprint against the lock's: dvc.lock is checked, not believed."""
    stage = stages.get(record.stage)
    if stage is None or fingerprint(stage) == record.fingerprint:
        return ()
    return (
        Gap(
            what=f"the inputs in dvc.lock are not those that {record.stage} started with",
            why="something changed while it ran, or dvc.lock was edited",
            remedy=f"run it again: `dvc repro --force {record.stage}`",
        ),
    )
