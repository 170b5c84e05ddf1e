"""What runs warm cannot be told from what runs cold."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox
from waiting import is_alive, until

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = {
    "facts": "import os, sys; "
    "print(os.getcwd(), sys.argv[1:], __file__, sys.path[0], os.environ['A'])",
    "streams": "import sys; print(sys.stdin.read()); print('said', file=sys.stderr)",
    "neighbour": "import beside; print(beside.__name__)",
    "status": "raise SystemExit(3)",
    "sentence": "raise SystemExit('no')",
    "signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "yaml": "from ruamel.yaml import YAML\n"
    "first, second = (YAML(typ='safe').load('a: [1, no, 2026-01-02]') for _ in range(2))\n"
    "first['a'].append(first)\nprint(first, second)",
    "threads": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()",
}


@pytest.fixture
def box(tmp_path: Path, warm_environment: dict[str, str]) -> Sandbox:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "beside.py").touch()
    return Sandbox(tmp_path, warm_environment)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_script_runs_warm_as_it_runs_cold(box: Sandbox, script: str) -> None:
    (box.root / "code" / "script.py").write_text(script)

    warm, cold = (
        each.process("python", "code/script.py", "x y", A="b") for each in (box, box.cold)
    )

    assert (warm.returncode, warm.stdout, warm.stderr) == (
        cold.returncode,
        cold.stdout,
        cold.stderr,
    )


def test_a_script_has_the_packages_of_its_pythonpath_and_nothing_of_the_one_before(
    box: Sandbox,
) -> None:
    (box.root / "script.py").write_text("import beside; print(beside.__file__)")

    said = box.run("python", "script.py", PYTHONPATH=str(box.root / "code"))

    assert said == f"{box.root}/code/beside.py\n"
    assert "No module named 'beside'" in box.process("python", "script.py").stderr


def test_what_runs_ends_with_its_caller(box: Sandbox) -> None:
    script = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\n"
    (box.root / "script.py").write_text(f"{script}pathlib.Path('there').touch()\ntime.sleep(600)")
    process = subprocess.Popen(
        ["python", "script.py"], cwd=box.root, env=box.environment, stdin=subprocess.DEVNULL
    )
    until((box.root / "there").exists)

    process.kill()
    process.wait()

    until(lambda: not is_alive(int((box.root / "pid").read_text())))
