"""The small project with four experiments from DVC's queue: what every case here begins with."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import psutil

from join import small_project
from sandbox import Sandbox
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

QUEUED = {
    "alpha": "train.lr=0.2",
    "beta": "train.lr=0.3",
    "tuned": "evaluate.threshold=0.75",
    "same": "train.lr=0.1",
}
"""The experiments, and what each changes: `tuned` trains nothing, `same` nothing at all."""


def build(root: Path, environment: dict[str, str]) -> None:
    """Build the project with its first result, committed, and run four experiments side by side."""
    (root / "requirements.lock").write_text("")  # nothing is pinned, so nothing is amiss
    small_project.build(root, environment)
    sandbox = Sandbox(root, environment)
    for name, setting in QUEUED.items():
        sandbox.dvc("exp", "run", "--queue", "-n", name, "-S", setting)
    start_workers(sandbox, len(QUEUED))
    until(lambda: experiments(sandbox) == set(QUEUED) or not workers(sandbox))
    until(lambda: not {"Queued", "Running"} & set(sandbox.dvc("queue", "status").split()))
    assert experiments(sandbox) == set(QUEUED)
    for worker in workers(sandbox):  # those that began at once may not hear `dvc queue stop`
        os.kill(worker, signal.SIGTERM)
    until(lambda: not workers(sandbox))


def start_workers(sandbox: Sandbox, number: int) -> None:
    """Start the queue; its workers would keep a pipe open, so what it says goes nowhere."""
    subprocess.run(
        ["dvc", "queue", "start", "-j", str(number)],
        cwd=sandbox.root,
        env=sandbox.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )


def workers(sandbox: Sandbox) -> list[int]:
    """List the queue's workers of this project, by their process ids."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.info["cwd"] == str(sandbox.root)
        if "queue-worker" in (process.info["cmdline"] or [])
    ]


def executors(sandbox: Sandbox) -> list[int]:
    """List the processes that run queued experiments of this project."""
    found = ((p.pid, p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"]))
    inside = f"{sandbox.root}/"
    return [
        pid
        for pid, command in found
        if "exec-run" in command and any(part.startswith(inside) for part in command)
    ]


def experiments(sandbox: Sandbox) -> set[str]:
    """Give the names of the DVC experiments, by their refs."""
    refs = sandbox.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    own = ("exec", "stash", "celery", "apply", "temp")
    return {ref.split("/", 4)[4] for ref in refs if ref.split("/")[2] not in own}


def restored(sandbox: Sandbox, *changes: tuple[str, str]) -> None:
    """Change parameters and let DVC restore what an experiment made with them."""
    for old, new in changes:
        sandbox.replace("params.yaml", old, new)
    said = sandbox.dvc("repro")
    assert "Running stage" not in said, said


def removed(sandbox: Sandbox, names: Iterable[str]) -> None:
    sandbox.dvc("exp", "remove", *names)
