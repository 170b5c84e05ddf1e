"""What MLflow's UI shows is linked without a command of the user's, and nothing stays behind it."""

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

from sync.every_kind import RESULT
from waiting import until
from wherefrom.remarks import Tagged, line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def test_the_ui_links_what_comes_meanwhile_and_no_command_line_names_its_store(
    linked: Sandbox,
) -> None:
    """An experiment comes, and a note; at the end no process is left."""
    with ui(linked) as process:
        url = address(process)
        linked.dvc(
            *("exp", "run", "--temp", "-n", "later", "-S", "train.lr=0.7"), WHEREFROM_TRACKING="off"
        )
        record_id = linked.record("later", RESULT).record_id
        sha = linked.git("rev-parse", linked.revision("later")).strip()

        until(lambda: ("later", record_id, sha) in links(linked))

        blob = linked.git("rev-parse", f"{linked.revision('later')}:{RESULT}").strip()
        said = line(Tagged({"status": "discarded"}, 1_700_000_000_000, None))
        linked.git("notes", "--ref=wherefrom", "add", "-m", said, blob)
        until(lambda: "discarded" in {r.tags.get("status") for r in linked.runs().values()})

        until(lambda: experiments(url))

        assert experiments(url) == {"first"}
        said = [part for command in processes(linked).values() for part in command]
        assert [part for part in said if "sqlite" in part or "mlflow.db" in part] == []
        process.terminate()
        process.wait(timeout=60)
        until(lambda: not processes(linked), seconds=30)


def test_the_ui_of_a_store_that_is_a_server_is_the_servers(linked: Sandbox) -> None:
    with ui(linked) as process:
        url = address(process)
        until(lambda: experiments(url))
        secret = url.replace("//", "//somebody:hush@")
        with ui(linked, MLFLOW_TRACKING_URI=secret) as other:
            assert address(other) == url
            said = [part for command in processes(linked).values() for part in command]
            assert [part for part in said if "hush" in part] == []


def address(process: subprocess.Popen[str]) -> str:
    """Read where the UI is."""
    assert process.stdout is not None
    return process.stdout.readline().split()[2]


def experiments(url: str) -> set[str]:
    """Ask a server for MLflow's experiments; none as long as it does not answer."""
    try:
        with urlopen(f"{url}/api/2.0/mlflow/experiments/search?max_results=9") as answer:
            found = json.load(answer).get("experiments", [])
    except OSError:
        return set()
    return {experiment["name"] for experiment in found} - {"Default"}


def test_a_watch_says_what_fails_and_goes_on_when_it_has_passed(
    linked: Sandbox, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["wherefrom", "sync", "--watch"],
            cwd=linked.root,
            env=linked.cold.environment,
            stderr=file,
            text=True,
        )
    try:
        until((linked.root / ".wherefrom" / "sync.lock").exists)
        (linked.root / ".git").rename(tmp_path / "away")
        until(lambda: "git repository" in log.read_text() or process.poll() is not None)
        (tmp_path / "away").rename(linked.root / ".git")
        ref = linked.revision("alpha")
        linked.git("update-ref", ref.replace("/alpha", "/later"), ref)

        until(lambda: "later" in inheriting(linked) or process.poll() is not None)

        assert process.poll() is None, log.read_text()
        assert len(log.read_text().splitlines()) == 1
    finally:
        process.kill()
        process.wait()


def inheriting(sandbox: Sandbox) -> set[str | None]:
    return {run.tags.get("wherefrom.inherited_by") for run in sandbox.runs().values()}


def links(sandbox: Sandbox) -> set[tuple[str, str | None, str | None]]:
    """Give the names, the records and the experiments' own commits of all runs."""
    return {(r.name, r.record_id, r.tags.get("dvc.exp.rev")) for r in sandbox.runs().values()}


def test_a_ui_that_is_stopped_at_once_leaves_no_process(linked: Sandbox) -> None:
    with ui(linked) as process:
        process.terminate()
        process.wait(timeout=60)
        until(lambda: not processes(linked), seconds=30)
