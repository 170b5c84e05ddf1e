"""Which libraries are imported for all variants: those that the code of the stages names."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from wherefrom import project
from wherefrom.sweeping import code

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "sub/train.py": "import json\nimport joblib.parallel, mine, tensorflow\nfrom . import psutil\n",
    "sub/broken.py": "import packaging(\n",
    "sub/pkg/evaluate.py": "from yaml import safe_load\n",
    "sub/other/deep/fit.py": "import click\n",
    "lib/shared.py": "import tqdm\n",
}
UNTRACKED = {"sub/venv/lib/site.py": "import pandas\n", "sub/new.py": "import numpy\n"}


def libraries(root: Path, *commands: str) -> list[str]:
    stages = "".join(f"  s{n}:\n    cmd: {command}\n" for n, command in enumerate(commands))
    (root / "sub" / "dvc.lock").write_text(f"schema: '2.0'\nstages:\n{stages}")
    return code.libraries(project.locate(root / "sub", {}))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    for name, text in {**FILES, ".gitignore": "venv/\n", "sub/.dvc/config": ""}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for args in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "m")):
        subprocess.run(["git", "-C", str(folder), *args], check=True)
    for name, text in UNTRACKED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("python other/deep/fit.py", ["click"]),
        ("python -m pkg.evaluate --fast", ["yaml"]),
        ("python ../lib/shared.py", ["tqdm"]),
        ("python train.py", ["click", "yaml", "json", "joblib.parallel"]),
        ("python ../../train.py", []),
        ("python /train.py", []),
        ("sh -c 'python train.py", []),
        ("python -c 'import numpy'", []),
    ],
)
def test_the_code_that_git_has_beside_a_command_names_libraries(
    root: Path, command: str, found: list[str]
) -> None:
    assert libraries(root, command) == found


def test_each_library_is_named_once(root: Path) -> None:
    assert libraries(root, "python -m pkg", "python -m pkg.evaluate") == ["yaml"]


def test_a_project_that_never_ran_names_none(root: Path) -> None:
    assert code.libraries(project.locate(root / "sub", {})) == []
