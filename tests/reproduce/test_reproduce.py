"""Results of the small project, made again in the environment of the tests."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from again import left_over, outputs, reproduce, state

from join.small_project import RESULT
from sync.every_kind import MADE

if TYPE_CHECKING:
    from sandbox import Sandbox

ALL = {"model.txt": True, "cv.json": True, "metrics.json": True}


def test_a_committed_result_is_made_again_with_the_same_bytes(small: Sandbox) -> None:
    before = state(small.root)

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert outputs(answer.found) == ALL
    assert answer.found["commit"] == small.git("rev-parse", "HEAD").strip()
    assert state(small.root) == before
    assert left_over(small) == []


def test_it_says_whose_code_runs_and_how_far_it_is(small: Sandbox) -> None:
    sha, key = small.git("rev-parse", "HEAD").strip(), small.record(path=RESULT).record_id

    said = reproduce(small, "HEAD").said.splitlines()

    stages = [f"{key[:8]}  {line}" for line in ("train (1 of 2)", "evaluate (2 of 2)")]
    assert said == [f"this runs the code of {sha[:7]}", *stages]


def test_results_of_every_kind_are_made_again_several_at_once(kinds: Sandbox) -> None:
    """A commit's, an experiment's of the workspace and of a copy, a derived, a dirty tree's."""
    before = state(kinds.root)

    answer = reproduce(kinds, *MADE, "--jobs", "2")

    found = {one["address"]: one for one in answer.found["results"]}
    assert {name: one["verdict"] for name, one in found.items()} == dict.fromkeys(MADE, "identical")
    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert kinds.record("HEAD", RESULT).git.dirty
    assert found["alpha"]["commit"] == kinds.git("rev-parse", kinds.revision("alpha")).strip()
    assert state(kinds.root) == before


