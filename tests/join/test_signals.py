"""A stage that is stopped says so in one line and ends its run, whatever stopped it and when."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sandbox import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

# `env --default-signal` below: a suite in the background, or under nohup, has signals ignored, and
# so have its children.
SCRIPTS = sorted(path.name for path in (PROJECT / "src").glob("*.py"))
SIGNALS = (
    pytest.param(signal.SIGHUP, id="SIGHUP"),
    pytest.param(signal.SIGQUIT, id="SIGQUIT", marks=pytest.mark.thorough),
)
IMPORTS = {
    "plain": "import signal\nsignal.raise_signal(signal.SIGINT)\nwhile True: pass\n",
    "swallowed": (
        "import signal\ntry:\n    signal.raise_signal(signal.SIGINT)\n"
        "except BaseException:\n    pass\n"
    ),
}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_stage_that_is_asked_to_end_leaves_a_killed_run(
    small: Sandbox, number: signal.Signals
) -> None:
    before = small.runs()
    not_ignored = ("env", f"--default-signal={number.name.removeprefix('SIG')}")

    done = small.cold.process(
        *not_ignored, "dvc", "repro", "--force", "train", SIGNAL=str(number.value)
    )

    (run,) = [run for run_id, run in small.runs().items() if run_id not in before]
    assert (run.status, done.returncode) == ("KILLED", 255)
    assert run.ended is not None
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_the_caller_has_had_ignored_ends_no_stage(
    small: Sandbox, number: signal.Signals
) -> None:
    before = small.runs()
    ignored = ("env", f"--ignore-signal={number.name.removeprefix('SIG')}")

    small.cold.run(*ignored, "dvc", "repro", "--force", "train", SIGNAL=str(number.value))

    (run,) = [run for run_id, run in small.runs().items() if run_id not in before]
    assert run.status == "FINISHED"


def interrupted(
    folder: Path, script: str, imported: str, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a stage's script whose first import of the workspace's code meets a Ctrl-C."""
    (folder / script).write_text((PROJECT / "src" / script).read_text())
    (folder / "pipeline").mkdir()
    (folder / "pipeline" / "__init__.py").write_text(imported)
    command = ["env", "--default-signal=INT", sys.executable, script]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_stage_that_is_interrupted_while_it_imports_says_so_in_one_line(
    tmp_path: Path, environment: dict[str, str], script: str
) -> None:
    done = interrupted(tmp_path, script, IMPORTS["plain"], environment)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "wherefrom: interrupted\n")


def test_an_import_that_swallows_the_interruption_does_not_keep_the_stage_from_ending(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    done = interrupted(tmp_path, "train.py", IMPORTS["swallowed"], environment)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "wherefrom: interrupted\n")
