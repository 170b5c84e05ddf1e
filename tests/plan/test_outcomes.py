"""What is expected is kept before a result is made, and judged when it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asking import ask, trace
from sync.stores import lose

if TYPE_CHECKING:
    from sandbox import RunView, Sandbox

PLAN = """\
  plan:
    hypothesis: a higher rate scores better
    success_criteria: [test.score > 0.7, 0 < cv.score < 0.15]
"""
PARAMS = {
    "plan_hypothesis": "a higher rate scores better",
    "plan_success_criteria": '["test.score > 0.7", "0 < cv.score < 0.15"]',
}
TOLD = {
    "plan.outcome": "not met",
    "plan.criterion.1": "not met: test.score > 0.7 (test.score = 0.7)",
    "plan.criterion.2": "not met: 0 < cv.score < 0.15 (cv.score = 0.2)",
}


def write_plan(sandbox: Sandbox, lr: float = 0.1, plan: str = PLAN) -> None:
    """Write the parameters of the small project with a plan."""
    text = f"train: {{lr: {lr}}}\nevaluate: {{threshold: 0.5}}\nexperiment:\n  name: first\n{plan}"
    (sandbox.root / "params.yaml").write_text(text)


def expected_of(run: RunView) -> dict[str, str]:
    return {name: value for name, value in run.params.items() if name.startswith("plan_")}


def told_of(run: RunView) -> dict[str, str]:
    return {name: value for name, value in run.tags.items() if name.startswith("plan.")}


def run_of(sandbox: Sandbox, rev: str | None = None) -> RunView:
    record_id = sandbox.record(rev).record_id
    (found,) = (run for run in sandbox.runs().values() if run.record_id == record_id)
    return found


def test_a_result_is_judged_by_what_was_expected_before_it_was_made(small: Sandbox) -> None:
    write_plan(small, 0.2)
    small.dvc("repro")
    first = small.lock()
    small.commit("A higher rate")

    assert (expected_of(run_of(small)), told_of(run_of(small))) == (PARAMS, TOLD)
    plan = trace(small, "HEAD").found["plan"]
    assert (plan["hypothesis"], plan["outcome"]) == ("a higher rate scores better", "not met")
    assert plan["criteria"][1]["values"] == {"cv.score": 0.2}
    comment = small.process("wherefrom", "report", "HEAD", "--format", "md").stdout.splitlines()
    assert {
        "| hypothesis | `a higher rate scores better` |",
        "| plan | `not met, 0 of 2 criteria met` |",
        "| criterion 2 | `not met: 0 < cv.score < 0.15 (cv.score 0.2000)` |",
    } <= {*comment}

    # said afterwards, it changes nothing: neither a stage runs nor another outcome is told
    write_plan(small, 0.2, PLAN.replace("> 0.7", "> 0.1").replace("0.15", "0.25"))
    assert "Running stage" not in small.dvc("repro")
    assert small.lock() == first
    small.commit("Say that it was expected")
    assert trace(small, "HEAD").found["plan"] == plan

    lose(small)
    small.run("wherefrom", "sync", "--rebuild")
    assert (expected_of(run_of(small)), told_of(run_of(small))) == (PARAMS, TOLD)
    assert [entry["plan"] for entry in ask(small, "ls")["results"]] == [plan, None]
    assert [entry["plan"] for entry in ask(small, "ls", "--plan")["results"]] == [plan]
    assert small.process("wherefrom", "ls", "--plan").stdout.splitlines()[1:] == [
        "  hypothesis        a higher rate scores better",
        "  success criteria  not met: test.score > 0.7  (test.score 0.7000)",
        "                    not met: 0 < cv.score < 0.15  (cv.score 0.2000)",
        "",
        "results without a plan: 1",
    ]


def test_the_plan_of_a_run_is_that_of_its_start_and_a_derived_run_has_its_own(
    small: Sandbox,
) -> None:
    write_plan(small, 0.2)
    small.dvc("repro", "train")
    write_plan(small, 0.2, PLAN.replace("> 0.7", "> 0.1"))
    small.commit("Another plan")
    small.dvc("repro")
    owned = run_of(small)
    tuned = ("exp", "run", "--temp", "-n", "tuned", "-S", "evaluate.threshold=0.75")
    said = small.dvc(*tuned, WHEREFROM_SUMMARY="on")

    assert "  dvc exp apply tuned  " in said
    assert "git add" not in said.partition("\nnext\n")[2]
    assert (expected_of(owned), told_of(owned)) == (PARAMS, TOLD)
    derived = run_of(small, "tuned")
    assert derived.tags["wherefrom.relation"] == "derived"
    assert derived.tags["plan.outcome"] == "not met"
    assert "- **plan** not met" in derived.tags["mlflow.note.content"]
    assert derived.tags["plan.criterion.1"] == "met: test.score > 0.1 (test.score = 0.95)"
    assert small.record("tuned").plan["success_criteria"][0] == "test.score > 0.1"
