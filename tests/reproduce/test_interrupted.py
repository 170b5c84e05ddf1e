"""A reproduction that is interrupted or killed leaves no process, and nothing that stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from again import left_over, reproduce, state

from waiting import HEARING, is_alive, until

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

WAIT = """\
if "WAIT" in os.environ:
    import time
    Path(os.environ["WAIT"]).write_text(str(os.getpid()))
    time.sleep(600)

def main():
"""


@pytest.fixture
def waiting(small: Sandbox) -> Sandbox:
    """The small project, whose training waits where it is told to; what is stopped runs cold."""
    small.replace("code/train.py", "def main():\n", WAIT)
    small.dvc("repro")
    small.commit("Wait")
    return small.cold


def started(sandbox: Sandbox, pid_file: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start a reproduction, and give it with the process of the stage that waits."""
    process = subprocess.Popen(
        [*HEARING, "wherefrom", "reproduce", "HEAD", "--env", "current"],
        cwd=sandbox.root,
        env=sandbox.environment | {"WAIT": str(pid_file)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until(lambda: pid_file.exists() and pid_file.read_text())
    return process, int(pid_file.read_text())


def test_ctrl_c_ends_all_processes_and_leaves_nothing(waiting: Sandbox, tmp_path: Path) -> None:
    before = state(waiting.root)
    process, stage = started(waiting, tmp_path / "pid")

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert (process.returncode, said.splitlines()[-1]) == (130, b"interrupted")
    until(lambda: not is_alive(stage))
    assert left_over(waiting) == []
    assert state(waiting.root) == before
    assert waiting.git("notes", "--ref=wherefrom", "list") == ""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_what_a_killed_one_leaves_is_removed_by_the_next(
    small: Sandbox, waiting: Sandbox, tmp_path: Path, number: signal.Signals
) -> None:
    process, stage = started(waiting, tmp_path / "pid")
    beside = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]

    os.kill(process.pid, number)
    process.communicate(timeout=60)

    until(lambda: not any(map(is_alive, beside)))
    assert not is_alive(stage)
    assert left_over(waiting) != []
    answer = reproduce(small, "HEAD")
    assert answer.found["verdict"] == "identical"
    assert left_over(waiting) == []


def test_a_call_beside_another_leaves_it_alone(
    small: Sandbox, waiting: Sandbox, tmp_path: Path
) -> None:
    process, stage = started(waiting, tmp_path / "pid")
    mine = left_over(waiting)

    answer = reproduce(small, "HEAD")

    assert answer.found["verdict"] == "identical"
    assert left_over(waiting) == mine
    assert is_alive(stage)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


_PROTECTING = """\
import os, tempfile
from pathlib import Path
from wherefrom import places

folder = Path(tempfile.mkdtemp())
if os.geteuid() == 0:  # whom nothing is protected from
    os.chown(folder, 65534, 65534)
    os.setuid(65534)
with places.place(folder) as place:
    (place.folder / "left" / "inside").mkdir(parents=True)
    (place.folder / "left" / "inside" / "file").touch()
    (place.folder / "left" / "inside").chmod(0o500)
    (place.folder / "left").chmod(0)
    (place.folder / "link").symlink_to("/")
folder.rmdir()
"""


def test_folders_that_a_stage_has_protected_are_removed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROTECTING],
        env={name: value for name, value in os.environ.items() if name != "TMPDIR"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
