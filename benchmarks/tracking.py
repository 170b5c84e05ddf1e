"""One new variant of the whole pipeline, by three ways of tracking it: `make bench`.

The same stages, each in a clone of its own; in two of them `src/wherefrom` makes place for what a
user would write instead (`stand_ins/`). Each round is a cold `dvc exp run` of parameters that were
never run, so train and evaluate run.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from itertools import count
from pathlib import Path

from measure import IDENTITY, clone, copy, in_turn, run
from report import Line, Report

STAND_INS = Path(__file__).parent / "stand_ins"
BARS = {"mlflow_code": 0.6, "dvclive_code": 1.2}
"""The most that ours may take of the time of each."""


def main() -> None:
    """Measure, print a table, and end with 1 where a bar is missed."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        clone(folder / "start")
        compare(report, folder, folder / "start")
    sys.exit(report.end("tracking"))


def compare(report: Report, folder: Path, start: Path, rounds: int = 5) -> None:
    """Report what a variant costs by each way of tracking; `start` as `measure.clone` makes it."""
    roots = {"wherefrom": folder / "ours"} | {name: folder / name for name in BARS}
    folder.mkdir(exist_ok=True)
    copy(start, roots["wherefrom"])
    for name in BARS:
        shutil.copytree(roots["wherefrom"], roots[name], symlinks=True)
        _stand_in(roots[name], name)
    trees = count(201)
    times = in_turn({n: lambda r=r: _variant(r, next(trees)) for n, r in roots.items()}, rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians.pop("wherefrom")
    report.table(
        "one new variant: dvc exp run -S train.random_forest.n_estimators=...",
        [Line("wherefrom", ours, name, medians[name], BARS[name]) for name in medians],
    )


def _stand_in(root: Path, name: str) -> None:
    """Track by hand: another `wherefrom.stage`, and a first result with it."""
    shutil.rmtree(root / "src" / "wherefrom")
    (root / "src" / "wherefrom").mkdir()
    (root / "src" / "wherefrom" / "__init__.py").touch()
    shutil.copy(STAND_INS / name / "stage.py", root / "src" / "wherefrom")
    with (root / ".git" / "info" / "exclude").open("a") as exclude:
        exclude.write("dvclive\nmlflow.db\nmlruns\n")
    run(root, "dvc", "repro", "--quiet", "--force")
    run(root, "git", "add", "--all", ".")
    run(root, "git", *IDENTITY, "commit", "--quiet", "--message", "Track by hand")


def _variant(root: Path, trees: int) -> float:
    change = f"train.random_forest.n_estimators={trees}"
    return run(root, "dvc", "exp", "run", "--quiet", "-S", change, WHEREFROM_SUMMARY="off")


if __name__ == "__main__":
    main()
