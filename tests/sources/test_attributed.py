"""What was edited after a result was made is named, wherever the stage had it from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import ledger_repo
import pytest
from dvc.utils.serialize import dumps_yaml  # noqa: TID251 - what writes the locks
from ledger_repo import md5

from wherefrom import view
from wherefrom.commands import trace
from wherefrom.lockfile import folder_hash

if TYPE_CHECKING:
    from pathlib import Path

    from ledger_repo import LedgerRepo

CODE = {"src/train.py": "print()\n", "src/deep/tool.py": "x = 1\n"}
SRC = folder_hash(
    {"md5": md5(text), "relpath": path.removeprefix("src/")} for path, text in CODE.items()
)
DVC_YAML = """\
stages:
  train:
    cmd: python src/train.py
    deps: [src]
    params: [sub/params.yaml: [lr]]
    metrics: [m.json: {cache: false}]
"""


@pytest.fixture
def repo(tmp_path: Path) -> LedgerRepo:
    """A project whose stage depends on a folder of code, and on parameters of another file."""
    found = ledger_repo.build(tmp_path / "repo")
    train = {
        "cmd": "python src/train.py",
        "deps": [{"path": "src", "hash": "md5", "md5": SRC, "size": 14, "nfiles": 2}],
        "params": {"sub/params.yaml": {"lr": 1}},
        "outs": [{"path": "m.json", "hash": "md5", "md5": md5('{"a": 1}'), "size": 8}],
    }
    lock = dumps_yaml({"schema": "2.0", "stages": {"train": train}})
    files = {"dvc.yaml": DVC_YAML, "dvc.lock": lock, "m.json": '{"a": 1}', **CODE}
    for path, text in {**files, "sub/params.yaml": "lr: 1\n"}.items():
        found.write(path, text)
    found.commit()
    return found


def gaps(repo: LedgerRepo, where: str) -> list[str]:
    """List what keeps a result from being attributed."""
    with view.look(repo.root, os.environ) as looked:
        found = trace.trace(looked, where, repo.root)
    return [gap.what for gap in found.gaps if "no run in MLflow" not in gap.what]


def test_what_was_edited_in_a_folder_of_code_is_a_gap(repo: LedgerRepo) -> None:
    assert gaps(repo, "workspace") == gaps(repo, "HEAD") == []
    repo.write("src/train.py", "print(2)\n")

    assert gaps(repo, "workspace") == ["src in the workspace is not what train read"]
    assert gaps(repo, "HEAD") == []


def test_what_dvc_ignores_in_a_folder_of_code_is_none(repo: LedgerRepo) -> None:
    repo.write(".dvcignore", "*.pyc\n")
    repo.write("src/__pycache__/train.pyc", "x")

    assert gaps(repo, "workspace") == []


def test_parameters_of_another_file_that_were_edited_are_a_gap(repo: LedgerRepo) -> None:
    repo.write("sub/params.yaml", "lr: 7\n")
    assert gaps(repo, "workspace") == ["lr in the workspace is not what train ran with"]

    sha = repo.commit()
    assert gaps(repo, "HEAD") == [f"lr in {sha[:7]} is not what train ran with"]
