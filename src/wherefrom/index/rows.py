"""What the index answers with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wherefrom.holders import Relation
    from wherefrom.identity import CommitSha, ExperimentName, Fingerprint, MlflowRunId, RecordId


@dataclass(frozen=True)
class Input:
    """A raw input of a result, with the hash that was read; `size` is in bytes."""

    path: str
    hash: str | None
    size: int | None
    dvc_file: str


@dataclass(frozen=True)
class ResultRow:
    """A result as one snapshot holds it. `fingerprints` are those of its stages, the last first."""

    number: int
    snapshot: int
    key: str
    stage: str
    fingerprint: str
    record_id: str | None
    training_id: str | None
    metrics: Mapping[str, float]
    params: Mapping[str, Any]
    fingerprints: Sequence[str]
    gap_count: int


@dataclass(frozen=True)
class RecordRow:
    """A record, without what only a trace shows. `tags` are all that records say of its run."""

    record_id: RecordId
    stage: str
    relation: Relation
    derived_from: RecordId | None
    fingerprint: Fingerprint
    mlflow_run_id: MlflowRunId | None
    run_name: str
    experiment: ExperimentName | None
    baseline: CommitSha | None
    started: int
    ended: int
    tags: Mapping[str, str]
    plan: Mapping[str, Any]


@dataclass(frozen=True)
class CommitRow:
    """A commit that a ref leads to."""

    sha: CommitSha
    time: int
    parents: tuple[CommitSha, ...]
    subject: str
    snapshot: int
    live: bool


def of_result(*row: Any) -> ResultRow:  # noqa: ANN401
    """Read a row of the results."""
    *head, metrics, params, prints, gaps = row
    return ResultRow(*head, json.loads(metrics), json.loads(params), json.loads(prints), gaps)  # type: ignore[call-arg]


def latest(rows: Iterable[Sequence[Any]]) -> dict[str, RecordRow]:
    """Give the last of each record's rows, with the tags of those before: of the same run."""
    said: dict[str, dict[str, str]] = {}
    found: dict[str, RecordRow] = {}
    for *head, tags, plan in rows:
        own = said.setdefault(head[0], {})
        own |= json.loads(tags)
        found[head[0]] = RecordRow(*head, own, json.loads(plan))  # type: ignore[call-arg]
    return found
