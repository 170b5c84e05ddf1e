"""What makes a tree dirty, and what of it a snapshot keeps: code always, data and secrets never."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from wherefrom import workspace
from wherefrom.lockfile import StageFacts
from wherefrom.project import Project
from wherefrom.sources.dvc_running import RunningStage

if TYPE_CHECKING:
    from pathlib import Path

RECORD = "a" * 32
STAGE = RunningStage(
    address="train",
    facts=StageFacts("train", "python src/train.py"),
    deps={},
    outs=(),
    raw=(),
    params_of=(),
    metrics_before=(),
    outputs_of_all=frozenset({"model.bin", "src/made.py"}),
    inputs_of_all=frozenset({"src", "src/train.py", "data/table.csv", "data/folder"}),
    gaps=(),
)
COMMITTED = {
    "src/train.py": "1",
    "src/words.txt": "a",
    "params.yaml": "lr: 0.1",
    "dvc.lock": "x",
    "a.md": "text",
}


def git(root: Path, *args: str) -> str:
    command = ["git", "-C", str(root), *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def write(root: Path, path: str, text: str = "new") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for path, text in COMMITTED.items():
        write(tmp_path, path, text)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    return Project(tmp_path, tmp_path, "", tmp_path)


def kept(project: Project) -> dict[str, str]:
    """Keep the dirty tree, and give the files in which the snapshot differs from HEAD."""
    root = project.workspace
    facts, paths = workspace.git_facts(project, STAGE)
    assert facts.dirty
    sha = workspace.keep(project, paths, RECORD, "the stage train")
    assert git(root, "rev-parse", f"refs/wherefrom/dirty/{RECORD}").strip() == sha
    names = git(root, "diff", "--name-only", "-z", "HEAD", sha).split("\0")
    return {name: git(root, "show", f"{sha}:{name}") for name in names if name}


@pytest.mark.parametrize(
    "path",
    ["src/secret.env", "src/deep/key.pem", "data/table.csv", "data/folder/part.csv"],
    ids=["secret", "secret deeper", "table", "part of a folder"],
)
def test_an_untracked_input_that_is_no_code_makes_the_tree_dirty_and_is_not_kept(
    project: Project, path: str
) -> None:
    write(project.workspace, path, "confidential")

    assert kept(project) == {}


@pytest.mark.parametrize(
    "path",
    ["src/helper.py", "src/deep/helper.py", "data/table.csv.dvc", "sub/dvc.yaml", "uv.lock"],
    ids=["code", "code deeper", "dvc file", "dvc.yaml", "lock file"],
)
def test_untracked_code_and_files_of_the_project_are_kept(project: Project, path: str) -> None:
    write(project.workspace, path)
    write(project.workspace, "src/secret.env", "confidential")

    assert kept(project) == {path: "new"}


@pytest.mark.parametrize("path", ["src/train.py", "src/words.txt", "params.yaml"])
def test_a_changed_file_that_git_has_is_kept_whatever_it_is(project: Project, path: str) -> None:
    write(project.workspace, path)

    assert kept(project) == {path: "new"}


@pytest.mark.parametrize(
    "path",
    ["dvc.lock", "sub/dvc.lock", "a.md", "model.bin", "src/made.py", "notes/scratch.py", ".env"],
    ids=["lock", "lock deeper", "text", "output", "output that is code", "code elsewhere", "env"],
)
def test_what_no_stage_reads_leaves_the_tree_clean(project: Project, path: str) -> None:
    write(project.workspace, path)

    facts, paths = workspace.git_facts(project, STAGE)

    assert (facts.dirty, paths) == (False, ())