def test_a_result_that_the_workspace_alone_has_is_made_again(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1", "lr: 0.7")
    small.dvc("repro")

    answer = reproduce(small, "workspace")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert answer.found["commit"] == small.record(path=RESULT).git.snapshot


def test_code_that_was_edited_before_it_was_committed_is_that_of_the_snapshot(
    small: Sandbox,
) -> None:
    small.replace("code/train.py", "str(lr)", "str(lr * 2)")
    small.dvc("repro")
    small.replace("code/train.py", "str(lr * 2)", "str(lr * 3)")
    small.commit("Another factor than the result's")

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert answer.found["commit"] == small.record(path=RESULT).git.snapshot


def test_a_snapshot_that_is_gone_is_missing(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1", "lr: 0.7")
    small.dvc("repro")
    small.git("update-ref", "-d", f"refs/wherefrom/dirty/{small.record(path=RESULT).record_id}")
    small.git("gc", "--quiet", "--prune=now")

    answer = reproduce(small, "workspace")

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["what"] == "the code of this result is gone"


def test_a_result_of_a_clean_tree_that_is_not_committed_is_made_from_its_commit(
    small: Sandbox,
) -> None:
    small.dvc("repro", "--force")

    answer = reproduce(small, "workspace")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert answer.found["commit"] == small.git("rev-parse", "HEAD").strip()


def test_a_stage_with_other_results_each_time_is_seen_and_what_differs_is_named(
    small: Sandbox,
) -> None:
    answer = reproduce(small, "HEAD", LUCK="0.25")

    assert (answer.status, answer.found["verdict"]) == (1, "different")
    assert outputs(answer.found) == ALL | {"metrics.json": False}
    (unlike,) = [one["unlike"] for one in answer.found["outputs"] if not one["same"]]
    assert unlike == ["test.score 0.6 -> 0.85"]
    assert answer.found["metrics"] == {"test.score": [0.6, 0.85]}


@pytest.mark.parametrize(
    ("args", "status", "verdict"),
    [((), 0, "equivalent"), (("--tolerance", "1e-12"), 1, "different")],
    ids=["default", "narrow"],
)
def test_last_digits_are_equivalent_within_the_tolerance(
    small: Sandbox, args: tuple[str, ...], status: int, verdict: str
) -> None:
    answer = reproduce(small, "HEAD", *args, LUCK="1e-9")

    assert (answer.status, answer.found["verdict"]) == (status, verdict)
    assert outputs(answer.found) == ALL | {"metrics.json": False}


def test_only_the_stages_that_led_to_a_result_run(small: Sandbox) -> None:
    text = small.text("dvc.yaml").replace(
        "stages:\n",
        "stages:\n  before:\n    cmd: 'false'\n  after:\n    cmd: 'false'\n"
        "    deps: [metrics.json]\n",
    )
    (small.root / "dvc.yaml").write_text(text)
    small.commit("Stages that fail")

    assert reproduce(small, "HEAD").found["verdict"] == "identical"


def test_what_a_frozen_stage_left_is_taken_and_the_rest_is_made_again(small: Sandbox) -> None:
    small.dvc("freeze", "train")
    small.commit("Freeze")

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert outputs(answer.found) == {"metrics.json": True}
    assert answer.found["taken"] == ["train"]
    said = small.process("wherefrom", "reproduce", "HEAD", "--env", "current").stdout
    assert "note: train is frozen: what it left was taken, not made again" in said


def test_what_a_frozen_stage_left_and_is_lost_is_missing(small: Sandbox) -> None:
    small.dvc("freeze", "train")
    small.commit("Freeze")
    shutil.rmtree(small.root / ".dvc" / "cache")

    made = reproduce(small, "HEAD").found

    assert made["verdict"] == "impossible"
    assert made["missing"]["what"] in {
        "data/rows.csv cannot be had",
        "model.txt of the frozen stage train cannot be had",
    }


def test_the_last_stage_that_is_frozen_cannot_be_made_again(small: Sandbox) -> None:
    small.dvc("freeze", "evaluate")
    small.commit("Freeze")

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    what = "the stage evaluate is frozen in the commit's dvc.yaml"
    assert answer.found["missing"]["what"] == what


def test_an_output_that_its_stage_goes_on_from_says_so(small: Sandbox) -> None:
    small.replace("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, seen.txt: {persist: true}]")
    count = "Path('seen.txt').open('a').write('x')"
    small.replace("code/train.py", '        Path("model', f'        {count}\n        Path("model')
    small.dvc("repro")
    small.commit("Count")
    small.dvc("repro", "--force")
    small.commit("Twice")

    (output,) = [o for o in reproduce(small, "HEAD").found["outputs"] if not o["same"]]

    assert output["path"] == "seen.txt"
    assert "`persist: true`" in output["unlike"][-1]


def test_another_kind_of_cpu_lets_one_expect_less(small: Sandbox) -> None:
    path = small.root / RESULT
    body = json.loads(path.read_text())
    body["record"][0]["environment"]["cpu"] = "Abacus 1"
    path.write_text(json.dumps(body))
    small.commit("Made elsewhere")

    (said,) = reproduce(small, "HEAD").found["machine"]

    assert "was Abacus 1: equivalent can be expected" in said


def test_a_stage_that_fails_shows_what_it_said_and_leaves_nothing(small: Sandbox) -> None:
    answer = reproduce(small, "HEAD", LUCK="a lot")

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["what"] == "the stage evaluate ended with an error"
    assert "could not convert string to float: 'a lot'" in answer.said
    assert left_over(small) == []
    (log,) = (small.root / ".wherefrom" / "failed").iterdir()
    assert str(log) in answer.said


def test_a_clone_is_left_where_it_is_asked_for_and_the_next_call_keeps_it(small: Sandbox) -> None:
    kept = reproduce(small, "HEAD", "--keep").found["kept"]
    reproduce(small, "HEAD")

    (folder,) = left_over(small)
    assert kept == str(small.root / ".wherefrom" / "reproductions" / folder / "clone")
    assert (small.root / kept / "metrics.json").read_text() == small.text("metrics.json")


def test_foreign_code_logs_into_the_clone_alone(theirs: Sandbox) -> None:
    runs, before = theirs.runs(), state(theirs.root)

    answer = reproduce(
        theirs, "model.txt", MLFLOW_TRACKING_URI=f"sqlite:///{theirs.root}/mlflow.db"
    )

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert outputs(answer.found) == {"model.txt": True}
    assert set(theirs.runs()) == set(runs)
    assert state(theirs.root) == before


def test_metrics_that_are_in_mlflow_alone_are_compared(theirs: Sandbox) -> None:
    answer = reproduce(theirs, "model.txt", LUCK="1e-9")

    assert (answer.status, answer.found["verdict"]) == (0, "equivalent")
    assert answer.found["metrics"] == {"score": [0.5, 0.500000001]}


def test_a_model_that_was_never_committed_cannot_be_made_again(small: Sandbox) -> None:
    lost = small.record(path=RESULT).record_id
    small.git("reset", "--hard", "--quiet", "HEAD~1")
    small.git("reflog", "expire", "--expire=now", "--all")

    answer = reproduce(small, lost)

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["what"] == "no commit and no experiment holds this run"


def test_an_unknown_address_and_a_wrong_option_are_wrong_requests(small: Sandbox) -> None:
    assert small.process("wherefrom", "reproduce", "nothing-such").returncode == 2
    assert small.process("wherefrom", "reproduce").returncode == 2
    assert small.process("wherefrom", "reproduce", "HEAD", "--jobs", "0").returncode == 2
