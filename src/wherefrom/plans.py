"""What was expected of a result before it ran, and whether it came: `experiment.plan`. Pure.

The plan of a result is the one that stood in `params.yaml` as its training started: its record
keeps it, so an edit afterwards changes no outcome, and the ledger alone tells it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wherefrom import criteria, keys
from wherefrom.errors.project import SettingError
from wherefrom.names import PLAN_CRITERION, PLAN_OUTCOME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from wherefrom.criteria import Judged, Verdict

SECTION = "experiment.plan"
CRITERIA = "success_criteria"
KEYS = ("hypothesis", "expected_improvement", CRITERIA, "risks", "rollback_plan")


@dataclass(frozen=True)
class Outcome:
    """What came of a plan: not met if one criterion is not; met if all of them are."""

    verdict: Verdict
    criteria: tuple[Judged, ...]


def of_section(section: Mapping[str, object]) -> dict[str, object]:
    """Give what of a plan was filled in. Raises `SettingError` for an unknown key or a mapping."""
    for key, value in section.items():
        if key not in KEYS:
            raise SettingError(SECTION, key, "a mapping with the keys " + ", ".join(KEYS))
        if isinstance(value, dict):
            raise SettingError(f"{SECTION}.{key}", value, "a text, or a list of texts")
    given = {key: section.get(key) for key in KEYS}
    return {key: value for key, value in given.items() if value not in (None, "", [])}


def params(plan: Mapping[str, Any]) -> dict[str, str]:
    """Give the parameters of the run: `plan_hypothesis` and so on, in MLflow's form."""
    return {f"plan_{key}": keys.param(plan[key]) for key in KEYS if key in plan}


def listed(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """List the success criteria: one text is one."""
    given = plan.get(CRITERIA, ())
    return tuple(map(str, given)) if isinstance(given, list | tuple) else (str(given),)


def check(plan: Mapping[str, Any], metrics: Collection[str] = ()) -> None:
    """Raise `CriterionError` for a criterion that is none.

    `metrics` are all that a result will have, empty where that is not known.
    """
    for text in listed(plan):
        found = criteria.parse(text)
        if metrics:
            criteria.check(found, metrics)


def outcome(plan: Mapping[str, Any], metrics: Mapping[str, float]) -> Outcome | None:
    """Judge a result by the success criteria of its plan; None where it has none."""
    judged = tuple(criteria.judge(text, metrics) for text in listed(plan))
    verdicts = {one.verdict for one in judged}
    for worst in ("not met", "not evaluated", "met"):
        if worst in verdicts:
            return Outcome(worst, judged)
    return None


def tags(found: Outcome | None) -> dict[str, str]:
    """Give the tags of the run: the outcome, and each criterion with its values."""
    if found is None:
        return {}
    each = {
        f"{PLAN_CRITERION}{number}": keys.tag(told(one))
        for number, one in enumerate(found.criteria, 1)
    }
    return {PLAN_OUTCOME: found.verdict, **each}


def told(one: Judged) -> str:
    """Say in a line what came of a criterion."""
    values = ", ".join(f"{name} = {value}" for name, value in one.values.items())
    beside = "; ".join(filter(None, (values, one.why)))
    return f"{one.verdict}: {one.criterion}" + (f" ({beside})" if beside else "")
