"""What a disk that fails would take along: what no remote has, or cannot be asked for it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, built_once, copy_of
from sync.every_kind import RESULT
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from pathlib import Path

SNAPSHOTS = "refs/wherefrom/dirty/*"
EXPERIMENTS = ("alpha", "inner", "tuned", "same")


@pytest.fixture(scope="session")
def pushed_template(
    linked_template: Path, shared_folder: Path, quiet_environment: dict[str, str]
) -> Path:
    """The project, and all that it has in a remote of git and one of DVC beside it."""

    def build(folder: Path) -> None:
        whole = copy_of(linked_template, folder / "whole", quiet_environment)
        whole.git("init", "--quiet", "--bare", str(folder / "shared.git"))
        whole.git("remote", "add", "origin", str(folder / "shared.git"))
        # DVC reads a commit with its own settings: what is older than the remote does not know it
        whole.dvc("remote", "add", "--local", "--default", "store", str(folder / "store"))
        whole.git("push", "--quiet", "origin", "main", f"{SNAPSHOTS}:{SNAPSHOTS}")
        whole.dvc("push", "--quiet", "--all-commits")
        whole.dvc("exp", "push", "--quiet", "origin", *EXPERIMENTS)

    return built_once(shared_folder, "pushed", build)


@pytest.fixture
def pushed(pushed_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of it, whose remotes are copies too."""
    whole = copy_of(pushed_template / "whole", tmp_path / "whole", quiet_environment)
    for remote in ("shared.git", "store"):
        shutil.copytree(pushed_template / remote, tmp_path / remote)
    for settings in (".git/config", ".dvc/config.local"):
        whole.replace(settings, str(pushed_template), str(tmp_path))
    return whole


def in_store(pushed: Sandbox, value: str) -> Path:
    return pushed.root.parent / "store" / "files" / "md5" / value[:2] / value[2:]


def model_of(pushed: Sandbox, name: str) -> str:
    return str({out.path: out.hash for out in pushed.lock(name)["train"].outs}["model.txt"])


def test_what_is_in_all_remotes_is_whole(pushed: Sandbox) -> None:
    check_whole(pushed, "--all", "--remote")


def test_an_experiment_that_was_not_pushed_is_named_until_it_is(pushed: Sandbox) -> None:
    sha = pushed.git("rev-parse", pushed.revision("alpha")).strip()
    pushed.git("push", "--quiet", "--delete", "origin", pushed.revision("alpha"))

    check_whole(pushed)
    found = verify(pushed, "--all", "--remote")

    assert (found.status, found.problems) == (1, {"git remote": {sha}})
    (remedy,) = found.remedies
    pushed.run("bash", "-ec", remedy.strip("`"))
    check_whole(pushed, "--all", "--remote")


def test_a_commit_that_was_not_pushed_is_named_until_it_is(pushed: Sandbox) -> None:
    pushed.replace("params.yaml", "lr: 0.4", "lr: 0.9")
    pushed.dvc("repro")
    pushed.commit("Learn faster")
    pushed.dvc("push", "--quiet")
    key = pushed.record("HEAD", RESULT).record_id
    sha = pushed.git("rev-parse", "HEAD").strip()

    found = verify(pushed, "--all", "--remote")

    ref = f"refs/wherefrom/dirty/{key}"
    assert (found.status, found.problems) == (1, {"git remote": {sha, ref}})
    for remedy in found.remedies:
        pushed.run("bash", "-ec", remedy.strip("`"))
    check_whole(pushed, "--all", "--remote")


def test_a_commit_of_no_branch_is_pushed_by_the_remedy_under_a_name(pushed: Sandbox) -> None:
    pushed.git("checkout", "--quiet", "--detach")
    (pushed.root / "README").write_text("Read me.\n")
    pushed.replace("params.yaml", "lr: 0.4", "lr: 0.9")
    pushed.dvc("repro")
    pushed.commit("Learn faster")
    pushed.dvc("push", "--quiet")

    for remedy in verify(pushed, "HEAD", "--remote").remedies:
        pushed.run("bash", "-ec", remedy.strip("`").replace("NAME", "faster"))

    check_whole(pushed, "HEAD", "--remote")


def test_a_remote_that_is_ahead_may_know_more_than_was_fetched(pushed: Sandbox) -> None:
    other = Sandbox(pushed.root.parent / "other", pushed.environment)
    pushed.git("clone", "--quiet", str(pushed.root.parent / "shared.git"), str(other.root))
    (other.root / "README").write_text("Read me.\n")
    other.commit("Documents")
    other.git("push", "--quiet", "origin", "HEAD:refs/heads/docs")
    check_whole(pushed, "--all", "--remote")
    pushed.git("push", "--quiet", "--delete", "origin", pushed.revision("alpha"))

    (problem,) = verify(pushed, "--all", "--remote").all

    assert problem["why"].endswith("as far as it was fetched")


