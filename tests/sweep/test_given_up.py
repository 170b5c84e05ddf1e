"""Variants that a sampler of Optuna chooses, some of which it gives up by fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import optuna  # noqa: TID251 - what reads the file afterwards
from sweeps import report_of, run_named, states, swept

if TYPE_CHECKING:
    from sandbox import Sandbox

REPORTS = """\
        lr = stage.read_params()["train"]["lr"]
        for fold in range(3):
            run.report({"cv": {"score": lr}}, fold)
"""
ASKED = ("--sampler", "tpe", "--trials", "9", "--pruner", "median", "--metric", "cv.score")


def test_a_variant_that_is_given_up_is_a_run_that_says_so_and_no_experiment(small: Sandbox) -> None:
    small.replace("code/train.py", '        lr = stage.read_params()["train"]["lr"]\n', REPORTS)
    small.commit("Scores by fold")
    space = ("-S", "train.lr=interval(0.1,0.9)", "--direction", "maximize", "--jobs", "1")

    said = report_of(swept(small, *ASKED, *space, "--json"))

    ended = states(said)
    pruned = [name for name, state in ended.items() if state == "pruned"]
    assert pruned
    assert set(ended.values()) == {"done", "pruned"}
    exps = small.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    assert {ref.rpartition("/")[2] for ref in exps} == ended.keys() - set(pruned)
    run = run_named(small, pruned[0])
    assert run.tags["wherefrom.pruned"].startswith("the sweep gave this variant up after step")
    assert "wherefrom.error" not in run.tags
    assert run.tags["mlflow.parentRunId"] == run_named(small, "sweep-1").run_id
    assert "the sweep gave this variant up" in small.run("wherefrom", "ls")
    small.run("wherefrom", "verify", "--all")

    study = optuna.load_study(study_name="sweep-1", storage=f"sqlite:///{small.root}/optuna.db")
    by_state = {trial.number: trial.state.name for trial in study.trials}
    assert sum(state == "PRUNED" for state in by_state.values()) == len(pruned)
    assert study.best_trial.user_attrs["experiment"] == said["best"]
    more = report_of(swept(small, "--resume", "--trials", "10", "--json"))["variants"]
    assert (more[:9], len(more)) == (said["variants"], 10)
