"""Where a project may stand, and what it sees of the clones and environments beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from again import left_over, reproduce, state

import wherefrom
from asking import ask
from join.small_project import FILES
from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_neither_git_nor_dvc_see_what_is_kept_in_the_project(small: Sandbox) -> None:
    reproduce(small, "HEAD", "--keep")

    assert small.git("status", "--porcelain") == ""
    listed = small.dvc("stage", "list", "--all", "--name-only").split()
    assert sorted(listed) == ["data/rows.csv.dvc", "evaluate", "train"]
    assert "up to date" in small.dvc("repro")
    small.dvc("exp", "run", "--temp", "--quiet", "-n", "other", "-S", "train.lr=0.2")
    assert reproduce(small, "other").found["verdict"] == "identical"


def test_a_result_is_made_again_from_a_linked_worktree(small: Sandbox, tmp_path: Path) -> None:
    small.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "--detach")
    before = state(tmp_path / "tree")

    answer = reproduce(Sandbox(tmp_path / "tree", small.environment), "HEAD")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert left_over(small) == []
    assert state(tmp_path / "tree") == before


def test_a_result_of_a_project_below_the_root_of_git_is_made_again(
    tmp_path: Path, quiet_environment: dict[str, str]
) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    for path, text in FILES.items():
        (inner / path).parent.mkdir(parents=True, exist_ok=True)
        (inner / path).write_text(text)
    (outer / "settings.txt").write_text("7")
    sandbox = Sandbox(inner, quiet_environment)
    sandbox.replace("dvc.yaml", "deps: [code/train.py", "deps: [../settings.txt, code/train.py")
    Sandbox(outer, quiet_environment).git("init", "--quiet")
    sandbox.dvc("init", "--quiet", "--subdir")
    sandbox.dvc("add", "--quiet", "data/rows.csv")
    sandbox.dvc("repro")
    first = reproduce(sandbox, "workspace")
    sandbox.commit("Its result")

    answer = reproduce(sandbox, "HEAD", "--keep")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert answer.found["commit"] == sandbox.git("rev-parse", "HEAD").strip()
    assert first.found["verdict"] == "impossible"  # git did not know of ../settings.txt
    (folder,) = left_over(sandbox)
    clone = inner / ".wherefrom" / "reproductions" / folder / "clone"
    assert (clone / "settings.txt").is_file()
    assert (clone / "inner" / "metrics.json").is_file()


def test_python_gives_the_same_as_objects(small: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in small.environment.items():
        monkeypatch.setenv(name, value)

    (found,) = wherefrom.reproduce("HEAD", folder=small.root, environment="current")

    assert found.verdict == "identical"
    assert found.compared is not None
    paths = {output.path for output in found.compared.outputs}
    assert paths == {"model.txt", "cv.json", "metrics.json"}
    (listed,) = ask(small, "ls")["results"]
    assert listed["reproduced"]["verdict"] == "identical"
