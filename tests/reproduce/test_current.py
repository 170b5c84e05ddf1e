"""This environment lends a clone no code of the workspace: the commit has its own."""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest
from again import reproduce

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox


@pytest.fixture
def helped(small: Sandbox) -> Sandbox:
    """A project whose training imports a module that PYTHONPATH leads to; HEAD has another one."""
    helper = small.root / "lib" / "helper.py"
    helper.parent.mkdir()
    helper.write_text("FACTOR = 1\n")
    small.replace("code/train.py", "import json", "import helper, json")
    small.replace("code/train.py", "str(lr)", "str(lr * helper.FACTOR)")
    small.commit("Use a helper")
    small.dvc("repro", PYTHONPATH=str(helper.parent))
    small.commit("The result with it")
    helper.write_text("FACTOR = 5\n")
    return small


def test_pythonpath_leads_to_the_code_of_the_commit(helped: Sandbox) -> None:
    lib = str(helped.root / "lib")

    answer = reproduce(helped, "HEAD", PYTHONPATH=lib)

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    helped.git("rm", "-q", "--cached", "-r", "lib")
    helped.git("commit", "-q", "-m", "Forget the helper")
    without = reproduce(helped, helped.git("rev-parse", "HEAD").strip(), PYTHONPATH=lib)
    assert (without.status, without.found["verdict"]) == (1, "impossible")
    assert "No module named 'helper'" in without.said


def test_an_environment_with_the_code_of_the_workspace_is_refused(
    helped: Sandbox, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    helped.run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    (place,) = (venv / "lib").glob("python*/site-packages")
    own = sysconfig.get_path("purelib")
    (place / "lent.pth").write_text(f"{own}\n{helped.root / 'lib'}\n")

    path = f"{venv / 'bin'}{os.pathsep}{helped.environment['PATH']}"
    answer = reproduce(helped, "HEAD", PATH=path)

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    missing = answer.found["missing"]
    assert missing["what"] == "this environment has the workspace's own code, and not the commit's"
    assert str(helped.root / "lib") in missing["why"]
