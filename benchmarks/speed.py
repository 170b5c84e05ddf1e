"""How fast a long history is read, against what a user would pick instead."""

from __future__ import annotations

import shutil
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import history
import runs
from measure import ROUNDS, Cost, clone, cost, in_turn
from report import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from report import Report

LS, BEST, TRACE = ("wherefrom", "ls"), ("wherefrom", "best"), ("wherefrom", "trace")
IMPORT = (sys.executable, "-c", "import mlflow")
FEW = 100
MEGABYTES = 500


@dataclass(frozen=True)
class History:
    """A generated history with its runs; `record_id` is that of a result in its middle."""

    root: Path
    record_id: str


def make(root: Path, count: int, start: Path | None) -> History:
    """Generate a history and its runs, in another process; `start` as in `history.generate`.

    Linux counts what a process holds as it starts another one into the other's peak (`exec_mmap`):
    so this one, which measures peaks, has to stay small.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        return other.submit(_make, root, count, start).result()


def _make(root: Path, count: int, start: Path | None) -> History:
    results = history.generate(root, count, start)
    runs.fill(root, results)
    return History(root, results[count // 2].training.record_id)


def compare(
    report: Report,
    folder: Path,
    count: int,
    start: Path | None = None,
    *,
    exp_show: bool = True,
    small: bool = False,
) -> None:
    """Measure on a history of `count`, and report a table."""
    if start is None:
        start = folder / "start"
        clone(start)
    many = make(folder / f"history-{count}", count, start)
    few = make(folder / f"history-{FEW}", FEW, start)
    title = f"a history of {count:,} experiments and as many runs"
    report.table(title, _lines(many, few, exp_show=exp_show), judge_scale=not small)
    if not exp_show:
        print("  `dvc exp show` was skipped: the first index has nothing to be compared with")


def _lines(many: History, few: History, *, exp_show: bool) -> Iterator[Line]:
    costs = [_first_index(many.root) for _ in range(3)]
    first = statistics.median(found.seconds for found in costs)
    peak = max(found.megabytes for found in costs)
    yield Line("first index, its peak", peak, "the limit", MEGABYTES, 1, "MB", at_scale=True)
    if exp_show:
        base = _first_exp_show(many.root).seconds
        yield Line("first index", first, "first `dvc exp show`", base, 1 / 30, at_scale=True)
    yield from _traces(many, few)
    yield from _searches(many.root)
    yield from _refreshes(many.root, first)


def _first_index(root: Path) -> Cost:
    for index in (root / ".wherefrom").glob("index*"):
        if index.is_dir():
            shutil.rmtree(index)
        else:
            index.unlink()
    return _ask(root, *LS)


def _first_exp_show(root: Path) -> Cost:
    shutil.rmtree(root / ".dvc" / "tmp" / "exps" / "cache", ignore_errors=True)
    return cost(root, "dvc", "exp", "show")


def _traces(many: History, few: History) -> Iterator[Line]:
    _ask(few.root, *LS)  # its index, too
    times = _medians(
        {
            "many": (many.root, *TRACE, many.record_id),
            "few": (few.root, *TRACE, few.record_id),
            "import": (many.root, *IMPORT),
        }
    )
    name = "trace RECORD"
    yield Line(name, times["many"], "python -c 'import mlflow'", times["import"], 0.35)
    yield Line(name, times["many"], f"the same among {FEW}", times["few"], 1.2)


def _searches(root: Path) -> Iterator[Line]:
    search = (
        f"import mlflow; mlflow.set_tracking_uri('sqlite:///{root / 'mlflow.db'}'); "
        "mlflow.search_runs(search_all_experiments=True)"
    )
    sides = {"ls": LS, "best": BEST, "search": (sys.executable, "-c", search)}
    times = _medians({name: (root, *command) for name, command in sides.items()}, rounds=3)
    for name in ("ls", "best"):
        yield Line(name, times[name], "mlflow.search_runs", times["search"], 1)


def _refreshes(root: Path, first: float) -> Iterator[Line]:
    def after_one_more() -> float:
        runs.fill(root, [history.add_one(root)])
        return _ask(root, *LS).seconds

    times = in_turn({"more": after_one_more, "same": lambda: _ask(root, *LS).seconds})
    more, same = (statistics.median(times[name]) for name in ("more", "same"))
    yield Line("ls, one experiment more", more, "ls, nothing new", same, 1.5)
    yield Line("ls, one experiment more", more, "first index", first, 0.2, at_scale=True)


def _ask(root: Path, *command: str) -> Cost:
    """Run a command. Status 1 is an answer as well: a result with a gap."""
    return cost(root, *command, accept=(0, 1))


def _medians(
    sides: dict[str, tuple[Path, *tuple[str, ...]]], rounds: int = ROUNDS
) -> dict[str, float]:
    """Time commands in turn."""
    acts = {name: lambda side=side: _ask(*side).seconds for name, side in sides.items()}
    return {name: statistics.median(times) for name, times in in_turn(acts, rounds).items()}
