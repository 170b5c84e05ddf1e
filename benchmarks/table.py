"""A table of real size through prepare and featurize, against the plain calls in one script."""

from __future__ import annotations

import shutil
import statistics
import sys
from typing import TYPE_CHECKING

import rental
import yaml
from measure import PROJECT, Cost, cost
from speed import Line

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 3
MANY = 5_000_000
_TABLE = "data/raw/rental.csv"
_DATA = {"path": _TABLE, "target": "price", "task": "regression", "positive": None, "id": "id"}


def compare(folder: Path) -> bool:
    """Measure, print a line for time and for memory, and say whether both bars were held.

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
    print(f"\na table of {rental.ROWS:,} rows and 20 columns")
    for line in lines:
        print(line.text(judge_scale=True), flush=True)
    return not any(line.is_missed(judge_scale=True) for line in lines)


def show_many(folder: Path) -> None:
    """Run five million rows through both stages, and print what that cost."""
    spent = stages(make(folder / "many", MANY, train_size=0.1))
    print(f"\na table of {MANY:,} rows and 20 columns, with prepare.train_size 0.1")
    print(f"  prepare and featurize: {spent.seconds:.0f} s, {spent.megabytes:,.0f} MB at the peak")


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
