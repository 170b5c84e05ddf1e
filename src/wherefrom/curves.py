"""Metrics by step, shown in MLflow while a model learns, and waiting on disk like all else."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from wherefrom import files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_NAME = "curves.json"
_PAUSE = 1.0
"""Seconds between two deliveries: a store takes many points as fast as one."""


@dataclass(frozen=True)
class Point:
    """A metric's value at a step, `at` in milliseconds, UTC."""

    key: str
    value: float
    at: int
    step: int


class Curves:
    """The points of a stage. `send` is given those that are new, now and then."""

    def __init__(self, send: Callable[[Sequence[Point]], None]) -> None:
        self._send = send
        self._points: list[Point] = []
        self._sent = 0
        self._last = time.monotonic()

    def add(self, point: Point) -> None:
        """Add a point."""
        self._points.append(point)
        if time.monotonic() - self._last >= _PAUSE:
            self._send(self._points[self._sent :])
            self._sent, self._last = len(self._points), time.monotonic()

    def write(self, folder: Path) -> None:
        """Leave all points in the folder of a journal's entry."""
        if self._points:
            files.write(folder / _NAME, json.dumps([asdict(point) for point in self._points]))


def read(folder: Path) -> list[Point]:
    """Read the points of a journal's entry; none where it left none."""
    path = folder / _NAME
    return [Point(**item) for item in json.loads(path.read_text())] if path.is_file() else []
