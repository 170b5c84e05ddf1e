"""The run of a result as the ledger alone tells it: what MLflow holds can be made again. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wherefrom import card, datasets, keys, plans, tags
from wherefrom.names import DERIVED_FROM, RELATION
from wherefrom.record import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.datasets import DataInput
    from wherefrom.lineage import Lineage
    from wherefrom.record import Record

REBUILT = {"wherefrom.rebuilt": "true"}


@dataclass(frozen=True)
class LedgerRun:
    """A run to be logged. Keys and values are in MLflow's form; times in milliseconds, UTC."""

    record: Record
    started: int
    ended: int
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, str]
    data: tuple[DataInput, ...]


def of_result(
    result: Lineage,
    training: Lineage | None,
    metrics: Mapping[str, float],
    data_path: str | None,
) -> LedgerRun:
    """Give the run of a result that has a record.

    `training` is the result of its training stage where the run is that of the training which the
    evaluation went on with (the relation is own); `data_path` the table that the parameters name.
    Raises `LookupError` for a result without a record.
    """
    record = result.record
    if record is None:
        raise LookupError("this result has no record")
    first = training if training is not None and training.record is not None else result
    start = first.record or record
    params = {keys.key(name): keys.param(value) for name, value in result.params.items()}
    params |= plans.params(record.plan)
    return LedgerRun(
        record=record,
        started=start.started,
        ended=record.ended,
        params=params,
        metrics={keys.key(name): value for name, value in metrics.items()},
        tags=_tags(result, first, start, record, data_path),
        files={
            "params.json": json.dumps(result.params, indent=2, sort_keys=True, default=str) + "\n",
            **_record_files(result, first),
        },
        data=datasets.of_raw(tags.recorded(first).raw, start.git),
    )


def _tags(
    result: Lineage, first: Lineage, start: Record, record: Record, data_path: str | None
) -> dict[str, str]:
    subject = tags.recorded(first)
    found, _ = tags.data_hash(subject.raw, data_path)
    marks = tags.stage_tags(
        start.record_id, subject, start.git, start.environment, (start.experiment, start.baseline)
    )
    marks |= tags.of_source(subject) | found | tags.gaps_tag(start.gaps)
    marks[RELATION] = record.relation
    if record.derived_from:
        marks[DERIVED_FROM] = record.derived_from
    if first is not result:
        inside = (record.experiment, record.baseline)
        later = tags.stage_tags(
            record.record_id, tags.recorded(result), record.git, record.environment, inside
        )
        marks |= tags.of_evaluation(later) | tags.gaps_tag(record.gaps)
    marks |= {**start.tags, **record.tags}
    return marks | card.described(marks) | REBUILT


def _record_files(result: Lineage, first: Lineage) -> dict[str, Any]:
    return {
        (one.final.record_path or "").rpartition("/")[2]: to_text(
            one.record, names_result=bool(one.training)
        )
        for one in (first, result)
        if one.record is not None
    }
