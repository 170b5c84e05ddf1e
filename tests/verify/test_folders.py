"""Folders of code among the dependencies of a stage: DVC counts what git ignores in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asking import answered, gaps
from join import small_project
from reproduce.again import reproduce
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from sandbox import Sandbox


@pytest.fixture
def folder(small: Sandbox) -> Sandbox:
    """The small project, whose training depends on a folder with a module."""
    small.replace("dvc.yaml", "[code/train.py, data", "[code, data")
    (small.root / "code" / "rate.py").write_text("FACTOR = 2\n")
    small.replace("code/train.py", "import json", "import rate, json")
    small.replace("code/train.py", "str(lr)", "str(lr * rate.FACTOR)")
    small.replace(".gitignore", "/mlruns/", "/mlruns/\n__pycache__/\nsecret.txt")
    small.commit("A folder of code")
    return small


def test_caches_of_python_in_a_folder_of_code_are_no_gap(folder: Sandbox) -> None:
    folder.dvc("repro")
    folder.commit("Its result")

    assert list((folder.root / "code" / "__pycache__").iterdir())
    assert list(folder.record(path=small_project.TRAINING).ignored) == ["code"]
    check_whole(folder, "HEAD")
    assert not [g for g in gaps(answered(folder, "trace", "HEAD").found) if "code" in g.split()[0]]
    assert reproduce(folder, "HEAD").found["verdict"] == "identical"


def test_another_file_that_git_ignores_is_named(folder: Sandbox) -> None:
    (folder.root / "code" / "secret.txt").write_text("7")
    folder.dvc("repro")
    folder.commit("Its result")

    found = verify(folder, "HEAD")

    assert found.problems == {"code": {"code/secret.txt"}}
    assert "git ignores it" in found.all[0]["why"]


def test_code_that_was_committed_with_another_file_than_was_read_is_found(folder: Sandbox) -> None:
    folder.dvc("repro")
    (folder.root / "code" / "rate.py").write_text("FACTOR = 3\n")
    folder.commit("Its result, and other code")

    assert verify(folder, "HEAD").problems == {"code": {"code"}}


def test_a_record_without_ignored_files_is_as_before(small: Sandbox) -> None:
    assert '"ignored"' not in small.text(small_project.TRAINING)
