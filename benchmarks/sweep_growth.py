"""Whether a sweep grows dearer in a repository of a thousand experiments, or over 200 variants.

1 if a bar is missed. Time: 24 variants in a repository that has few experiments, and in one that
has a thousand, in turn. Memory: 200 variants, and what all their processes hold meanwhile.

Memory is counted in two ways. The proportional set size (PSS) of a worker and the stage that it has
forked, in which each page that processes share is parted among them. And the resident size of the
largest process of a worker, shared pages counted in full. What all processes of the sweep hold
together, the one that has the libraries imported and the one that has the display too, is what may
not grow. Where a system tells no PSS it is the unique size (USS).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil
import speed
from measure import clone, in_turn, processes, run, settle
from report import Line, Report

import sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MANY, FEW, ROUNDS = 1000, 10, 3
MOST = 1.2
"""How many times the tenth variant the thousandth may cost."""
MEGABYTES = 400
LONG = 200
SPACE = (
    *("--set-param", "train.random_forest.n_estimators=range(10,30)"),
    *("--set-param", "train.random_forest.max_depth=range(3,13)"),
)
"""As many variants as `LONG` says."""
PARTS = 4
GROWTH = 1.1
"""How many times the peak of the first quarter of the variants that of the last one may be."""
INTERVAL = 0.25


@dataclass(frozen=True)
class Held:
    """What the processes of a sweep hold at one moment, in megabytes.

    `together` is the PSS of all, `worker` that of the worker with most, `largest` the resident size
    of the largest process of a worker.
    """

    together: float
    worker: float = 0.0
    largest: float = 0.0


def main() -> None:
    """Measure, and report a table."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        clone(folder / "start")
        compare(report, folder, folder / "start")
    sys.exit(report.end("sweep-growth"))


def compare(report: Report, folder: Path, start: Path, rounds: int = ROUNDS) -> None:
    """Report what a variant costs among few and among many, and what memory a long sweep takes.

    `start` is a project as `measure.clone` makes it.
    """
    few, many = (
        speed.make(folder / f"sweep-among-{count}", count, start).root for count in (FEW, MANY)
    )
    report.table(f"a variant in a repository of {MANY:,} experiments", _times(few, many, rounds))
    report.table(f"memory of a sweep of {LONG} variants by {sweep.JOBS} workers", _memory(many))


def _times(few: Path, many: Path, rounds: int) -> Iterator[Line]:
    seeds = count(sweep.FIRST_SEED)

    def variant(root: Path) -> float:
        turn = sweep.sweep_ours(root, next(seeds))
        sweep.check_same({"wherefrom sweep": turn.scores})
        return turn.seconds / sweep.VARIANTS

    times = in_turn({"few": lambda: variant(few), "many": lambda: variant(many)}, rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    yield Line(f"among {MANY:,}", medians["many"], f"among {FEW}", medians["few"], MOST)


def _memory(root: Path) -> Iterator[Line]:
    with watching(root) as moments:
        run(root, "wherefrom", "sweep", *SPACE, "--jobs", str(sweep.JOBS))
    settle(root)
    peaks = parts(moments)
    limit = ("the limit", MEGABYTES, 1, "MB")
    yield Line("a worker and its stage (PSS)", max(one.worker for one in moments), *limit)
    yield Line("its largest process (RSS)", max(one.largest for one in moments), *limit)
    name = "all together, the last quarter"
    yield Line(name, peaks[-1], "the first quarter", peaks[0], GROWTH, "MB")


def parts(moments: Sequence[Held]) -> list[float]:
    """Give what was held together at most in each part of the time."""
    size = len(moments) / PARTS
    return [
        max(one.together for one in moments[round(part * size) : round((part + 1) * size)])
        for part in range(PARTS)
    ]


@contextmanager
def watching(root: Path) -> Iterator[list[Held]]:
    """Look at the processes of a project again and again, from a thread, until the block ends."""
    moments: list[Held] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(INTERVAL):
            moments.append(held(processes(root)))

    with ThreadPoolExecutor(1) as pool:
        watched = pool.submit(watch)
        try:
            yield moments
        finally:
            done.set()
        watched.result()  # raises what went wrong while watching


def held(running: Iterable[psutil.Process]) -> Held:
    """Say what processes hold at this moment; one that has ended meanwhile holds nothing.

    A worker leads a process group of its own, which its stages are in, and was started by another
    process of the sweep.
    """
    found = [look for process in running for look in _looked_at(process)]
    there = {look.pid for look in found}
    leaders = {look.pid for look in found if look.pid == look.group and look.parent in there}
    of_workers = [look for look in found if look.group in leaders]
    by_worker = Counter[int]()
    for look in of_workers:
        by_worker[look.group] += look.pss
    return Held(
        sum(look.pss for look in found) / 1e6,
        max(by_worker.values(), default=0) / 1e6,
        max((look.rss for look in of_workers), default=0) / 1e6,
    )


class _Look(NamedTuple):
    """A process at one moment; sizes in bytes."""

    pid: int
    parent: int
    group: int
    pss: int
    rss: int


def _looked_at(process: psutil.Process) -> Iterator[_Look]:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        size = process.memory_full_info()
        pss = getattr(size, "pss", size.uss)
        yield _Look(process.pid, process.ppid(), os.getpgid(process.pid), pss, size.rss)


if __name__ == "__main__":
    main()
