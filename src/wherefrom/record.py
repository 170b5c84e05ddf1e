"""The record file: who made a stage's outputs, when, from what and where. Opens no file.

The file is a DVC metrics file (`cache: false`): so it is restored with its stage from the run
cache, in the workspace, `--temp` and the queue. DVC shows a metrics file's scalars as columns of
`dvc exp show` and passes over lists; so the record itself stands in a list, and only the run id of
a result stands beside it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from wherefrom.errors.project import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.identity import CommitSha, ExperimentName, Fingerprint, MlflowRunId, RecordId

SCHEMA = 1
_YOUNGER = {"tags", "ignored", "plan"}  # than the first records

Relation = Literal["own", "derived"]


@dataclass(frozen=True)
class Gap:
    """Something that could not be read, matched or checked: what, why, and what mends it."""

    what: str
    why: str
    remedy: str


@dataclass(frozen=True)
class GitFacts:
    """Where the code stood as the stage started.

    `branch` is None on a detached HEAD (as in every DVC experiment), `commit` before the first
    commit. `snapshot` is the commit that keeps a dirty tree, None for a clean one.
    """

    commit: CommitSha | None
    branch: str | None
    dirty: bool
    snapshot: CommitSha | None = None


@dataclass(frozen=True)
class EnvironmentFacts:
    """What ran the stage: the digest of the packages and the interpreter; the machine.

    `lock` is the SHA-256 of the lock file, None where there is none; `matches_lock` is None then.
    `unpinned` maps packages that made the result and that the lock does not pin to their versions.
    `gpu` names the graphics cards, None where there is none, or none is known.
    """

    digest: str
    lock: str | None
    matches_lock: bool | None
    python: str
    platform: str
    cpu: str | None
    blas: str | None
    gpu: str | None = None
    unpinned: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One tracked stage that ran.

    `fingerprint` was taken as the stage started. `derived_from` is the training record that a
    derived result rests on, None for an own one. `mlflow_run_id` is None where the store did not
    answer (the run then carries the record id all the same).
    `started` and `ended` are milliseconds since 1970, UTC, as MLflow counts them. `tags` are what
    the parameters say of the experiment and the stage of itself, in MLflow's form. `ignored`
    maps the folders of code that the stage read to what git ignores in them, with hashes: the one
    hash of a folder in `dvc.lock` counts these too. `plan` is what was expected before it ran.
    """

    record_id: RecordId
    stage: str
    relation: Relation
    derived_from: RecordId | None
    fingerprint: Fingerprint
    mlflow_run_id: MlflowRunId | None
    run_name: str
    started: int
    ended: int
    experiment: ExperimentName | None
    baseline: CommitSha | None
    git: GitFacts
    environment: EnvironmentFacts
    gaps: tuple[Gap, ...] = field(default_factory=tuple)
    tags: Mapping[str, str] = field(default_factory=dict)
    ignored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)


def to_text(record: Record, *, names_result: bool) -> str:
    """Write a record as the text of its file; `names_result` makes its run id a DVC column."""
    body: dict[str, Any] = {"schema": SCHEMA, **asdict(record)}
    for name in ("ignored", "plan"):
        if not body[name]:
            del body[name]
    body["started"], body["ended"] = iso(record.started), iso(record.ended)
    file: dict[str, Any] = {"record": [body]}
    if names_result and record.mlflow_run_id:
        file["mlflow_run_id"] = record.mlflow_run_id
    return json.dumps(file, indent=2, sort_keys=True) + "\n"


def from_text(text: str, where: str) -> Record:
    """Read the text of a record file. Raises `RecordError`, also for a version not known here."""
    try:
        (body,) = json.loads(text)["record"]
        schema = body.pop("schema")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(where, f"it is no record file ({error})") from error
    if schema != SCHEMA:
        raise RecordError(where, f"schema {schema!r} is not known here, only {SCHEMA}")
    try:
        return _record(body)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(where, f"a field is missing or wrong ({error})") from error


def _record(body: dict[str, Any]) -> Record:
    missing = {f.name for f in fields(Record)} - body.keys() - _YOUNGER
    if missing:
        raise KeyError(", ".join(sorted(missing)))
    for name in ("tags", "plan"):
        if not isinstance(body.get(name, {}), dict):
            raise TypeError(f"{name} is no mapping")
    body["tags"] = {name: str(value) for name, value in body.get("tags", {}).items()}
    body["git"] = GitFacts(**body["git"])
    body["environment"] = EnvironmentFacts(**body["environment"])
    body["gaps"] = tuple(Gap(**gap) for gap in body["gaps"])
    body["started"], body["ended"] = millis(body["started"]), millis(body["ended"])
    return Record(**body)


def iso(millis: int) -> str:
    """Write a time (milliseconds since 1970, UTC)."""
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def millis(text: str) -> int:
    """Read what `iso` wrote."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
