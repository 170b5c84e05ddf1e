"""What the benchmarks have found: tables, shown line by line as they come, and JSON at the end."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from wherefrom.environment import cpu_model

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent
SCHEMA = 1
PACKAGES = ("dvc", "dvclive", "mlflow", "numpy", "optuna", "pandas", "scikit-learn")


@dataclass(frozen=True)
class Line:
    """A figure against another one. `most` is the bar: the most that `value / base` may be.

    Without a bar it is only stated. A bar `at_scale` is meant for a long history, and not judged
    for a short one.
    """

    what: str
    value: float
    against: str
    base: float
    most: float | None = None
    unit: str = "s"
    at_scale: bool = False

    @property
    def ratio(self) -> float:
        """How many times the other figure it is."""
        return self.value / self.base if self.base else float("inf")

    def verdict(self, *, judge_scale: bool) -> str:
        """Say how it stands to its bar."""
        if self.most is None:
            return "stated"
        if self.at_scale and not judge_scale:
            return "not judged at this size"
        return "ok" if self.value <= self.most * self.base else "MISSED"

    def text(self, *, judge_scale: bool) -> str:
        """Write it as a row of the table."""
        own, other = (f"{figure:.2f} {self.unit}" for figure in (self.value, self.base))
        bar = "" if self.most is None else f"at most {self.most:.3f}x"
        return (
            f"  {self.what:<32} {own:>11}  {self.against:<32} {other:>11}"
            f"  {self.ratio:7.3f}x  {bar:<15}  {self.verdict(judge_scale=judge_scale)}"
        )


class Report:
    """The tables of one run of the benchmarks. `held` says whether no bar was missed so far."""

    def __init__(self) -> None:
        self.held = True
        self._started = time.monotonic()
        self._head = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **_here()}
        self._tables: list[dict[str, Any]] = []
        for name, told in self._head.items():
            print(f"{name:<9} {_in_one_line(told)}")

    def table(self, title: str, lines: Iterable[Line], *, judge_scale: bool = True) -> None:
        """Show lines under a title, each as soon as it is measured, and keep them."""
        print(f"\n{title}", flush=True)
        rows: list[dict[str, Any]] = []
        self._tables.append({"title": title, "lines": rows})
        for line in lines:
            print(line.text(judge_scale=judge_scale), flush=True)
            verdict = line.verdict(judge_scale=judge_scale)
            rows.append({**asdict(line), "ratio": line.ratio, "verdict": verdict})
            self.held = self.held and verdict != "MISSED"

    def end(self, name: str) -> int:
        """Write everything to a JSON file beside the benchmarks; give the status to end with."""
        path = FOLDER / f"{name}.json"
        seconds = round(time.monotonic() - self._started)
        found = {
            "schema": SCHEMA,
            **self._head,
            "seconds": seconds,
            "held": self.held,
            "tables": self._tables,
        }
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        said = "every bar was held" if self.held else "a bar was MISSED"
        print(f"\n{os.path.relpath(path)}, after {seconds} s: {said}")
        return 0 if self.held else 1


def _here() -> dict[str, dict[str, Any]]:
    """Tell the machine, how busy it is at the start, and the versions of what is measured."""
    describe = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, cwd=FOLDER, capture_output=True, text=True, check=True)
    return {
        "machine": {
            "platform": platform.platform(),
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "gigabytes": round(psutil.virtual_memory().total / 1e9, 1),
            "load": round(psutil.getloadavg()[0], 2),
        },
        "versions": {
            "wherefrom": commit.stdout.strip(),
            "python": platform.python_version(),
            **{name: _version(name) for name in PACKAGES},
        },
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _in_one_line(told: object) -> str:
    if isinstance(told, dict):
        return ", ".join(f"{name} {value}" for name, value in told.items())
    return str(told)
