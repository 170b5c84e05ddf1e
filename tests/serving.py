"""`wherefrom ui` as a user starts it, on loopback, and nothing of it that stays behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.request import urlopen

import psutil

from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

LIGHT = {"MLFLOW_WORKERS": "1", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def processes(sandbox: Sandbox) -> dict[int, list[str]]:
    """Map the processes that work in a project to their commands."""
    found = psutil.process_iter(["cwd", "cmdline"])
    inside = (process for process in found if process.info["cwd"] == str(sandbox.root))
    return {process.pid: process.info["cmdline"] or [] for process in inside}


def is_watched(sandbox: Sandbox) -> bool:
    return any("--watch" in command for command in processes(sandbox).values())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ui(sandbox: Sandbox, **extra: str) -> Iterator[subprocess.Popen[str]]:
    """Open the UI on a port that is free, and leave no process of it, whatever happens."""
    process = subprocess.Popen(
        ["wherefrom", "ui", "--port", str(free_port())],
        cwd=sandbox.root,
        env=sandbox.cold.environment | LIGHT | extra,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        until(lambda: is_watched(sandbox))
        yield process
    finally:
        process.kill()
        left = processes(sandbox)
        for pid in left:
            with suppress(ProcessLookupError):  # it has ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    """Read where the UI is."""
    assert process.stdout is not None
    return process.stdout.readline().split()[2]


def experiments(url: str) -> dict[str, str]:
    """Ask a server for MLflow's experiments and their ids; none as long as it does not answer."""
    try:
        with urlopen(f"{url}/api/2.0/mlflow/experiments/search?max_results=9") as answer:
            found = json.load(answer).get("experiments", [])
    except OSError:
        return {}
    return {one["name"]: one["experiment_id"] for one in found if one["name"] != "Default"}
