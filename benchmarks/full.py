"""Side by side on a long history, five million rows, a sweep that grows: `make bench-full`.

1 if a bar is missed. At 10,000 experiments the first `dvc exp show` alone takes twenty minutes;
`--skip-exp-show` leaves it out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import lasting
import reproduction
import speed
import sweep_growth
import sweep_proof
import table
from measure import clone
from report import Report

import sweep


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=10_000, metavar="N")
    parser.add_argument("--skip-exp-show", action="store_true")
    parser.add_argument("--sample", type=int, default=reproduction.SAMPLE, metavar="N")
    chosen = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        table.show_many(report, root)
        start = root / "start"
        clone(start)
        lasting.compare(report, root, start)
        sweep.compare(report, root / "sweep", start)
        sweep_growth.compare(report, root / "growth", start)
        sweep_proof.compare(report, root / "proof", start)
        reproduction.compare(report, root / "reproduced", chosen.sample)
        speed.compare(report, root, chosen.experiments, start, exp_show=not chosen.skip_exp_show)
    sys.exit(report.end("bench-full"))


if __name__ == "__main__":
    main()
