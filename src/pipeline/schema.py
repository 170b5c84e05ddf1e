"""The schema that prepare learns from the training rows and every later stage reads."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.files import read_text, write_json

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 3
NUMERIC = "numeric"
CATEGORICAL = "categorical"


@dataclass(frozen=True)
class Schema:
    """What the columns of the prepared tables are.

    `kinds` gives the features in the order of the table. `classes` is empty and `positive` None
    for regression; `positive` is None for more than two classes. `group` is the column whose equal
    values stay together; where there is a `time`, the rows are in its order. `remarks` are the
    things that a user should know and that no error stops. `spelt` gives the classes that stand
    otherwise in the raw table, as they do there.
    """

    task: str
    target: str
    id: str | None
    group: str | None
    time: str | None
    kinds: dict[str, str]
    classes: list[str]
    positive: str | None
    rows: dict[str, int]
    missing: dict[str, int]
    remarks: list[str]
    spelt: dict[str, str] = field(default_factory=dict)

    @property
    def features(self) -> list[str]:
        """The names of the features."""
        return list(self.kinds)


def write_schema(path: Path, schema: Schema) -> None:
    """Write the schema as JSON."""
    write_json(path, {"version": VERSION, **asdict(schema)})


def read_schema(path: Path) -> Schema:
    """Read a schema. Raises InputError for a version that this code does not know."""
    content: dict[str, Any] = json.loads(read_text(path))
    version = content.pop("version", None)
    if version != VERSION:
        what = f"version {version} of the schema; this code knows {VERSION}"
        raise InputError(what, str(path), "run `dvc repro prepare`")
    return Schema(**content)
