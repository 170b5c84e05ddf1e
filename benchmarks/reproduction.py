"""Results made again: are they the same byte for byte, and what does it cost? 1 if a bar is missed.

Experiments are drawn by a seed over models, versions of the data, features, seeds, folds and
thresholds; each is made again in a clone, in the environment of its lock file. `--sample` says how
many; `make bench-full` has a hundred.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from measure import BIN, IDENTITY, clone, in_turn, run
from report import Line, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR = 1.3
"""How many times a plain `dvc repro` of the same stages a reproduction may take."""

SAMPLE = 100
_SEED = 5
_TABLE = "data/raw/breast_cancer.csv"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=SAMPLE, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    chosen = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        compare(report, Path(folder).resolve() / "project", chosen.sample, chosen.rounds)
    sys.exit(report.end("reproduction"))


def compare(report: Report, root: Path, sample: int, rounds: int = 3) -> None:
    """Make experiments in a new project at `root`, and make them again; report both."""
    clone(root)
    names = [*_experiments(root, 0, (sample + 1) // 2)]
    _change_table(root)
    names += _experiments(root, len(names), sample)
    found = _reproduced(root, names)
    same = sum(one["verdict"] == "identical" for one in found)
    again = Line("experiments made again", len(names), "identical", same, 1, "")
    report.table("results made again, byte for byte", [again])
    for one in found:
        if one["verdict"] != "identical":
            print(json.dumps(one, indent=1))
    report.table("one result made again, in an environment that is there", _cost(root, rounds))


def _experiments(root: Path, first: int, last: int) -> list[str]:
    """Run the experiments of some numbers on HEAD, each always with the same settings."""
    names = [f"drawn-{number}" for number in range(first, last)]
    for number, name in enumerate(names, first):
        settings = [f"--set-param={key}={value}" for key, value in _drawn(number).items()]
        run(root, "dvc", "exp", "run", "--quiet", "--name", name, *settings)
    run(root, "git", "checkout", "--quiet", ".")
    return names


def _drawn(number: int) -> dict[str, object]:
    draw = Random(_SEED * 1_000_003 + number)  # noqa: S311 - nothing here is secret
    models = ("random_forest", "logistic_regression", "hist_gradient_boosting", "mlp")
    model = draw.choice(models)
    of_model = {
        "random_forest": {"n_estimators": draw.randrange(10, 120), "min_samples_leaf": 1},
        "logistic_regression": {"C": round(draw.uniform(0.01, 10), 3)},
        "hist_gradient_boosting": {"max_iter": draw.randrange(10, 60)},
        "mlp": {"max_iter": draw.randrange(20, 120)},
    }[model]
    return {
        "train.model": model,
        "train.seed": draw.randrange(1_000_000),
        "train.folds": draw.randrange(2, 6),
        "prepare.seed": draw.randrange(1_000_000),
        "prepare.test_size": round(draw.uniform(0.1, 0.4), 2),
        "featurize.scale": model == "mlp" or draw.random() < 1 / 2,
        "featurize.numeric_impute": draw.choice(["median", "mean", "most_frequent"]),
        "evaluate.threshold": round(draw.uniform(0.2, 0.8), 3),
        **{f"train.{model}.{key}": value for key, value in of_model.items()},
    }


def _change_table(root: Path) -> None:
    """Commit another version of the data, of nine rows out of ten, and a result of it."""
    head, *rows = (root / _TABLE).read_text().splitlines(keepends=True)
    (root / _TABLE).unlink()  # it may be a link into the cache
    (root / _TABLE).write_text("".join([head, *(r for n, r in enumerate(rows) if n % 10)]))
    run(root, "dvc", "add", "--quiet", _TABLE)
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", ".")
    run(root, "git", *IDENTITY, "commit", "--quiet", "--message", "Other data")


def _reproduced(root: Path, names: list[str]) -> list[dict[str, object]]:
    """Make experiments again, two at once; the environment is made by the first."""
    command = ["wherefrom", "reproduce", "--json", "--jobs", "2", *names]
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=root, env=env, stdout=subprocess.PIPE, check=False)
    found = json.loads(done.stdout)
    return list(found["results"]) if len(names) > 1 else [found]


def _cost(root: Path, rounds: int) -> Iterator[Line]:
    """Compare with the same stages of the same commit, run by DVC alone."""

    def plain(**extra: str) -> float:
        seconds = run(root, "dvc", "repro", "--quiet", "--force", **extra)
        run(root, "git", "checkout", "--quiet", ".")
        return seconds

    run(root, "wherefrom", "reproduce", "HEAD")  # its environment is there from now on
    times = in_turn(
        {
            "wherefrom reproduce": lambda: run(root, "wherefrom", "reproduce", "HEAD"),
            "dvc repro, tracked": plain,
            "dvc repro": lambda: plain(WHEREFROM_TRACKING="off"),
        },
        rounds,
    )
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians.pop("wherefrom reproduce")
    for name, seconds in medians.items():
        most = BAR if name == "dvc repro" else None
        yield Line("wherefrom reproduce", ours, name, seconds, most)


if __name__ == "__main__":
    main()