def test_an_object_that_the_remote_lost_is_pushed_again_by_the_remedy(pushed: Sandbox) -> None:
    value = model_of(pushed, "HEAD")
    in_store(pushed, value).unlink()

    found = verify(pushed, "--all", "--remote")

    assert (found.status, found.problems) == (1, {"dvc remote": {value}})
    (remedy,) = found.remedies
    pushed.run("bash", "-ec", remedy.split("`")[1])
    check_whole(pushed, "--all", "--remote")


def commit_an_output_with(pushed: Sandbox, options: str) -> str:
    """Commit and push a result whose model has options of its own; give the model's hash."""
    pushed.replace("dvc.yaml", "outs: [model.txt]", f"outs: [model.txt: {options}]")
    pushed.replace("params.yaml", "lr: 0.4", "lr: 0.9")
    pushed.commit("Push the model elsewhere")
    pushed.dvc("repro")
    pushed.commit("Learn faster")
    pushed.dvc("push", "--quiet")
    pushed.git("push", "--quiet", "origin", "main")
    return model_of(pushed, "HEAD")


def test_an_output_that_is_never_pushed_is_not_missed_in_a_remote(pushed: Sandbox) -> None:
    value = commit_an_output_with(pushed, "{push: false}")

    assert not in_store(pushed, value).exists()
    check_whole(pushed, "HEAD", "--remote")

    (pushed.root / ".dvc" / "cache" / "files" / "md5" / value[:2] / value[2:]).unlink()
    found = verify(pushed, "HEAD", "--remote")
    assert found.problems == {"cache": {value}}
    assert found.remedies == {"`dvc repro --force train` in its commit makes it again"}


def test_an_output_with_a_remote_of_its_own_is_asked_for_there(pushed: Sandbox) -> None:
    two = pushed.root.parent / "two"
    pushed.dvc("remote", "add", "--local", "two", str(two))
    value = commit_an_output_with(pushed, "{remote: two}")

    assert not in_store(pushed, value).exists()
    check_whole(pushed, "HEAD", "--remote")

    (two / "files" / "md5" / value[:2] / value[2:]).unlink()
    (problem,) = verify(pushed, "HEAD", "--remote").all
    assert (problem["cause"], problem["object"]) == ("dvc remote", value)
    assert problem["what"].endswith("is not in the remote two")


def test_what_the_remote_has_is_not_lost_with_the_cache(pushed: Sandbox) -> None:
    shutil.rmtree(pushed.root / ".dvc" / "cache")

    check_whole(pushed, "--all", "--remote")
    found = verify(pushed)

    assert (found.status, set(found.problems)) == (1, {"cache"})
    (remedy,) = {problem["remedy"] for problem in found.all if "data/" in problem["what"]}
    assert remedy.startswith("`dvc fetch --all-commits data/rows.csv.dvc`")


def test_what_neither_the_cache_nor_the_remote_has_is_lost(pushed: Sandbox) -> None:
    value = model_of(pushed, "alpha")
    in_store(pushed, value).unlink()
    shutil.rmtree(pushed.root / ".dvc" / "cache")

    found = verify(pushed, "--all", "--remote")

    assert (found.status, found.problems) == (1, {"cache": {value}})


def test_a_remote_that_is_gone_is_said_once_and_nothing_is_called_lost(pushed: Sandbox) -> None:
    shutil.rmtree(pushed.root.parent / "store")
    shutil.rmtree(pushed.root.parent / "shared.git")

    found = verify(pushed, "--all", "--remote")

    assert (found.status, found.all, len(found.gaps)) == (1, [], 2)
    assert [gap.partition(":")[0] for gap in found.gaps] == [
        "the git remote origin could not be asked",
        "the DVC remote store could not be asked",
    ]


def test_a_clone_without_remotes_is_told_so(whole: Sandbox) -> None:
    found = verify(whole, "--all", "--remote")

    assert (found.status, found.all) == (1, [])
    assert found.gaps == [
        "this clone has no git remote",
        "a default remote of DVC could not be asked: none is set",
    ]


def test_asking_a_remote_changes_nothing_there(pushed: Sandbox) -> None:
    """DVC's own question to a remote on this disk removes what is damaged."""
    value = model_of(pushed, "HEAD")
    place = in_store(pushed, value)
    place.chmod(0o644)
    place.write_text("damaged")

    verify(pushed, "--all", "--remote")

    assert place.read_text() == "damaged"
