"""What every benchmark needs: a project with a first result, whole processes, medians in turn."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from report import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Act = Callable[[], float]
    """Runs one side once, and gives the seconds that count."""

PROJECT = Path(__file__).parent.parent
BIN = PROJECT / ".venv" / "bin"
MARK = "BENCH_AT"
"""The variable that all processes of a project have: so those are found that outlive a command."""

IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
ROUNDS = 5
PATIENCE = 120
"""Seconds that processes may take to end by themselves."""


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


def copy(start: Path, root: Path) -> None:
    """Copy a project that `clone` made."""
    shutil.copytree(start, root, symlinks=True)
    run(root, "wherefrom", "sync")  # corrects the places of a store that was moved


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
    env = _environ(root) | dict(environ or {})
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=said
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


def output(root: Path, *command: str) -> str:
    """Run a command to its end, and give what it writes; a status but 0 ends the benchmark."""
    done = subprocess.run(
        command, cwd=root, env=_environ(root), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    return done.stdout


def _environ(root: Path) -> dict[str, str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", MARK: str(root)}


def processes(root: Path) -> list[psutil.Process]:
    """Give the processes that a command of this project has started, and that still run."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # it has ended, or is another user's
            if process.environ().get(MARK) == str(root):
                found.append(process)
    return found


def settle(root: Path) -> None:
    """Wait until a project's processes have ended, so that they disturb nothing after them."""
    end = time.monotonic() + PATIENCE
    while running := processes(root):
        if time.monotonic() > end:
            sys.exit(f"these have not ended: {[' '.join(one.cmdline()) for one in running]}")
        time.sleep(0.05)


def in_turn(sides: Mapping[str, Act], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Time the sides in turn, so that a busy machine slows all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, act in sides.items():
            times[name].append(act())
    return times


def against_last(sides: Mapping[str, Act], rounds: int = ROUNDS) -> Iterator[Line]:
    """Time the sides in turn, and give the median of each against that of the last one."""
    medians = {name: statistics.median(times) for name, times in in_turn(sides, rounds).items()}
    *others, last = medians
    for name in others:
        yield Line(name, medians[name], last, medians[last])
