"""A table of real size through prepare and featurize, against the plain calls in one script."""

from __future__ import annotations

import shutil
import statistics
import sys
from typing import TYPE_CHECKING

import rental
import yaml
from measure import PROJECT, Cost, cost
from report import Line

if TYPE_CHECKING:
    from pathlib import Path

    from report import Report

ROUNDS = 3
MANY = 5_000_000
_TABLE = "data/raw/rental.csv"
_DATA = {"path": _TABLE, "target": "price", "task": "regression", "positive": None, "id": "id"}


def compare(report: Report, folder: Path) -> None:
    """Measure, and report a line for time and one for memory.

    The stages are run one after another, as DVC does: seconds add up, and of the peaks the largest
    counts.
    """
    root = make(folder / "rental", rental.ROWS, train_size=None)
    plain = PROJECT / "benchmarks" / "plain_rental.py"
    rounds = [
        (cost(root, sys.executable, str(plain), _TABLE, "plain"), stages(root))
        for _ in range(ROUNDS)
    ]
    lines = (
        Line(
            "prepare and featurize",
            statistics.median(ours.seconds for _, ours in rounds),
            "plain pandas and scikit-learn",
            statistics.median(base.seconds for base, _ in rounds),
            2,
        ),
        Line(
            "prepare and featurize, peak",
            max(ours.megabytes for _, ours in rounds),
            "plain pandas and scikit-learn",
            max(base.megabytes for base, _ in rounds),
            2,
            "MB",
        ),
    )
    report.table(f"a table of {rental.ROWS:,} rows and 20 columns", lines)


def show_many(report: Report, folder: Path) -> None:
    """Run five million rows through both stages, and report what that cost beside a million."""
    title = f"a table of {MANY:,} rows and 20 columns, with prepare.train_size 0.1"
    few, many = (stages(make(folder / f"rows-{n}", n, train_size=0.1)) for n in (MANY // 5, MANY))
    what, fifth = "prepare and featurize", "a fifth of the rows"
    lines = (
        Line(what, many.seconds, fifth, few.seconds),
        Line(f"{what}, peak", many.megabytes, fifth, few.megabytes, unit="MB"),
    )
    report.table(title, lines)


def make(root: Path, rows: int, train_size: float | None) -> Path:
    """Make a folder with the table, the stages and their parameters."""
    rental.write(root / _TABLE, rows)
    shutil.copytree(PROJECT / "src", root / "src")
    shutil.copy(PROJECT / "data" / "nothing.csv", root / "data")
    given = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))
    given["data"] |= _DATA
    given["prepare"]["train_size"] = train_size
    (root / "params.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return root


def stages(root: Path) -> Cost:
    """Run both stages without DVC and tracking."""
    spent = [
        cost(root, sys.executable, f"src/{name}.py", environ={"WHEREFROM_TRACKING": "off"})
        for name in ("prepare", "featurize")
    ]
    return Cost(sum(one.seconds for one in spent), max(one.megabytes for one in spent))
