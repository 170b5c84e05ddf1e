"""Results of the small project, made again in the environment of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from again import left_over, outputs, reproduce, state

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_a_committed_result_is_made_again_with_the_same_bytes(small: Sandbox) -> None:
    before = state(small.root)

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert outputs(answer.found) == {"model.txt": True, "cv.json": True, "metrics.json": True}
    assert answer.found["commit"] == small.git("rev-parse", "HEAD").strip()
    assert state(small.root) == before
    assert left_over(small) == []


def test_it_says_whose_code_runs_and_how_far_it_is(small: Sandbox) -> None:
    sha, key = small.git("rev-parse", "HEAD").strip(), small.record(path="evaluate.wherefrom.json")

    said = reproduce(small, "HEAD").said.splitlines()

    stages = [f"{key.record_id[:8]}  {line}" for line in ("train (1 of 2)", "evaluate (2 of 2)")]
    assert said == [f"this runs the code of {sha[:7]}", *stages]
