"""The workspace, and the main project that outlives it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from wherefrom import project
from wherefrom.errors.project import NotAProjectError
from wherefrom.project import Project
from wherefrom.sources.git_repo import layout

if TYPE_CHECKING:
    from pathlib import Path


def git(root: Path, *args: str) -> None:
    subprocess.run(["git", "-C", str(root), *args], check=True, capture_output=True)


def repository(root: Path, prefix: str = "") -> Path:
    inner = root / prefix
    (inner / ".dvc").mkdir(parents=True)
    (inner / ".dvc" / "config").write_text("")
    (inner / "sub").mkdir()
    (inner / "sub" / "a").write_text("a")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "m")
    return inner


def test_a_plain_project_is_its_own_anchor(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    found = project.locate(root / "sub", {})

    assert found == Project(root, root, "", root, layout(root))
    assert (found.state, found.artifact_root) == (root / ".wherefrom", root / "mlruns")
    assert found.in_git("a/b") == "a/b"


def test_a_project_in_a_subdirectory_of_git_has_a_prefix(tmp_path: Path) -> None:
    inner = repository(tmp_path / "p", "x/y")
    found = project.locate(inner, {})

    assert found == Project(inner, tmp_path / "p", "x/y", inner, layout(inner))
    assert found.in_git("a") == "x/y/a"


@pytest.mark.parametrize("prefix", ["", "x"])
def test_a_linked_worktree_is_anchored_at_the_main_one(tmp_path: Path, prefix: str) -> None:
    inner = repository(tmp_path / "p", prefix)
    git(tmp_path / "p", "worktree", "add", "--quiet", str(tmp_path / "w"))
    linked = tmp_path / "w" / prefix

    found = project.locate(linked, {})
    assert found == Project(linked, tmp_path / "w", prefix, inner, layout(linked))
    assert project.locate(linked, {"DVC_ROOT": str(linked)}).anchor == inner


def test_a_worktree_of_a_bare_repository_is_anchored_inside_that(tmp_path: Path) -> None:
    repository(tmp_path / "p")
    git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "p"), str(tmp_path / "b.git"))
    git(tmp_path / "b.git", "worktree", "add", "--quiet", str(tmp_path / "w"))

    assert project.locate(tmp_path / "w", {}).anchor == tmp_path / "b.git" / "wherefrom"


def test_a_temporary_copy_is_anchored_at_the_project_that_dvc_names(tmp_path: Path) -> None:
    main = repository(tmp_path / "p")
    copy = repository(main / ".dvc" / "tmp" / "exps" / "x")

    found = project.locate(copy / "sub", {"DVC_ROOT": str(main)})

    assert (found.workspace, found.git_root, found.anchor) == (copy, copy, main)
    assert found.repository == layout(main)


def test_a_dvc_root_that_is_none_is_passed_over(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")

    assert project.locate(root, {"DVC_ROOT": str(tmp_path / "nowhere")}).anchor == root
    assert project.locate(root, {"DVC_ROOT": ""}).anchor == root


def test_outside_of_dvc_is_no_project(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")

    with pytest.raises(NotAProjectError, match="not inside a DVC repository"):
        project.locate(tmp_path, {})


def test_outside_of_git_is_no_project(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()

    with pytest.raises(NotAProjectError, match="not inside a git repository"):
        project.locate(tmp_path, {})


def test_a_project_outside_of_git_is_one_where_dvc_says_so(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    config = tmp_path / ".dvc" / "config"
    config.write_text("[core]\n    no_scm = True\n['remote \"x\"']\n    url = a%b\n")

    assert project.locate(tmp_path, {}) == Project(tmp_path, None, "", tmp_path)

    config.write_text("[core\n")
    with pytest.raises(NotAProjectError, match="git"):
        project.locate(tmp_path, {})
