"""The small project with a training that waits until it is let go on."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

from waiting import HEARING, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox import Sandbox

TRAIN_PY = """\
import json, os, time
from pathlib import Path
from wherefrom import stage

def main():
    with stage.tracked(record="train.wherefrom.json"):
        lr = stage.read_params()["train"]["lr"]
        marks = Path(os.environ["MARKS"])
        (marks / f"new-{lr}").write_text(f"{os.getppid()} {os.getpid()}")
        (marks / f"new-{lr}").rename(marks / f"began-{lr}")
        while not (marks / "go").exists():
            time.sleep(0.05)
        Path("model.txt").write_text(str(lr))
        Path("cv.json").write_text(json.dumps({"cv": {"score": lr}}))

stage.run(main)
"""


def slow_down(small: Sandbox) -> None:
    """Put the training that waits in the place of the small project's."""
    (small.root / "code" / "train.py").write_text(TRAIN_PY)
    small.commit("A training that waits")
    marks(small).mkdir()


def marks(small: Sandbox) -> Path:
    """Give the folder in which trainings say that they have begun; a file `go` lets them end."""
    return small.root.with_name("marks")


def let_go(small: Sandbox) -> None:
    (marks(small) / "go").touch()


def begun(small: Sandbox) -> dict[str, tuple[int, int]]:
    """Map the rates of trainings that have begun to the processes of worker and stage."""
    found = marks(small).glob("began-*")
    return {f.name.removeprefix("began-"): tuple(map(int, f.read_text().split())) for f in found}


@contextmanager
def started(small: Sandbox, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Start a sweep, in whose variants two trainings then wait."""
    env = small.cold.environment | {"PWD": str(small.root), "MARKS": str(marks(small))}
    command = (*HEARING, "wherefrom", "sweep", *args)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=small.root, env=env, stdout=pipe, stderr=pipe, text=True
    ) as sweep:
        try:
            before = len(begun(small))
            until(lambda: len(begun(small)) == before + 2 or sweep.poll() is not None)
            yield sweep
        finally:
            if sweep.poll() is None:  # a test has failed
                sweep.kill()
                let_go(small)


def processes_of(small: Sandbox) -> list[psutil.Process]:
    """List the processes that sweeps have started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("MARKS") == str(marks(small)):
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]
