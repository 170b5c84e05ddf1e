"""Side by side, in one run: a history, a table of real size, tracking, a sweep. `make bench`.

Each figure is the median of whole processes, taken in turn, so that a busy machine slows all sides
alike, and `bench.json` has them all. It is to take less than 15 minutes on two cores: `make
bench-full` has the long history, more rounds, and the sweep among a thousand experiments.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import speed
import table
import tracking
from measure import against_last, clone, make, run
from report import Report
from speed import IMPORT

import sweep

EXPERIMENTS = 300


def main() -> None:
    """Measure, and print a table for each question."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        root = folder / "project"
        clone(root)
        speed.compare(report, folder, EXPERIMENTS, root, small=True)
        table.compare(report, folder)
        tracking.compare(report, folder / "tracking", root, rounds=3)
        sweep.compare(report, folder / "sweep", root, rounds=1)
        show_tracking(report, root)
    sys.exit(report.end("bench"))


def show_tracking(report: Report, root: Path) -> None:
    """Show what tracking costs, against the same without it."""
    shim = root.parent / "shim" / "sitecustomize.py"
    shim.parent.mkdir()
    shim.write_text(SHIM)
    shimmed = {"PYTHONPATH": str(shim.parent)}
    report.table(
        "import mlflow, outside of a DVC stage",
        against_last(
            {
                "with the plugin": lambda: run(root, *IMPORT, **shimmed),
                "without it": lambda: run(root, *IMPORT, WHEREFROM_BENCH_PLUGIN="off", **shimmed),
            }
        ),
    )
    report.table(
        "nothing to do",
        against_last(
            {
                "make run": lambda: run(root, *make("run")),
                "dvc repro": lambda: run(root, "dvc", "repro", "--quiet"),
            }
        ),
    )
    report.table(
        "forced train and evaluate",
        against_last(
            {
                "tracked": lambda: run(root, *force()),
                "tracking off": lambda: run(root, *force(), WHEREFROM_TRACKING="off"),
            },
            rounds=3,
        ),
    )


# Hides the plugin's entry point from MLflow: the other side of the first table.
SHIM = """\
import os
if os.environ.get("WHEREFROM_BENCH_PLUGIN") == "off":
    import importlib.metadata as metadata
    found = metadata.entry_points
    def entry_points(**choice):
        points = found(**choice)
        return type(points)(p for p in points if not p.value.startswith("wherefrom."))
    metadata.entry_points = entry_points
"""


def force() -> list[str]:
    """Give the command that trains and evaluates again."""
    return ["dvc", "repro", "--quiet", "--force", "--downstream", "train"]


if __name__ == "__main__":
    if shutil.which("dvc") is None:
        sys.exit("run it with `make bench`")
    main()
