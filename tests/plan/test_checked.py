"""A plan with a mistake in it is refused before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.metric_names import metric_names

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_the_metrics_that_a_criterion_may_name_are_those_that_a_result_has(
    sandbox: Sandbox,
) -> None:
    assert set(metric_names("classification", 2)) == set(sandbox.metrics())


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("{hypotesis: trees}", "experiment.plan.hypotesis: unknown key (did you mean 'hypothesis'"),
        ("{success_criteria: 0.9}", "experiment.plan.success_criteria: got 0.9; allowed is a text"),
        (
            "{success_criteria: [test.acuracy > 0.9]}",
            "'test.acuracy > 0.9', at 1: no metric is called test.acuracy; did you mean test.acc",
        ),
        ("{success_criteria: test.mse < 1}", "no metric is called test.mse"),
        (
            "{success_criteria: [test.accuracy > 0.9, \"__import__('os') > 1\"]}",
            "\"__import__('os') > 1\", at 1: a number or a metric has to stand here",
        ),
    ],
)
def test_a_plan_with_a_mistake_is_refused(sandbox: Sandbox, plan: str, said: str) -> None:
    text = sandbox.text("params.yaml")
    old = text[text.index("  plan:") : text.index("  vocabulary:")]
    sandbox.replace("params.yaml", old, f"  plan: {plan}\n")

    done = sandbox.process("python", "src/check.py", "--dry-run")

    assert done.returncode == 2
    assert said in done.stderr
