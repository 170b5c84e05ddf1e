"""git as it stands, whatever the layout, the names and the caller's environment."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from wherefrom.errors.git import ToolError
from wherefrom.errors.project import NotAProjectError
from wherefrom.sources import git_kept, git_repo
from wherefrom.sources.git_repo import Change

if TYPE_CHECKING:
    from pathlib import Path

ODD = (
    "a b.txt",
    "new\nline.txt",
    "é ☺.txt",
    "-dash.txt",
    'q"\\.txt',
    "[x]*.txt",
    ":(top)a",
    "tab\t",
)
REF = "refs/wherefrom/dirty/x"


def git(root: Path, *args: str) -> str:
    command = ["git", "-C", str(root), *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit_all(root: Path, message: str = "all") -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)


def tree(root: Path, rev: str) -> dict[str, str]:
    names = git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", rev).split("\0")
    return {name: git(root, "show", f"{rev}:{name}") for name in names if name}


def state(root: Path) -> dict[str, str]:
    """Give all that a snapshot must not touch."""
    files = {p.name: p.read_text() for p in sorted(root.iterdir()) if p.is_file()}
    index = (root / ".git" / "index").read_bytes().hex() if (root / ".git/index").exists() else ""
    return {
        "files": str(files),
        "index": index,
        "head": (root / ".git" / "HEAD").read_text(),
        "branches": git(root, "for-each-ref", "refs/heads", "refs/stash", "refs/tags"),
        "status": git(root, "status", "--porcelain", "-z"),
        "reflog": git(root, "reflog") if git_repo.head(root) else "",
    }


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / "sub").mkdir(parents=True)
    git(root, "init", "--quiet")
    (root / "kept.txt").write_text("kept")
    (root / "gone.txt").write_text("gone")
    (root / "sub" / "in.txt").write_text("in")
    commit_all(root)
    return root


# -- layout


def test_a_plain_repository_is_its_own_main_worktree(repo: Path) -> None:
    expected = git_repo.Layout(repo, repo / ".git", "", linked=False, main_worktree=repo)

    assert git_repo.layout(repo) == expected


def test_a_subdirectory_has_its_path_as_prefix(repo: Path) -> None:
    assert git_repo.layout(repo / "sub").prefix == "sub"
    assert git_repo.layout(repo / "sub").toplevel == repo


@pytest.mark.parametrize("name", ["a b", "é", "-x", "sub sub/deep"])
def test_a_subdirectory_of_an_odd_name_has_it_as_prefix(repo: Path, name: str) -> None:
    (repo / name).mkdir(parents=True)

    assert git_repo.layout(repo / name).prefix == name


def test_a_linked_worktree_names_the_main_one(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "--quiet", "-b", "b", str(tmp_path / "linked tree"))

    found = git_repo.layout(tmp_path / "linked tree" / "sub")

    assert found == git_repo.Layout(tmp_path / "linked tree", repo / ".git", "sub", True, repo)


def test_a_worktree_of_a_bare_repository_has_no_main_worktree(repo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(bare, "worktree", "add", "--quiet", str(tmp_path / "linked"))

    found = git_repo.layout(tmp_path / "linked")

    assert found == git_repo.Layout(tmp_path / "linked", bare, "", True, None)


def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), "m")

    found = git_repo.layout(outer / "m")

    assert (found.toplevel, found.linked, found.main_worktree) == (outer / "m", False, outer / "m")


def test_outside_of_git_there_is_no_layout(tmp_path: Path) -> None:
    with pytest.raises(NotAProjectError, match="git"):
        git_repo.layout(tmp_path)


def test_a_repository_of_somebody_else_is_named_and_can_be_allowed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_usual = git_repo.environment
    monkeypatch.setattr(
        git_repo, "environment", lambda _: as_usual({"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    )

    with pytest.raises(ToolError, match="dubious ownership"):
        git_repo.layout(repo)

    for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert git_repo.layout(repo).toplevel == repo


def test_without_git_that_is_said(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo))

    with pytest.raises(ToolError, match="git is not installed"):
        git_repo.layout(repo)


def test_a_bare_repository_is_no_place_to_work_in(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare")

    with pytest.raises(NotAProjectError):
        git_repo.layout(tmp_path)


# -- head, branch, changes


def test_head_and_branch_are_known(repo: Path) -> None:
    assert git_repo.head(repo) == git(repo, "rev-parse", "HEAD").strip()
    assert git_repo.branch(repo) == "main"


def test_a_detached_head_has_no_branch(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "--detach")

    assert git_repo.branch(repo) is None


def test_before_the_first_commit_there_is_a_branch_and_no_head(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")

    assert (git_repo.head(tmp_path), git_repo.branch(tmp_path)) == (None, "main")


def test_changes_are_listed_with_the_odd_names_that_they_have(repo: Path) -> None:
    for name in ODD:
        (repo / name).write_text("new")

    assert set(git_repo.changes(repo)) == {Change(name, untracked=True) for name in ODD}
    commit_all(repo)
    assert git_repo.changes(repo) == ()


def test_a_file_whose_name_is_no_unicode_is_listed_too(repo: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (repo / name).write_text("x")

    assert git_repo.changes(repo) == (Change(name, untracked=True),)
    assert name in os.listdir(repo)  # noqa: PTH208 - the very text that the system gives


def test_changed_staged_deleted_and_renamed_files_are_changes(repo: Path) -> None:
    git(repo, "mv", "gone.txt", "renamed.txt")
    (repo / "kept.txt").write_text("dirty")
    (repo / "sub" / "in.txt").unlink()
    (repo / "new").mkdir()
    (repo / "new" / "a.py").write_text("")
    (repo / "staged.txt").write_text("")
    git(repo, "add", "staged.txt")

    assert set(git_repo.changes(repo / "sub")) == {
        Change("gone.txt", untracked=False),
        Change("renamed.txt", untracked=False),
        Change("kept.txt", untracked=False),
        Change("sub/in.txt", untracked=False),
        Change("staged.txt", untracked=False),
        Change("new/a.py", untracked=True),
    }


@pytest.mark.parametrize(
    ("key", "value"), [("status.relativePaths", "true"), ("status.showUntrackedFiles", "no")]
)
def test_the_users_settings_change_no_answer(repo: Path, key: str, value: str) -> None:
    git(repo, "config", key, value)
    (repo / "sub" / "new.txt").write_text("")

    assert git_repo.changes(repo / "sub") == (Change("sub/new.txt", untracked=True),)


def test_tracked_files_are_told_from_others_by_their_literal_names(repo: Path) -> None:
    for name in ODD:
        (repo / name).write_text("")
    commit_all(repo)

    assert git_repo.tracked(repo, [*ODD, "*", "nowhere", "[x]"]) == frozenset(ODD)
    assert git_repo.tracked(repo, []) == frozenset()


# -- snapshot


def make_dirty(repo: Path) -> tuple[str, ...]:
    (repo / "kept.txt").write_text("dirty")
    (repo / "gone.txt").unlink()
    (repo / "ignored.txt").write_text("ignored")
    (repo / ".git" / "info" / "exclude").write_text("ignored.txt\n")
    for name in ODD:
        (repo / name).write_text("odd")
    return ("kept.txt", "gone.txt", "ignored.txt", *ODD)


def test_a_snapshot_keeps_changed_untracked_ignored_and_deleted_files(repo: Path) -> None:
    paths = make_dirty(repo)
    head = git_repo.head(repo)

    sha = git_kept.snapshot(repo, paths, REF, "a message")

    kept = {"kept.txt": "dirty", "ignored.txt": "ignored", "sub/in.txt": "in"}
    assert tree(repo, sha) == kept | dict.fromkeys(ODD, "odd")
    assert git(repo, "rev-parse", REF).strip() == sha
    assert git(repo, "rev-parse", f"{sha}^").strip() == head
    assert git(repo, "log", "-1", "--format=%an|%s", sha).strip() == "wherefrom|a message"


def test_a_snapshot_keeps_only_the_paths_that_it_was_given(repo: Path) -> None:
    make_dirty(repo)

    sha = git_kept.snapshot(repo, ["kept.txt"], REF, "m")

    assert tree(repo, sha) == {"kept.txt": "dirty", "gone.txt": "gone", "sub/in.txt": "in"}


def test_a_snapshot_touches_neither_index_nor_branch_nor_files_nor_stash(repo: Path) -> None:
    (repo / "kept.txt").write_text("stashed")
    git(repo, "stash", "--quiet")
    (repo / "sub" / "in.txt").write_text("staged")
    git(repo, "add", "sub/in.txt")
    paths = make_dirty(repo)
    before = state(repo)

    git_kept.snapshot(repo, paths, REF, "m")

    assert state(repo) == before


def test_a_snapshot_leaves_no_lock_and_no_temporary_index(repo: Path) -> None:
    git_kept.snapshot(repo, make_dirty(repo), REF, "m")

    assert not list((repo / ".git").rglob("*.lock"))
    assert [path.name for path in (repo / ".git").glob("*index*")] == ["index"]


def test_a_second_snapshot_has_the_first_as_a_parent(repo: Path) -> None:
    paths = make_dirty(repo)
    first = git_kept.snapshot(repo, paths, REF, "one")
    (repo / "kept.txt").write_text("dirtier")

    second = git_kept.snapshot(repo, paths, REF, "two")

    parents = git(repo, "rev-parse", f"{second}^@").split()
    assert parents == [git_repo.head(repo), first]
    assert tree(repo, second)["kept.txt"] == "dirtier"
    assert tree(repo, first)["kept.txt"] == "dirty"


def test_a_second_snapshot_of_the_same_files_is_the_first(repo: Path) -> None:
    paths = make_dirty(repo)

    assert git_kept.snapshot(repo, paths, REF, "1") == git_kept.snapshot(repo, paths, REF, "2")


def test_a_snapshot_can_be_taken_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("a")

    first = git_kept.snapshot(tmp_path, ["a.txt"], REF, "m")
    (tmp_path / "a.txt").write_text("b")
    second = git_kept.snapshot(tmp_path, ["a.txt"], REF, "m")

    assert tree(tmp_path, first) == {"a.txt": "a"}
    assert tree(tmp_path, second) == {"a.txt": "b"}
    assert git_repo.head(tmp_path) is None


def test_a_second_snapshot_before_the_first_commit_forgets_what_is_not_given(
    tmp_path: Path,
) -> None:
    git(tmp_path, "init", "--quiet")
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)

    git_kept.snapshot(tmp_path, ["a", "b"], REF, "m")

    assert set(tree(tmp_path, git_kept.snapshot(tmp_path, ["a"], REF, "m"))) == {"a"}


def test_a_snapshot_needs_no_name_and_no_signature_of_the_user(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "no-user"
    config.write_text("[user]\nuseConfigOnly = true\n[commit]\ngpgSign = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("HOME", str(tmp_path / "empty-home"))
    (repo / "kept.txt").write_text("dirty")

    assert tree(repo, git_kept.snapshot(repo, ["kept.txt"], REF, "m"))["kept.txt"] == "dirty"


def test_gits_own_variables_of_the_caller_bend_nothing(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    (repo / "kept.txt").write_text("dirty")
    expected = git_repo.changes(repo)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / "objects"))

    sha = git_kept.snapshot(repo, ["kept.txt"], REF, "m")

    assert git_repo.layout(repo).toplevel == repo
    assert git_repo.changes(repo) == expected
    assert not (other / "index").exists()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.delenv(name)
    assert tree(repo, sha)["kept.txt"] == "dirty"


def test_a_link_is_kept_as_a_link_even_to_nowhere(repo: Path) -> None:
    (repo / "link").symlink_to("nowhere")

    sha = git_kept.snapshot(repo, ["link"], REF, "m")

    assert git(repo, "ls-tree", sha, "link").startswith("120000")


def test_a_folder_in_place_of_a_file_is_kept(repo: Path) -> None:
    (repo / "kept.txt").unlink()
    (repo / "kept.txt").mkdir()
    (repo / "kept.txt" / "in").write_text("x")

    sha = git_kept.snapshot(repo, [change.path for change in git_repo.changes(repo)], REF, "m")

    assert tree(repo, sha)["kept.txt/in"] == "x"


def test_a_file_in_place_of_a_folder_is_kept(repo: Path) -> None:
    (repo / "sub" / "in.txt").unlink()
    (repo / "sub").rmdir()
    (repo / "sub").write_text("x")

    sha = git_kept.snapshot(repo, [change.path for change in git_repo.changes(repo)], REF, "m")

    assert tree(repo, sha) == {"gone.txt": "gone", "kept.txt": "kept", "sub": "x"}


# -- errors


def test_a_command_that_fails_is_an_error_with_its_status_and_output(repo: Path) -> None:
    with pytest.raises(
        ToolError, match=r"`git rev-parse nowhere` ended with status 128: .*nowhere"
    ):
        git_repo.run(repo, "rev-parse", "nowhere")


def test_a_missing_git_is_an_error_of_its_own(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ToolError, match="git is not installed"):
        git_repo.head(repo) or git_repo.run(repo, "status")


# -- who introduced a text


def test_the_first_commit_with_a_text_is_found_whatever_git_is_set_to_show(tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "x.dvc").write_text("md5: one\n")
    commit_all(root)
    git(root, "config", "log.showRoot", "false")

    assert git_repo.introduced(root, "x.dvc", "one", ["HEAD"]) == git_repo.head(root)
    assert git_repo.introduced(root, "x.dvc", "two", ["HEAD"]) is None


def test_a_text_that_only_a_merge_has_is_introduced_by_it(repo: Path) -> None:
    (repo / "x.dvc").write_text("md5: one\n")
    commit_all(repo)
    git(repo, "checkout", "--quiet", "-b", "side")
    (repo / "x.dvc").write_text("md5: two\n")
    commit_all(repo)
    git(repo, "checkout", "--quiet", "-")
    (repo / "other.txt").write_text("x")
    commit_all(repo)
    git(repo, "merge", "--quiet", "--no-commit", "--no-ff", "side")
    (repo / "x.dvc").write_text("md5: three\n")
    commit_all(repo)

    assert git_repo.introduced(repo, "x.dvc", "three", ["HEAD"]) == git_repo.head(repo)
    assert git_repo.introduced(repo, "x.dvc", "two", ["HEAD"]) == git_repo.resolve(repo, "side")
