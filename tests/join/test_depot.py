"""A depot lends processes to the stages of one `dvc` command, and to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from sandbox import PROJECT
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="depots are for Linux")

NOTE = """\
        import psutil
        here = [
            (process.create_time(), process.pid)
            for process in psutil.process_iter(["cmdline", "environ"])
            if "preload.py" in " ".join(process.info["cmdline"] or ())
            and process.info["environ"]["PWD"] == os.environ["PWD"]
        ]
        Path("depots").open("a").write(f"{min(here)[1]}\\n")
"""
WORK = {"train": "        lr = stage", "evaluate": "        score = float"}
ASK = """\
import os, sys
sys.path.insert(0, {src!r})
from wherefrom import depot, preload

def is_lent(**environ):
    connection = depot.lend("wherefrom.depot:answer", preload.DVC, dict(os.environ) | environ)
    return connection is not None and depot.arrived(connection) is not None

depot.start(os.environ)
"""


def asked(folder: Path, code: str, streams: str = "") -> str:
    """Run code as a stage, below a shell that stands for DVC."""
    script = folder / "ask.py"
    script.write_text(ASK.format(src=str(PROJECT / "src")) + code)
    done = subprocess.run(
        ["sh", "-c", f"DVC_STAGE=train {sys.executable} {script} {streams}; exit $?"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def depots(folder: Path) -> list[int]:
    """List the depots that were started in a folder, with what they have forked."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "environ"])
        if "preload.py" in " ".join(process.info["cmdline"] or ())
        and (process.info["environ"] or {}).get("PWD") == str(folder)  # it may just have ended
    ]


def test_the_stages_of_a_command_share_a_depot_which_ends_with_it(small: Sandbox) -> None:
    for stage, work in WORK.items():
        small.replace(f"code/{stage}.py", work, NOTE + work)

    small.cold.dvc("repro")

    first, second = small.text("depots").split()
    assert first == second
    until(lambda: not depots(small.root))


def test_who_starts_a_depot_lends_it_no_output_to_hold_open(tmp_path: Path) -> None:
    assert asked(tmp_path, "print(is_lent())") == "True"  # and the output has ended

    until(lambda: not depots(tmp_path))


def test_other_variables_are_another_depots(tmp_path: Path) -> None:
    assert asked(tmp_path, "print(is_lent(MLFLOW_X='1'), is_lent(DVC_STAGE='evaluate'))") == (
        "False True"
    )


def test_variables_that_an_import_sets_leave_a_stage_its_depot(tmp_path: Path) -> None:
    code = (
        "depot.Asked(os.getpid).value()\n"
        "os.environ['KMP_INIT_AT_FORK'] = 'FALSE'\n"
        "print(depot.Asked(os.getpid).value() != os.getpid())"
    )

    assert asked(tmp_path, code) == "True"


def test_what_a_stage_would_import_from_elsewhere_is_not_lent(tmp_path: Path) -> None:
    (tmp_path / "dulwich.py").touch()

    assert asked(tmp_path, f"sys.path.insert(0, {str(tmp_path)!r}); print(is_lent())") == "False"


def test_an_unforeseen_error_in_a_lent_process_is_one_message_and_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = (
        "connection = depot.lend('wherefrom.nowhere:work', preload.DVC, dict(os.environ))\n"
        "lent = depot.arrived(connection)\n"
        "lent.connection.recv(1)"
    )

    said = asked(tmp_path, code, "2>&1").splitlines()

    assert "unexpected, in a process beside the stage: ModuleNotFoundError" in said[0]
    (log,) = tmp_path.glob("wherefrom-*.log")
    assert said[1:] == [f"  the whole traceback is in {log}"]
    assert log.read_text().startswith("Traceback")


def test_a_stage_that_ends_before_it_has_what_it_asked_for_hears_of_nothing(tmp_path: Path) -> None:
    code = (
        "depot.lend('os:getpid', preload.DVC, dict(os.environ)).close()\n"
        "print(depot.Asked(os.getpid).value() != os.getpid())"
    )

    assert asked(tmp_path, code, "2>&1") == "True"


def test_a_workspaces_own_wherefrom_is_what_a_lent_process_runs(tmp_path: Path) -> None:
    (tmp_path / "wherefrom_of_workspace.py").write_text(
        "def where():\n    import wherefrom\n    return wherefrom.__file__\n"
    )
    code = (
        f"sys.path.insert(1, {str(tmp_path)!r})\n"
        "from wherefrom_of_workspace import where\nprint(depot.Asked(where).value())"
    )

    assert asked(tmp_path, code) == str(PROJECT / "src" / "wherefrom" / "__init__.py")


def test_a_function_runs_in_the_depot_and_fails_where_it_was_asked(tmp_path: Path) -> None:
    code = (
        "print(depot.Asked(os.getpid).value() != os.getpid())\n"
        "try:\n    depot.Asked(int, 'x').value()\nexcept ValueError as error:\n    print(error)"
    )

    assert asked(tmp_path, code).splitlines() == [
        "True",
        "invalid literal for int() with base 10: 'x'",
    ]


def test_outside_of_a_stage_there_is_none() -> None:
    from wherefrom import depot, preload  # noqa: PLC0415

    clean = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}

    depot.start(clean)

    assert depot.lend("os:getpid", preload.DVC, clean) is None
