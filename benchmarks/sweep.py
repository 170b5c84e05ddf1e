"""The same 24 small variants by every way that one tries variants today. 1 if a bar is missed.

Ours, DVC's queue with two workers and DVCLive, and the customary loop with and without what it logs
(`peers/`), in turn; each time is that of whole processes, from the first command to the last
result, by the number of variants. Each round has a seed of its own, so that nothing is had from a
cache. The scores of each variant have to be the same by all ways.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from measure import IDENTITY, clone, copy, output, processes, run, settle
from report import Line, Report

from wherefrom.lockfile import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Variant = tuple[int, int]
    """How many trees, and how deep."""
    Scores = dict[Variant, dict[str, float]]

PEERS = Path(__file__).parent / "peers"
TREES, DEPTHS = (10, 15, 20, 25), (3, 4, 5, 6, 7, 8)
VARIANTS = len(TREES) * len(DEPTHS)
FIRST_SEED = 1001
JOBS = 2
TABLE = "data/raw/breast_cancer.csv"
_FOREST = "train.random_forest"
_SCORES = (
    "accuracy",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "roc_auc",
    "log_loss",
)
METRICS = tuple(
    name for score in _SCORES for name in (f"cv.{score}.mean", f"cv.{score}.std", f"test.{score}")
)
"""What has to be the same by all ways; ours has the scores of each fold and others beside them."""
_CLOSE = 1e-9
"""How far scores may be apart, as a share: the last digits are another order of adding up."""


@dataclass(frozen=True)
class Turn:
    """What one way did in one round."""

    seconds: float
    scores: Scores


@dataclass(frozen=True)
class Way:
    """A way to run the variants: what is made ready of a project, untimed, and what is timed.

    `most` is the bar: the most that ours may take of its time; None where there is none.
    """

    name: str
    prepare: Callable[[Path, Path], None]
    sweep: Callable[[Path, int], Turn]
    most: float | None = None


def main() -> None:
    """Measure, print a table, and end with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--only", nargs="+", choices=list(WAYS), default=())
    chosen = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        clone(folder / "start")
        compare(report, folder, folder / "start", chosen.rounds, chosen.only)
    sys.exit(report.end("sweep"))


def compare(
    report: Report, folder: Path, start: Path, rounds: int = 3, only: Iterable[str] = ()
) -> None:
    """Report what a variant costs by each way, or by `only` some of them.

    `start` is a project as `measure.clone` makes it.
    """
    ways = {name: way for name, way in WAYS.items() if not only or name in only}
    folder.mkdir(exist_ok=True)
    for name, way in ways.items():
        way.prepare(start, folder / name)
    turns: dict[str, list[Turn]] = {name: [] for name in ways}
    for seed in range(FIRST_SEED, FIRST_SEED + rounds):
        for name, way in ways.items():
            turns[name].append(way.sweep(folder / name, seed))
        check_same({name: done[-1].scores for name, done in turns.items()})
    report.table(
        f"one of {VARIANTS} small variants of the sample pipeline; all ways gave the same scores",
        lines({name: [turn.seconds for turn in done] for name, done in turns.items()}),
    )


def lines(times: Mapping[str, list[float]]) -> Iterator[Line]:
    """Give the seconds of ours for one variant against those of each other way.

    Where ours was not run it is the first way, without bars.
    """
    medians = {name: statistics.median(values) / VARIANTS for name, values in times.items()}
    own = "ours" if "ours" in medians else next(iter(medians))
    for name in [name for name in medians if name != own] or [own]:
        most = WAYS[name].most if own == "ours" else None
        yield Line(WAYS[own].name, medians[own], WAYS[name].name, medians[name], most)


def check_same(found: Mapping[str, Scores]) -> None:
    """End the benchmark where a variant is missing, or has other scores by another way."""
    wanted = set(product(TREES, DEPTHS))
    first, *_ = found
    for name, scores in found.items():
        if set(scores) != wanted:
            sys.exit(f"{name} has not run each variant: {sorted(wanted ^ set(scores))}")
        for variant, metric in product(wanted, METRICS):
            value, base = scores[variant][metric], found[first][variant][metric]
            if not math.isclose(value, base, rel_tol=_CLOSE, abs_tol=_CLOSE):
                told = f"{value!r} by {name} and {base!r} by {first}"
                sys.exit(f"{metric} of the variant {variant} is {told}")


def _check_runs(root: Path, param: str, seed: int) -> None:
    """End the benchmark where a variant's run was not there as soon as the command had ended."""
    query = (
        "SELECT count(*) FROM runs JOIN params USING (run_uuid) JOIN latest_metrics AS scores "
        "USING (run_uuid) WHERE runs.status = 'FINISHED' AND params.key = ? AND params.value = ? "
        "AND scores.key = 'test.accuracy'"
    )
    with closing(sqlite3.connect(root / "mlflow.db")) as store:
        (found,) = store.execute(query, (param, str(seed))).fetchone()
    if found < VARIANTS:
        sys.exit(f"{found} of {VARIANTS} variants have a run in {root / 'mlflow.db'}")


