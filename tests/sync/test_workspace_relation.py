"""The summary says how the workspace stands to its result, and which run it has by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asking import ask
from sync.every_kind import RESULT, record_ids, reset
from sync.stores import by_record

if TYPE_CHECKING:
    from sandbox import Sandbox

OFF = {"WHEREFROM_TRACKING": "off"}
LATE = "not in MLflow yet (`wherefrom sync`)"


def summary(sandbox: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = ask(sandbox, "summary")["result"]
    return found


def test_the_summary_of_a_committed_result_is_its_own(kinds: Sandbox) -> None:
    assert summary(kinds)["relation"] == "own"


def test_the_summary_of_a_restored_result_says_who_made_it(kinds: Sandbox) -> None:
    made = by_record(kinds)[record_ids(kinds)["alpha"]]
    kinds.git("checkout", "--quiet", "HEAD~1")
    kinds.dvc("checkout", "--quiet")

    said = kinds.dvc("exp", "run", "-n", "again", "-S", "train.lr=0.2")

    assert "Running stage" not in said
    found = summary(kinds)
    assert (found["record_id"], found["relation"]) == (made.record_id, "inherited")
    assert (found["mlflow_run_id"], found["experiment"]) == (made.run_id, "alpha")
    shown = kinds.run("wherefrom", "summary")
    assert "inherited: no stage ran here; made in experiment alpha, own there" in shown


@pytest.mark.parametrize(("name", "relation"), [("alpha", "own"), ("tuned", "derived")])
def test_the_summary_of_an_applied_experiment_is_that_of_the_experiment(
    kinds: Sandbox, name: str, relation: str
) -> None:
    record_id = record_ids(kinds)[name]
    kinds.git("checkout", "--quiet", "HEAD~1")
    reset(kinds)

    kinds.dvc("exp", "apply", name)

    found = summary(kinds)
    assert (found["record_id"], found["relation"]) == (record_id, relation)


def test_the_summary_shows_the_run_that_a_late_sync_gave(kinds: Sandbox) -> None:
    kinds.replace("params.yaml", "lr: 0.4", "lr: 0.5")
    kinds.dvc("repro", **OFF)
    kinds.commit("Not tracked")
    assert (summary(kinds)["mlflow_run_id"], summary(kinds)["relation"]) == (None, "own")
    assert LATE in kinds.run("wherefrom", "summary")

    kinds.run("wherefrom", "sync")

    run = by_record(kinds)[kinds.record(path=RESULT).record_id]
    assert (summary(kinds)["mlflow_run_id"], summary(kinds)["relation"]) == (run.run_id, "own")
    assert LATE not in kinds.run("wherefrom", "summary")
