"""What keeps commits, by git's refs; and whether any of them has changed, without reading them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import ledger_repo
import pytest
from ledger_repo import LedgerRepo

from wherefrom.sources import git_refs, git_repo
from wherefrom.sources.git_refs import Experiment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("exp-1", "gusty-lamb", "with/slash", "with/two/of", "é☺", "exec", "stash", "a.b", "refs")
OWN = (
    "exec/EXEC_APPLY",
    "exec/EXEC_BASELINE",
    "exec/EXEC_HEAD",
    "stash",
    "celery/stash",
    "celery/failed",
    "apply/stash",
    "apply/ORIG_HEAD",
    "temp/head-0123",
)


@pytest.fixture
def repo(tmp_path: Path) -> LedgerRepo:
    found = ledger_repo.build(tmp_path / "repo")
    found.commit("first")
    return found


def head(repo: LedgerRepo) -> str:
    return repo.git("rev-parse", "HEAD")


def ref(base: str, name: str) -> str:
    return f"refs/exps/{base[:2]}/{base[2:]}/{name}"


# -- which there are


def test_branches_tags_and_remote_branches_are_there_by_their_full_names(repo: LedgerRepo) -> None:
    first = head(repo)
    repo.git("branch", "topic/é☺")
    repo.git("tag", "light")
    repo.git("tag", "--annotate", "--message", "v1", "v1")
    repo.git("update-ref", "refs/remotes/origin/main", first)
    second = repo.commit("second")

    assert git_refs.read(repo.git_root).shas == {
        "refs/heads/main": second,
        "refs/heads/topic/é☺": first,
        "refs/tags/light": first,
        "refs/tags/v1": first,
        "refs/remotes/origin/main": first,
        f"HEAD {repo.git_root}": second,
    }


def test_a_tag_keeps_the_commit_that_it_leads_to_and_no_file_and_no_folder(
    repo: LedgerRepo,
) -> None:
    first = head(repo)
    blob = repo.git("hash-object", "-w", str(repo.root / ".gitignore"))
    for name, target in (("blob", blob), ("tree", "HEAD^{tree}"), ("one", "HEAD"), ("two", "one")):
        repo.git("tag", name, target)
        repo.git("tag", "--annotate", "--message", "t", f"of_{name}", name)
    repo.git("tag", "--annotate", "--message", "t", "deep", "of_two")
    repo.git("tag", "--annotate", "--message", "t", "deep_blob", "of_blob")

    found = git_refs.read(repo.git_root).shas

    tags = {name.removeprefix("refs/tags/"): sha for name, sha in found.items() if "tags" in name}
    assert tags == dict.fromkeys(("one", "two", "of_one", "of_two", "deep"), first)


def test_what_is_gits_own_keeps_no_result(repo: LedgerRepo) -> None:
    repo.write("dvc.yaml", "changed")
    repo.git("stash", "--quiet", "--include-untracked")
    for name in ("refs/notes/wherefrom", "refs/wherefrom/dirty/a", "refs/bisect/bad", "refs/x"):
        repo.git("update-ref", name, "HEAD")

    assert set(git_refs.read(repo.git_root).shas) == {"refs/heads/main", f"HEAD {repo.git_root}"}


def test_dvcs_own_refs_are_no_experiments_and_keep_no_result(repo: LedgerRepo) -> None:
    for name in OWN:
        repo.git("update-ref", f"refs/exps/{name}", "HEAD")

    assert set(git_refs.read(repo.git_root).shas) == {"refs/heads/main", f"HEAD {repo.git_root}"}
    assert git_refs.read(repo.git_root).experiments == ()


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_an_experiment_has_its_name_its_baseline_and_its_commit(
    repo: LedgerRepo, name: str
) -> None:
    base = head(repo)
    sha = repo.commit("dvc: commit experiment")
    repo.git("update-ref", ref(base, name), sha)

    assert git_refs.read(repo.git_root).experiments == (Experiment(name, base, sha),)  # type: ignore[arg-type]


def test_experiments_of_one_name_are_told_apart_by_their_baselines(repo: LedgerRepo) -> None:
    first = head(repo)
    second = repo.commit("second")
    for base in (first, second):
        repo.git("update-ref", ref(base, "twin"), second)

    found = git_refs.read(repo.git_root).experiments

    assert {(e.name, e.baseline) for e in found} == {("twin", first), ("twin", second)}


@pytest.mark.parametrize("name", ["refs/exps/ab/short/x", "refs/exps/ab/cd"])
def test_what_has_another_form_is_no_experiment(repo: LedgerRepo, name: str) -> None:
    repo.git("update-ref", name, "HEAD")

    assert git_refs.read(repo.git_root).experiments == ()


def test_the_heads_of_all_worktrees_keep_commits(repo: LedgerRepo, tmp_path: Path) -> None:
    first = head(repo)
    linked = LedgerRepo(tmp_path / "linked é tree")
    repo.git("worktree", "add", "--quiet", "--detach", str(linked.git_root))
    sha = linked.commit("there")

    for root in (repo.git_root, linked.git_root):
        assert git_refs.read(root).shas == {
            "refs/heads/main": first,
            f"HEAD {repo.git_root}": first,
            f"HEAD {linked.git_root}": sha,
        }


def test_a_repository_without_a_commit_has_no_refs(tmp_path: Path) -> None:
    assert git_refs.read(ledger_repo.build(tmp_path / "empty").git_root).shas == {}


def test_a_bare_repository_keeps_what_its_refs_and_worktrees_do(
    repo: LedgerRepo, tmp_path: Path
) -> None:
    bare, tree = tmp_path / "bare.git", tmp_path / "tree"
    repo.git("clone", "--quiet", "--bare", str(repo.git_root), str(bare))
    LedgerRepo(bare).git("worktree", "add", "--quiet", str(tree))

    assert f"HEAD {tree}" in git_refs.read(tree).shas
    assert git_refs.read(tree).shas["refs/heads/main"] == head(repo)


def test_the_digest_follows_every_ref(repo: LedgerRepo) -> None:
    def digest() -> str:
        return git_refs.read(repo.git_root).digest

    found = [digest()]
    for args in (("branch", "a"), ("tag", "a"), ("branch", "-m", "a", "b"), ("branch", "-d", "b")):
        repo.git(*args)
        found.append(digest())
    repo.commit("moved")
    found.append(digest())

    assert len(set(found)) == len(found)
    repo.git("pack-refs", "--all")
    assert digest() == found[-1]


# -- whether any has changed


def signature(root: Path) -> str | None:
    common = git_repo.layout(root).common_dir
    return git_refs.signature(common, git_refs.ref_folders(common))


def test_the_folders_of_refs_are_listed_with_those_in_them(repo: LedgerRepo) -> None:
    base = head(repo)
    repo.git("update-ref", ref(base, "a"), "HEAD")

    found = git_refs.ref_folders(repo.git_root / ".git")

    own = {"refs/exps", f"refs/exps/{base[:2]}", f"refs/exps/{base[:2]}/{base[2:]}"}
    assert set(found) == {"refs", "refs/heads", "refs/tags"} | own


def test_a_signature_stays_as_long_as_nothing_changes(repo: LedgerRepo) -> None:
    repo.age()

    first = signature(repo.git_root)

    assert first is not None
    repo.write("a.txt", "a")
    repo.git("add", "--all")
    repo.git("status")
    assert signature(repo.git_root) == first


def delete(repo: LedgerRepo) -> None:
    repo.git("branch", "-D", "other")


def detach(repo: LedgerRepo) -> None:
    repo.git("checkout", "--quiet", "--detach")


def remove_worktree(repo: LedgerRepo) -> None:
    repo.git("worktree", "remove", "--force", str(repo.git_root.parent / "linked"))


def commit_in_worktree(repo: LedgerRepo) -> None:
    LedgerRepo(repo.git_root.parent / "linked").commit("there")


CHANGES: dict[str, Callable[[LedgerRepo], object]] = {
    "commit": lambda repo: repo.commit("more"),
    "amend": lambda repo: repo.commit("other", "--amend"),
    "branch": lambda repo: repo.git("branch", "new"),
    "branch_in_a_folder": lambda repo: repo.git("branch", "new/deep/er"),
    "move": lambda repo: repo.git("branch", "--force", "other", "HEAD~1"),
    "rename": lambda repo: repo.git("branch", "-m", "other", "else"),
    "delete": delete,
    "tag": lambda repo: repo.git("tag", "v1"),
    "experiment": lambda repo: repo.git("update-ref", ref(head(repo), "x"), "HEAD"),
    "experiment_moves": lambda repo: repo.git("update-ref", ref("a" * 40, "e"), "HEAD~1"),
    "experiment_goes": lambda repo: repo.git("update-ref", "-d", ref("a" * 40, "e")),
    "packed": lambda repo: repo.git("pack-refs", "--all"),
    "checkout": lambda repo: repo.git("checkout", "--quiet", "other"),
    "detached": detach,
    "worktree": lambda repo: repo.git("worktree", "add", "-q", str(repo.git_root.parent / "new")),
    "worktree_moves": commit_in_worktree,
    "worktree_goes": remove_worktree,
}


@pytest.fixture
def prepared(repo: LedgerRepo) -> LedgerRepo:
    repo.commit("second")
    repo.git("branch", "other")
    repo.git("update-ref", ref("a" * 40, "e"), "HEAD")
    repo.git("worktree", "add", "--quiet", "--detach", str(repo.git_root.parent / "linked"))
    repo.age()
    return repo


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_any_ref_changes_the_signature(
    prepared: LedgerRepo,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[LedgerRepo], object],
    *,
    packed: bool,
) -> None:
    monkeypatch.setattr(git_refs, "_RACY", 0)  # a new change alone would have no signature
    if packed:
        prepared.git("pack-refs", "--all", "--prune")
        prepared.age()
    common = prepared.git_root / ".git"
    folders = git_refs.ref_folders(common)
    before = git_refs.signature(common, folders)

    change(prepared)

    after = git_refs.signature(common, folders)
    assert before is not None
    assert after is not None
    assert after != before


def test_what_changed_less_than_two_seconds_ago_has_no_signature(prepared: LedgerRepo) -> None:
    common = prepared.git_root / ".git"
    for seconds, reliable in ((0.5, False), (1.9, False), (2.5, True)):
        prepared.age()
        then = time.time_ns() - int(seconds * 1e9)
        os.utime(common / "refs" / "heads", ns=(then, then))
        assert (signature(prepared.git_root) is not None) is reliable


def test_another_form_of_refs_has_no_signature(prepared: LedgerRepo) -> None:
    (prepared.git_root / ".git" / "reftable").mkdir()
    prepared.age()

    assert signature(prepared.git_root) is None
