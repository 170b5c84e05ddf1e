"""What a script that predicts is told, and what it tells: files in the folder of its job."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom import environment, files
from wherefrom.errors.inputs import NotAskedToPredictError, OtherBytesError
from wherefrom.record import EnvironmentFacts
from wherefrom.sources import disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JOB = "WHEREFROM_PREDICT"
"""The variable with the folder of the job."""

_ASKED, _TOLD = "asked.json", "told.json"


@dataclass
class Asked:
    """The table that is to be predicted, and the file for its predictions.

    `name` is what the user called the table; the script sets `rows`, how many it has predicted.
    """

    table: Path
    name: str
    output: Path
    rows: int = 0


def ask(folder: Path, asked: Asked, left: Mapping[str, tuple[Path, str | None]]) -> None:
    """Write down a job; `left` maps what the stages left to where it lies, and to its hash."""
    body = {
        "table": str(asked.table),
        "name": asked.name,
        "output": str(asked.output),
        "left": {path: [str(place), value] for path, (place, value) in left.items()},
    }
    files.write(folder / _ASKED, json.dumps(body))


@contextmanager
def predicting() -> Iterator[Asked]:
    """Give a script its job, and tell what it did in which environment.

    Raises `NotAskedToPredictError` outside of `wherefrom predict`.
    """
    folder = _folder()
    body = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
    asked = Asked(Path(body["table"]), body["name"], Path(body["output"]))
    yield asked
    environment.blas_used()  # loads it
    facts = asdict(environment.observe(Path.cwd()).facts)
    files.write(folder / _TOLD, json.dumps({"rows": asked.rows, "environment": facts}))


def told(folder: Path) -> tuple[int, EnvironmentFacts] | None:
    """Give how many rows a script has predicted, and in which environment; None: it never asked."""
    if not (folder / _TOLD).is_file():
        return None
    body = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
    return body["rows"], EnvironmentFacts(**body["environment"])


def as_left(path: str) -> Path:
    """Give the place of a file that a stage of the result left.

    Raises `OtherBytesError` where no stage did, or the bytes there are others.
    """
    body = json.loads((_folder() / _ASKED).read_text(encoding="utf-8"))
    place, value = body["left"].get(path, (None, None))
    if place is None or value is None or not disk.is_as(Path(place), value):
        raise OtherBytesError(path, value)
    return Path(place)


def _folder() -> Path:
    found = os.environ.get(JOB)
    if found is None:
        raise NotAskedToPredictError
    return Path(found)
