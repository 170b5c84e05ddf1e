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

from measure import IDENTITY, clone, in_turn, run

STAND_INS = Path(__file__).parent / "stand_ins"
BARS = {"mlflow_code": 0.6, "dvclive_code": 1.2}
"""The most that ours may take of the time of each."""


def main() -> None:
    """Measure, print a table, and end with 1 where a bar is missed."""
    with tempfile.TemporaryDirectory() as name:
        sys.exit(not compare(Path(name).resolve()))


def compare(folder: Path, rounds: int = 5) -> bool:
    """Print what a variant costs by each way of tracking; False where a bar is missed."""
    roots = {"wherefrom": folder / "ours"} | {name: folder / name for name in BARS}
    folder.mkdir(exist_ok=True)
    clone(roots["wherefrom"])
    for name in BARS:
        shutil.copytree(roots["wherefrom"], roots[name], symlinks=True)
        _stand_in(roots[name], name)
    trees = count(201)
    times = in_turn({n: lambda r=r: _variant(r, next(trees)) for n, r in roots.items()}, rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print("\none new variant: dvc exp run -S train.random_forest.n_estimators=...")
    print(f"  {'wherefrom':<16} {medians['wherefrom']:6.2f} s")
    held = True
    for name, most in BARS.items():
        ratio = medians["wherefrom"] / medians[name]
        verdict = "ok" if ratio <= most else "MISSED"
        print(f"  {name:<16} {medians[name]:6.2f} s   {ratio:.2f}x  at most {most}x  {verdict}")
        held &= ratio <= most
    return held


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
