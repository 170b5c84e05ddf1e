"""Plans: what of them is kept, and what came of them as a whole."""

from __future__ import annotations

import pytest

from wherefrom import plans
from wherefrom.errors.project import CriterionError, SettingError

PLAN = {"hypothesis": "trees help", "success_criteria": ["acc > 0.9", "gap < 0.05"]}


@pytest.mark.parametrize(
    ("metrics", "verdict"),
    [
        ({"acc": 0.95, "gap": 0.01}, "met"),
        ({"acc": 0.95, "gap": 0.1}, "not met"),
        ({"acc": 0.95}, "not evaluated"),
        ({"acc": 0.8}, "not met"),
    ],
)
def test_a_plan_is_met_if_all_its_criteria_are(metrics: dict[str, float], verdict: str) -> None:
    found = plans.outcome(PLAN, metrics)
    assert found is not None
    assert found.verdict == verdict


def test_without_success_criteria_there_is_no_outcome_and_no_tag() -> None:
    assert plans.outcome({"hypothesis": "trees help"}, {"acc": 1.0}) is None
    assert plans.tags(None) == {}


def test_a_run_is_told_the_outcome_and_each_criterion_with_its_value() -> None:
    assert plans.tags(plans.outcome(PLAN, {"acc": 0.956140350877193})) == {
        "plan.outcome": "not evaluated",
        "plan.criterion.1": "met: acc > 0.9 (acc = 0.956140350877193)",
        "plan.criterion.2": "not evaluated: gap < 0.05 (this result has no metric gap)",
    }


def test_what_is_filled_in_becomes_parameters_of_the_run() -> None:
    plan = plans.of_section({**PLAN, "risks": None, "rollback_plan": "", "expected_improvement": 0})
    assert plans.params(plan) == {
        "plan_hypothesis": "trees help",
        "plan_success_criteria": '["acc > 0.9", "gap < 0.05"]',
        "plan_expected_improvement": "0",
    }


def test_one_criterion_need_not_be_a_list() -> None:
    assert plans.listed({"success_criteria": "acc > 0.9"}) == ("acc > 0.9",)
    assert plans.listed({}) == ()


def test_an_unknown_key_and_a_mapping_are_refused() -> None:
    with pytest.raises(SettingError, match="'hypotesis'; allowed is a mapping with the keys"):
        plans.of_section({"hypotesis": "trees help"})
    with pytest.raises(SettingError, match=r"experiment\.plan\.risks is"):
        plans.of_section({"risks": {"a": 1}})


def test_a_criterion_that_is_none_is_refused_also_where_the_metrics_are_not_known() -> None:
    plans.check(PLAN)
    plans.check(PLAN, ["acc", "gap"])
    with pytest.raises(CriterionError, match=r"params\.yaml: experiment\.plan\.success_criteria: "):
        plans.check({"success_criteria": "acc = 1"})
    with pytest.raises(CriterionError, match="no metric is called gap"):
        plans.check(PLAN, ["acc"])
