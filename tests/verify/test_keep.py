"""A result that is kept outlives what cleans up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asking import answered, ask
from sync.every_kind import RESULT
from verify.test_faults_found import prune
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_a_kept_experiment_outlives_its_removal_and_both_garbage_collections(
    whole: Sandbox,
) -> None:
    key = str(whole.record("alpha", RESULT).record_id)
    whole.run("wherefrom", "keep", "alpha")
    whole.dvc("exp", "remove", "alpha")
    prune(whole)
    whole.dvc("gc", "--all-tags", "--force")

    check_whole(whole, key, "--data")


def test_a_result_of_a_dirty_tree_is_kept_with_its_tree(whole: Sandbox) -> None:
    key = str(whole.record("HEAD", RESULT).record_id)
    snapshot = str(whole.record("HEAD", RESULT).git.snapshot)

    kept = ask(whole, "keep", "HEAD")

    assert [tag["name"] for tag in kept["tags"]] == [f"kept/{key[:12]}", f"kept/{key[:12]}.tree"]
    whole.git("update-ref", "-d", f"refs/wherefrom/dirty/{key}")
    prune(whole)
    whole.dvc("gc", "--all-tags", "--force")
    assert whole.git("rev-parse", f"kept/{key[:12]}.tree^{{commit}}").strip() == snapshot
    check_whole(whole, "HEAD")


def test_keeping_twice_changes_nothing(whole: Sandbox) -> None:
    first = ask(whole, "keep", "alpha", "--name", "good")
    tags = whole.git("for-each-ref", "refs/tags")

    again = ask(whole, "keep", "alpha", "--name", "good")

    assert whole.git("for-each-ref", "refs/tags") == tags
    assert [tag["made"] for tag in (*first["tags"], *again["tags"])] == [True, False]


def test_a_tag_that_keeps_something_else_is_left_as_it_is(whole: Sandbox) -> None:
    ask(whole, "keep", "alpha", "--name", "good")

    refused = answered(whole, "keep", "inner", "--name", "good")

    assert refused.status == 2
    assert "the tag good is taken" in refused.said
    assert "`--name`" in refused.said


def test_a_tag_of_a_file_is_taken_too(whole: Sandbox) -> None:
    whole.git("tag", "good", "HEAD:dvc.yaml")

    refused = answered(whole, "keep", "inner", "--name", "good")

    assert (refused.status, "the tag good is taken" in refused.said) == (2, True)


def test_a_tag_that_git_cannot_sign_is_said_in_one_message(whole: Sandbox) -> None:
    whole.git("config", "tag.gpgSign", "true")
    whole.git("config", "gpg.program", "false")

    refused = answered(whole, "keep", "alpha", "--name", "good")

    assert refused.status == 1
    assert "git does not make the tag good: error: gpg failed to sign" in refused.said
    assert "`tag.gpgSign`" in refused.said
    assert whole.git("tag", "--list") == ""


@pytest.mark.parametrize("name", ["two words", "-d", "a..b", ""])
def test_a_name_that_git_does_not_take_is_refused(whole: Sandbox, name: str) -> None:
    refused = answered(whole, "keep", "alpha", f"--name={name}")

    assert (refused.status, "is no name for a tag" in refused.said) == (2, True)


def test_a_tag_says_what_it_keeps_and_how_to_push_it(whole: Sandbox) -> None:
    whole.git("remote", "add", "origin", str(whole.root.parent / "shared.git"))

    said = whole.run("wherefrom", "keep", "alpha", "--name", "good")

    assert "`git push origin good`" in said
    assert "`dvc push --all-tags`" in said
    message = whole.git("tag", "--list", "--format=%(contents)", "good")
    assert str(whole.record("alpha", RESULT).record_id) in message
    assert "test.score: 0.7" in message


def test_what_no_commit_holds_cannot_be_kept(whole: Sandbox) -> None:
    key = str(whole.record("alpha", RESULT).record_id)
    whole.dvc("exp", "remove", "alpha")
    prune(whole)

    refused = answered(whole, "keep", key)

    assert (refused.status, "no commit here holds" in refused.said) == (1, True)


def test_the_best_result_is_noted_until_a_tag_keeps_it(whole: Sandbox) -> None:
    def noted() -> list[str]:
        found = verify(whole).results.values()
        return [note["remedy"] for result in found for note in result["notes"]]

    key = str(whole.record("HEAD", RESULT).record_id)
    assert noted() == [f"`wherefrom keep {key[:12]}`"]

    whole.run("wherefrom", "keep", key[:12])

    assert noted() == []