def sweep_ours(root: Path, seed: int) -> Turn:
    """Run the variants by ours. Each has its experiment and its run as the command ends."""
    before = _refs(root)
    seconds = run(root, "wherefrom", "sweep", *_space(seed), "--jobs", str(JOBS))
    made = _refs(root) - before
    _check_runs(root, "train.seed", seed)
    settle(root)
    return Turn(seconds, _scores(root, made, "results/cv.json", "results/metrics.json"))


def _prepare_dvclive(start: Path, root: Path) -> None:
    """Make a project of DVC with a first result, committed."""
    copy_peer("dvclive", start, root)
    for command in (
        ("git", "init", "--quiet"),
        ("dvc", "init", "--quiet"),
        ("dvc", "config", "core.analytics", "false"),
        ("dvc", "config", "core.check_update", "false"),
        ("dvc", "add", "--quiet", TABLE),
        ("git", "add", "--all"),
        ("git", *IDENTITY, "commit", "--quiet", "--message", "The project"),
        ("dvc", "repro", "--quiet"),
        ("git", "add", "--all"),
        ("git", *IDENTITY, "commit", "--quiet", "--message", "A first result"),
    ):
        run(root, *command)


def _sweep_queue(root: Path, seed: int) -> Turn:
    """Queue the variants, start two workers, and wait until each is an experiment.

    The workers go on for some seconds until they see that the queue is empty: that is not counted.
    """
    before = _refs(root)
    started = time.perf_counter()
    run(root, "dvc", "exp", "run", "--queue", "--quiet", *_space(seed))
    run(root, "dvc", "queue", "start", "--quiet", "--jobs", str(JOBS))
    while len(made := _refs(root) - before) < VARIANTS:
        if not processes(root):
            sys.exit(f"the queue's workers have ended\n{output(root, 'dvc', 'queue', 'status')}")
        time.sleep(0.5)
    seconds = time.perf_counter() - started
    settle(root)
    metrics = (f"results/{stage}/metrics.json" for stage in ("train", "evaluate"))
    return Turn(seconds, _scores(root, made, *metrics))


def _prepare_loop(start: Path, root: Path) -> None:
    """Copy the script, and have the store made, as ours has its own from the first result on."""
    copy_peer("loop", start, root)
    run(root, *loop_command(FIRST_SEED - 1, TREES[:1], DEPTHS[:1]), "--no-model")


def _sweep_loop(root: Path, seed: int, *options: str) -> Turn:
    started = time.perf_counter()
    said = output(root, *loop_command(seed, TREES, DEPTHS), *options)
    seconds = time.perf_counter() - started
    if "--bare" not in options:
        _check_runs(root, "seed", seed)
    rows = [json.loads(line) for line in said.splitlines()]
    names = ("n_estimators", "max_depth")
    return Turn(seconds, {tuple(row["params"][n] for n in names): row["metrics"] for row in rows})


def loop_command(seed: int, trees: Iterable[int], depths: Iterable[int]) -> list[str]:
    """Give the command of the loop over these variants."""
    space = ["--n-estimators", *map(str, trees), "--max-depth", *map(str, depths)]
    return [sys.executable, "loop.py", TABLE, "--seed", str(seed), *space]


def _space(seed: int) -> list[str]:
    """Give the variants in the language of `dvc exp run`."""
    trees, depths = ",".join(map(str, TREES)), ",".join(map(str, DEPTHS))
    chosen = (f"n_estimators={trees}", f"max_depth={depths}")
    sets = [f"train.seed={seed}", *(f"{_FOREST}.{one}" for one in chosen)]
    return [part for one in sets for part in ("--set-param", one)]


def copy_peer(peer: str, start: Path, root: Path) -> None:
    """Copy a peer to a place of its own, with the module that both share, and the table of ours."""
    shutil.copytree(PEERS / peer, root)
    shutil.copy(PEERS / "modelling.py", root)
    (root / TABLE).parent.mkdir(parents=True)
    shutil.copy(start / TABLE, root / TABLE)


def _refs(root: Path) -> set[str]:
    """Give the refs of the experiments, below their commit in two parts; others are DVC's own."""
    args = ("--format=%(refname)", "refs/exps/*/*/*")
    return set(output(root, "git", "for-each-ref", *args).splitlines())


def _scores(root: Path, refs: Iterable[str], *files: str) -> Scores:
    """Read the scores of experiments from their commits."""
    scores: Scores = {}
    for ref in refs:
        params = yaml.safe_load(output(root, "git", "show", f"{ref}:params.yaml"))
        forest = params["train"]["random_forest"]
        texts = (json.loads(output(root, "git", "show", f"{ref}:{file}")) for file in files)
        found = {name: value for text in texts for name, value in flatten(text).items()}
        scores[forest["n_estimators"], forest["max_depth"]] = found
    return scores


WAYS = {
    "ours": Way("wherefrom sweep", copy, sweep_ours),
    "queue": Way("dvc queue of two, DVCLive", _prepare_dvclive, _sweep_queue, 1 / 8),
    "loop": Way("a loop that logs all to MLflow", _prepare_loop, _sweep_loop, 1 / 5),
    "no-model": Way(
        "the loop, without the model",
        _prepare_loop,
        lambda root, seed: _sweep_loop(root, seed, "--no-model"),
        6,
    ),
    "bare": Way(
        "the loop, nothing logged",
        _prepare_loop,
        lambda root, seed: _sweep_loop(root, seed, "--bare"),
    ),
}


if __name__ == "__main__":
    main()
