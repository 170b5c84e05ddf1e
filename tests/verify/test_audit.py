"""A project's health: what is counted, what is made again, and what is not deterministic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asking import answered
from sync.every_kind import RESULT, reset

if TYPE_CHECKING:
    from asking import Answer
    from sandbox import Sandbox

ALL = {"count": 5, "of": 5, "percent": 100.0}
NONE = {"count": 0, "of": 0, "percent": 100.0}
AGAIN = ("--env", "current", "--reproduce")


def shares(answer: Answer) -> list[dict[str, Any]]:
    return [answer.found[name] for name in ("traceable", "restorable", "identical")]


def test_a_whole_project_is_traceable_and_restorable_and_a_loss_is_counted(whole: Sandbox) -> None:
    first = answered(whole, "audit")
    assert (first.status, shares(first)) == (0, [ALL, ALL, NONE])

    lock = {out.path: out.hash for out in whole.lock("alpha")["train"].outs}
    value = str(lock["model.txt"])
    (whole.root / ".dvc/cache/files/md5" / value[:2] / value[2:]).unlink()

    found = answered(whole, "audit")
    lost = {"count": 4, "of": 5, "percent": 80.0}
    assert (found.status, shares(found)) == (1, [ALL, lost, NONE])
    assert answered(whole, "audit", "--fail-under", "80").status == 0
    assert answered(whole, "audit", "--fail-under", "80.1").status == 1
    text = whole.process("wherefrom", "audit").stdout
    assert "traceable   5 of 5  100.0 %\nrestorable  4 of 5  80.0 %\n" in text
    assert "cache: 1 problem of 1 result\n" in text
    page = whole.process("wherefrom", "audit", "--markdown").stdout
    assert "| restorable | 4 | 5 | 80.0 |\n" in page
    assert "## cache\n" in page
    assert "of `alpha`\n" in page


@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize(
    "args",
    [("audit", "--fail-under"), ("reproduce", "HEAD", "--tolerance")],
    ids=["audit", "again"],
)
def test_a_bound_that_is_no_number_is_refused(
    whole: Sandbox, args: tuple[str, ...], value: str
) -> None:
    refused = answered(whole, *args, value)

    assert (refused.status, refused.found) == (2, {})
    assert args[-1] in refused.said


def test_a_code_that_a_commit_does_not_hold_is_not_traceable(whole: Sandbox) -> None:
    whole.replace("code/train.py", "def main", "# again\ndef main")
    whole.commit("Code that has not run")

    found = answered(whole, "audit")

    # the commit that was made before still holds the result: nothing is lost
    assert (found.status, shares(found)) == (0, [ALL, ALL, NONE])

    whole.replace("params.yaml", "lr: 0.4", "lr: 0.9")
    whole.commit("Learn faster")
    whole.dvc("repro")
    whole.replace("code/train.py", "# again", "# otherwise")
    whole.commit("A result beside other code")

    found = answered(whole, "audit")

    assert found.status == 1
    assert found.found["traceable"] == {"count": 5, "of": 6, "percent": 83.333}


def test_a_sample_is_made_again_and_the_verdict_is_remembered(whole: Sandbox) -> None:
    found = answered(whole, "audit", *AGAIN, "2", "--seed", "7")

    tried = {r["key"] for r in found.found["results"] if r["verdict"]}
    assert (found.status, found.found["seed"], len(tried)) == (0, 7, 2)
    assert found.found["identical"] == {"count": 2, "of": 2, "percent": 100.0}
    later = answered(whole, "audit")
    assert (later.found["seed"], later.found["identical"]) == (None, found.found["identical"])
    assert {r["key"] for r in later.found["results"] if r["verdict"]} == tried


def test_what_cannot_be_made_again_counts_and_is_no_more_than_a_result(whole: Sandbox) -> None:
    """The share decides how it ends, as it does with verdicts that are remembered."""
    whole.replace("code/train.py", "def main():", 'def main():\n    assert "LENT" in os.environ')
    whole.dvc("repro", LENT="1")
    whole.commit("Need what is not declared")

    found = answered(whole, "audit", *AGAIN, "all", "--fail-under", "50")

    assert found.found["identical"]["count"] == found.found["identical"]["of"] - 1
    assert "ended with an error" in found.gaps[0]
    assert found.status == 0
    assert answered(whole, "audit", "--fail-under", "50").status == 0
    assert answered(whole, "audit", "--fail-under", "90").status == 1


def test_a_stage_that_draws_without_a_seed_is_named(whole: Sandbox) -> None:
    whole.replace("code/train.py", "write_text(str(lr))", "write_text(os.urandom(8).hex())")
    whole.replace("code/evaluate.py", 'float(Path("model.txt").read_text())', "0.5")
    whole.dvc("repro")
    whole.commit("Draw")
    first = str(whole.record(path=RESULT).run_name)
    whole.dvc("repro", "--force")
    whole.commit("Draw again")
    second = str(whole.record(path=RESULT).run_name)

    (unsteady,) = answered(whole, "audit").found["not_deterministic"]

    assert (unsteady["stage"], unsteady["outputs"]) == ("train", ["model.txt"])
    assert set(unsteady["shown_by"]) == {first, second}
    assert "train: model.txt, shown by" in whole.process("wherefrom", "audit").stdout


def test_what_differs_when_it_is_made_again_is_named_by_the_stage_that_began_it(
    whole: Sandbox,
) -> None:
    whole.replace("code/train.py", "write_text(str(lr))", "write_text(repr(os.getpid()))")
    whole.dvc("repro")
    whole.commit("A model that is another one each time")
    reset(whole)

    found = answered(whole, "audit", *AGAIN, "all")

    assert found.status == 1
    assert found.found["identical"] == {"count": 5, "of": 6, "percent": 83.333}
    (unsteady,) = found.found["not_deterministic"]
    assert (unsteady["stage"], unsteady["outputs"]) == ("train", ["model.txt"])


@pytest.mark.parametrize("wrong", [("--reproduce", "some"), ("--markdown", "--json")])
def test_a_wrong_request_ends_with_2(whole: Sandbox, wrong: tuple[str, ...]) -> None:
    done = whole.process("wherefrom", "audit", *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error" in done.stderr
