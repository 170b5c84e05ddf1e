"""Each variant of a sweep is what `dvc exp run` would have made, with its run, and traceable."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from sweeps import SAME, files_without_records, lock_without_records, run_named, states

from sandbox import check_link

if TYPE_CHECKING:
    from pathlib import Path

    from sweeps import Both

    from sandbox import Sandbox

MADE = [*SAME]


def test_a_sweep_says_what_became_of_each_variant(both: Both) -> None:
    assert states(both.stages) == {
        "stages-1": "done",
        "stages-2": "done",
        "stages-3": "done",
        "before": "linked",
    }
    assert states(both.threads) == {
        "threads-1": "done",
        "threads-2": "failed",
        "threads-3": "failed",
    }


@pytest.mark.parametrize("name", MADE)
def test_a_variant_is_the_experiment_that_dvc_makes(both: Both, name: str) -> None:
    ours, theirs = both.ours, both.theirs

    assert lock_without_records(ours, name) == lock_without_records(theirs, name)
    assert files_without_records(ours, name) == files_without_records(theirs, name)
    assert ours.metrics(name) == theirs.metrics(name)
    parents = [box.git("rev-parse", f"{box.revision(name)}^").strip() for box in (ours, theirs)]
    assert parents == [ours.git("rev-parse", "HEAD").strip()] * 2


@pytest.mark.parametrize("name", MADE)
def test_a_variant_has_its_own_run_and_no_gap(both: Both, name: str) -> None:
    runs = both.ours.runs()

    record = check_link(both.ours, name, runs)

    assert record.relation == both.theirs.record(name).relation
    traced = json.loads(both.ours.run("wherefrom", "trace", name, "--json"))
    assert traced["gaps"] == []
    assert traced["run"]["record_id"] == record.record_id
    both.ours.run("wherefrom", "verify", name)


def test_a_variant_that_changes_no_training_trains_nothing(both: Both) -> None:
    (variant,) = [one for one in both.stages["variants"] if one["name"] == "stages-2"]

    assert "python src/evaluate.py" in variant["ran"]
    assert "python src/train.py" not in variant["ran"]


def test_a_sweep_leaves_the_users_repository_alone(both: Both) -> None:
    before, after = both.untouched

    assert before == after


def test_the_run_of_a_sweep_says_what_it_was_and_what_came_of_it(both: Both) -> None:
    parent = run_named(both.ours, "threads")

    assert parent.status == "FINISHED"
    assert parent.params["sweep.sampler"] == "grid"
    assert parent.params["space.train.folds"] == "2,1000,1"
    assert parent.metrics["sweep.done"] == 1
    assert parent.metrics["sweep.failed"] == 2
    assert parent.tags["wherefrom.sweep.best"] == "threads-1"
    assert "wherefrom.process" not in parent.tags
    assert "variants.json" in parent.artifacts


@pytest.mark.parametrize(
    ("name", "why"),
    [("threads-2", "train.folds"), ("threads-3", "train.folds")],
    ids=["in-a-stage-with-a-run", "before-there-was-a-run"],
)
def test_a_variant_that_failed_is_a_failed_run_with_its_error(
    both: Both, name: str, why: str
) -> None:
    run = run_named(both.ours, name)

    assert run.status == "FAILED"
    assert why in run.tags["wherefrom.error"]
    assert run.tags["mlflow.parentRunId"] == run_named(both.ours, "threads").run_id
    assert run.params["train.folds"] == {"threads-2": "1000", "threads-3": "1"}[name]
    (variant,) = [one for one in both.threads["variants"] if one["name"] == name]
    assert why in variant["error"]


def test_runs_of_variants_are_nested_in_that_of_the_sweep(both: Both) -> None:
    parent = run_named(both.ours, "stages").run_id

    for name in ("stages-2", "stages-3"):
        tags = run_named(both.ours, name).tags
        assert (tags["mlflow.parentRunId"], tags["wherefrom.sweep"]) == (parent, "stages")


def test_no_question_takes_the_run_of_a_sweep_for_a_lost_result(both: Both) -> None:
    listed = json.loads(both.ours.run("wherefrom", "ls", "--json"))

    loose = {one["run"]["name"] for one in listed["results"] if one["commit"] is None}
    assert loose == {"threads-2", "threads-3"}
    assert "results can be had" in both.ours.run("wherefrom", "verify", "--all")
    assert "traceable" in both.ours.run("wherefrom", "audit")


def test_dvc_works_on_variants_as_on_any_experiment(copied: Sandbox, tmp_path: Path) -> None:
    copied.git("init", "--bare", "--quiet", str(tmp_path / "bare.git"))
    copied.git("remote", "add", "origin", str(tmp_path / "bare.git"))
    copied.dvc("remote", "add", "--quiet", "--local", "--default", "own", str(tmp_path / "remote"))
    shown = copied.dvc("exp", "show", "--csv")
    assert {"stages-2", "stages-3", "threads-1", "before"} <= set(re.split(r"[,\n]", shown))
    assert "hist_gradient_boosting" in copied.dvc("exp", "diff", "stages-2", "stages-3")

    copied.dvc("exp", "apply", "stages-3")
    assert copied.metrics() == copied.metrics("stages-3")
    copied.git("stash")
    copied.dvc("exp", "branch", "stages-3", "boosted")
    assert copied.git("rev-parse", "boosted") == copied.git(
        "rev-parse", copied.revision("stages-3")
    )

    copied.dvc("exp", "push", "origin", "stages-3")
    assert "/stages-3" in copied.git("ls-remote", "origin", "refs/exps/*")
    assert list((tmp_path / "remote").rglob("*.dir"))
    copied.dvc("exp", "remove", "stages-2")
    assert "stages-2" not in copied.git("for-each-ref", "refs/exps")
