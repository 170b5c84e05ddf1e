"""The file beside a table of predictions, which says what made them. Opens no file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from wherefrom.errors.answers import NotPredictionsError
from wherefrom.record import EnvironmentFacts, Gap, iso, millis

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.identity import CommitSha, DataHash

SCHEMA = 1
SUFFIX = ".lineage.json"
"""Not that of records: git may hold it, and it is the record of no stage."""


@dataclass(frozen=True)
class File:
    """A file as it was: its path if it lay in the project, else its name, and DVC's hash of it."""

    name: str
    hash: DataHash


@dataclass(frozen=True)
class Predictions:
    """A table of predictions, and what made it.

    `key` is the result's, whose `models` they were made by, with the code of `commit_sha`; `at` is
    in milliseconds, UTC. `remarks` say what of the table was taken otherwise than it is.
    """

    output: File
    table: File
    rows: int
    address: str
    key: str
    commit_sha: CommitSha
    mlflow_run_id: str | None
    models: tuple[File, ...]
    at: int
    environment: EnvironmentFacts
    remarks: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


def place_of(output: Path) -> Path:
    """Give the place of the file beside a table of predictions."""
    return output.with_name(output.name + SUFFIX)


def to_text(found: Predictions) -> str:
    """Write it, with a digest by which an edit is noticed."""
    body = {"schema": SCHEMA, **asdict(found), "at": iso(found.at)}
    return json.dumps(body | {"digest": _digest(body)}, indent=2, sort_keys=True) + "\n"


def is_as_written(text: str) -> bool:
    """Whether a text that `from_text` reads is what `to_text` wrote."""
    body = json.loads(text)
    return bool(body.pop("digest", None) == _digest(body))


def from_text(text: str, where: str) -> Predictions:
    """Read what `to_text` wrote. Raises `NotPredictionsError`, also for a later version."""
    try:
        body = json.loads(text)
        schema = body.pop("schema")
        if schema != SCHEMA:
            raise NotPredictionsError(where, f"schema {schema!r} is not known here, only {SCHEMA}")
        return _read(body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotPredictionsError(where, f"a field is missing or wrong ({error})") from error


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _read(body: dict[str, Any]) -> Predictions:
    known = {field.name: body[field.name] for field in fields(Predictions)}
    return Predictions(
        **known
        | {
            "output": File(**body["output"]),
            "table": File(**body["table"]),
            "models": tuple(File(**model) for model in body["models"]),
            "at": millis(body["at"]),
            "environment": EnvironmentFacts(**body["environment"]),
            "remarks": tuple(body["remarks"]),
            "gaps": tuple(Gap(**gap) for gap in body["gaps"]),
        }
    )
