"""What users do with commits and experiments damages nothing, so nothing is reported."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from join import small_project
from sandbox import Sandbox
from sync.every_kind import reset
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def applied_and_committed(whole: Sandbox) -> None:
    whole.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    whole.dvc("exp", "apply", "alpha")
    whole.commit("As in alpha")
    whole.dvc("exp", "remove", "alpha")


def branched(whole: Sandbox) -> None:
    whole.dvc("exp", "branch", "alpha", "topic")
    whole.dvc("exp", "remove", "alpha")


def renamed(whole: Sandbox) -> None:
    whole.dvc("exp", "rename", "alpha", "omega")


def amended_message(whole: Sandbox) -> None:
    whole.git("commit", "--quiet", "--amend", "--message", "Better said")


def amended_with_another_result(whole: Sandbox) -> None:
    """Commit a result, and then a better one in its place."""
    whole.replace("params.yaml", "lr: 0.4", "lr: 0.5")
    whole.dvc("repro")
    whole.commit("Learn faster")
    check_whole(whole)
    whole.replace("params.yaml", "lr: 0.5", "lr: 0.6")
    whole.dvc("repro")
    whole.git("commit", "--quiet", "--all", "--amend", "--message", "Learn much faster")


def rebased(whole: Sandbox) -> None:
    applied_and_committed(whole)
    check_whole(whole)
    whole.git("checkout", "--quiet", "-b", "other", "main~1")
    (whole.root / "README").write_text("Read me.\n")
    whole.commit("Documents")
    whole.git("rebase", "--quiet", "other", "topic")


def run_again_under_its_name(whole: Sandbox) -> None:
    whole.git("checkout", "--quiet", "HEAD~1")
    whole.dvc("checkout", "--quiet")
    whole.dvc("exp", "run", "--force", "-n", "alpha", "-S", "train.lr=0.7")
    reset(whole)
    whole.git("checkout", "--quiet", "main")


def never_committed(whole: Sandbox) -> None:
    whole.replace("params.yaml", "lr: 0.4", "lr: 0.8")
    whole.dvc("repro")
    reset(whole)


def made_with_a_folder_that_git_keeps(whole: Sandbox) -> None:
    whole.replace("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, kept: {cache: false}]")
    model = 'Path("model.txt")'
    made = "Path('kept').mkdir(); Path('kept/a.txt').write_text(str(lr))"
    whole.replace("code/train.py", model, f"{made}\n        {model}")
    whole.dvc("repro")
    whole.commit("Keep a folder")


CHANGES = (
    pytest.param(applied_and_committed, marks=pytest.mark.thorough),  # which `rebased` begins with
    branched,
    renamed,
    amended_message,
    amended_with_another_result,
    rebased,
    run_again_under_its_name,
    never_committed,
    made_with_a_folder_that_git_keeps,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_nothing_is_reported(whole: Sandbox, change: Callable[[Sandbox], None]) -> None:
    check_whole(whole)

    change(whole)

    check_whole(whole)


def test_a_project_in_a_folder_of_its_repository_is_whole(
    tmp_path: Path, quiet_environment: dict[str, str]
) -> None:
    """Its code may lie above it, where git is and DVC is not."""
    top = Sandbox(tmp_path, quiet_environment)
    below = Sandbox(tmp_path / "sub", quiet_environment)
    for path, text in small_project.FILES.items():
        (below.root / path).parent.mkdir(parents=True, exist_ok=True)
        (below.root / path).write_text(text)
    (below.root / "code" / "train.py").rename(tmp_path / "train.py")
    for old, new in (("python code/train.py", "python ../train.py"), ("[code/train", "[../train")):
        below.replace("dvc.yaml", old, new)
    top.git("init", "--quiet")
    below.dvc("init", "--quiet", "--subdir")
    below.dvc("add", "--quiet", "data/rows.csv")
    top.commit("The project")
    below.dvc("repro")
    top.commit("The first result")

    found = check_whole(below, "--all", "--data")

    assert len(found.results) == 1


def test_a_linked_worktree_has_a_cache_of_its_own_beside_the_main_one(whole: Sandbox) -> None:
    tree = Sandbox(whole.root.parent / "tree", whole.environment)
    whole.git("worktree", "add", "--quiet", "-b", "topic", str(tree.root))
    shutil.copy(whole.root / "data" / "rows.csv", tree.root / "data")
    tree.replace("params.yaml", "lr: 0.4", "lr: 0.9")
    tree.dvc("repro")
    tree.commit("Learn faster")
    (value,) = (out.hash for out in tree.lock()["train"].outs if out.path == "model.txt")
    made = tree.root / ".dvc" / "cache" / "files" / "md5" / str(value)[:2] / str(value)[2:]

    check_whole(tree, "--all", "--data")
    check_whole(whole, "--all", "--data")

    made.chmod(0o644)
    made.write_text("damaged")
    assert verify(tree, "--all", "--data").problems == {"bytes": {value}}
    made.unlink()
    assert verify(tree).problems == {"cache": {value}}


def test_a_result_that_several_addresses_name_is_one(whole: Sandbox) -> None:
    done = whole.run("wherefrom", "verify", "HEAD", "main", "workspace")

    assert done.startswith("1 of 1 results can be had\n")


def test_of_a_project_that_keeps_no_records_nothing_is_reported(theirs: Sandbox) -> None:
    found = check_whole(theirs, "--all", "--data")

    assert {result["record_id"] for result in found.results.values()} == {None}


def test_experiments_that_were_pushed_and_pulled_are_whole_on_both_sides(whole: Sandbox) -> None:
    shared, clone = whole.root.parent / "shared.git", whole.root.parent / "clone"
    whole.git("init", "--quiet", "--bare", str(shared))
    whole.git("remote", "add", "origin", str(shared))
    store = ("remote", "add", "--local", "--default", "store", str(whole.root.parent / "store"))
    whole.dvc(*store)
    whole.git("push", "--quiet", "origin", "main", "refs/wherefrom/dirty/*:refs/wherefrom/dirty/*")
    whole.dvc("push", "--quiet", "--all-commits")
    whole.dvc("exp", "push", "origin", "alpha", "inner", "tuned", "same")

    check_whole(whole, "--all", "--remote")

    whole.git("clone", "--quiet", str(shared), str(clone))
    other = Sandbox(clone, whole.environment)
    other.dvc(*store)
    other.git("fetch", "--quiet", "origin", "refs/wherefrom/dirty/*:refs/wherefrom/dirty/*")
    other.dvc("exp", "pull", "origin", "alpha", "inner", "tuned", "same")
    other.dvc("fetch", "--quiet", "--all-commits")
    other.run("wherefrom", "sync")
    check_whole(other, "--all", "--data", "--remote")
