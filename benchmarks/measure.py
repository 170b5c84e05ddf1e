"""What every benchmark needs: a project with a first result, whole processes, medians in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Act = Callable[[], float]
    """Runs one side once, and gives the seconds that count."""

PROJECT = Path(__file__).parent.parent
BIN = PROJECT / ".venv" / "bin"
IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
ROUNDS = 5


def clone(root: Path) -> None:
    """Clone the project, with its first result made by DVC, and committed."""
    command = ["git", "clone", "--quiet", "--no-local"]  # without what no ref of it holds any more
    subprocess.run([*command, str(PROJECT), str(root)], check=True)
    (root / ".venv").symlink_to(PROJECT / ".venv")
    with (root / ".git" / "info" / "exclude").open("a") as exclude:
        exclude.write(".venv\n")  # .gitignore names the folder, not a link
    run(root, *make("run"))
    run(root, "git", "add", "dvc.lock", "results")
    run(root, "git", *IDENTITY, "commit", "--quiet", "--message", "The first result")


def make(target: str) -> list[str]:
    """Give a make command that takes the environment as it is."""
    stamps = ("installer", "packages", "ready", "ready-dev")
    return ["make", "--silent", *(part for s in stamps for part in ("-o", f".venv/.{s}")), target]


@dataclass(frozen=True)
class Cost:
    """What a process cost: seconds on the clock, and megabytes at its peak.

    The peak is that of the process or of the largest of those it started, whichever is more.
    """

    seconds: float
    megabytes: float


def cost(
    root: Path,
    *command: str,
    accept: tuple[int, ...] = (0,),
    environ: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command to its end, silently; `environ` adds to its environment.

    A status that is not in `accept` ends the benchmark, with the command's own words.
    """
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=root, env=env | dict(environ or {}), stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accept:
            said.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}\n{said.read()}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return Cost(seconds, usage.ru_maxrss * unit / 1e6)


def run(root: Path, *command: str, **extra: str) -> float:
    """Run a command to its end, silently, and give its seconds; `extra` as in `cost`."""
    return cost(root, *command, environ=extra).seconds


def in_turn(sides: Mapping[str, Act], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Time the sides in turn, so that a busy machine slows all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, act in sides.items():
            times[name].append(act())
    return times


def show(title: str, sides: Mapping[str, Act], rounds: int = ROUNDS) -> None:
    """Time the sides in turn and print their medians, each against the last one."""
    times = in_turn(sides, rounds)
    base = statistics.median(times[list(sides)[-1]])
    print(f"\n{title}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:<20} {median:7.2f} s   {median / base:5.2f}x   (least {min(values):.2f} s)")
