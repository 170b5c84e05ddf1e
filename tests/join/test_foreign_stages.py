"""Plain MLflow code in stages made by foreach or matrix, and in one that leaves its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, built_on_a_store
from wherefrom import lockfile

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import RunView

FIT = """\
import sys, mlflow
with mlflow.start_run():
    mlflow.log_metric("score", float(sys.argv[1]))
open(sys.argv[2], "w").write(sys.argv[1])
"""
WANDER = """\
import os, sys
home = os.getcwd()
os.chdir(sys.argv[1])
import mlflow
with mlflow.start_run():
    mlflow.log_metric("score", float(sys.argv[2]))
open(home + "/" + sys.argv[3], "w").write(sys.argv[2])
"""
DVC_YAML = """\
stages:
  each:
    foreach: [0.1, 0.2]
    do:
      cmd: python code/fit.py ${item} each_${item}.txt
      deps: [code/fit.py, data/rows.csv]
      outs: ['each_${item}.txt']
  grid:
    matrix:
      lr: [0.3]
      kind: [a]
    cmd: python code/fit.py ${item.lr} grid_${item.kind}.txt
    deps: [code/fit.py, data/rows.csv]
    params: [seed]
    outs: ['grid_${item.kind}.txt']
  wander:
    cmd: python code/wander.py other 0.4 wander.txt
    deps: [code/wander.py, data/rows.csv]
    params: [seed]
    outs: [wander.txt]
  leave:
    cmd: python code/wander.py .. 0.6 leave.txt
    deps: [code/wander.py, data/rows.csv]
    outs: [leave.txt]
"""
# Of the same name as a stage above: only the folder in which DVC was called tells which one runs.
OTHER_YAML = """\
stages:
  wander:
    cmd: python ../code/fit.py 0.5 other.txt
    outs: [other.txt]
"""
FILES = {
    "code/fit.py": FIT,
    "code/wander.py": WANDER,
    "dvc.yaml": DVC_YAML,
    "other/dvc.yaml": OTHER_YAML,
    "params.yaml": "seed: 1\n",
    "data/rows.csv": "a,b\n1,2\n",
    ".gitignore": "/mlflow.db*\n/mlruns/\n",
}
SCORES = {"each@0.1": 0.1, "each@0.2": 0.2, "grid@0.3-a": 0.3, "wander": 0.4, "leave": 0.6}


@pytest.fixture(scope="session")
def theirs(
    shared_folder: Path, warm_environment: dict[str, str], plugin_environment: dict[str, str]
) -> Sandbox:
    """The project with all stages of its main `dvc.yaml` run; no test here changes it."""

    def build_with_plugin(root: Path, environment: dict[str, str]) -> None:
        build(root, environment)
        # they change their folder before the import that loads the plugin
        Sandbox(root, plugin_environment).dvc("repro", "wander", "leave")

    root = built_on_a_store(shared_folder, "many", build_with_plugin, warm_environment)
    return Sandbox(root, warm_environment)


def build(root: Path, environment: dict[str, str]) -> None:
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    sandbox = Sandbox(root, environment)
    sandbox.git("init", "--quiet")
    sandbox.dvc("init", "--quiet")
    sandbox.dvc("add", "--quiet", "data/rows.csv")
    sandbox.commit("Theirs")
    sandbox.dvc("repro", "each", "grid")


def run_of(theirs: Sandbox, stage: str) -> RunView:
    """Give the run that the code of a stage made, told by the score that it alone logs."""
    (run,) = [run for run in theirs.runs().values() if run.metrics["score"] == SCORES[stage]]
    return run


@pytest.mark.parametrize("stage", ["each@0.1", "each@0.2", "grid@0.3-a"])
def test_a_run_in_a_stage_of_a_foreach_or_a_matrix_has_its_name_and_its_fingerprint(
    theirs: Sandbox, stage: str
) -> None:
    run = run_of(theirs, stage)

    assert run.tags["dvc.stage"] == stage
    assert run.tags["dvc.stage.fingerprint"] == lockfile.fingerprint(theirs.lock()[stage])


@pytest.mark.parametrize("stage", ["wander", "leave"], ids=["namesake", "out_of_the_project"])
def test_a_run_of_code_that_changes_its_folder_first_has_its_stages_tags(
    theirs: Sandbox, stage: str
) -> None:
    run = run_of(theirs, stage)

    assert run.tags["dvc.stage"] == stage
    assert run.tags["dvc.stage.fingerprint"] == lockfile.fingerprint(theirs.lock()[stage])
    assert run.tags["data_hash"] in theirs.text("data/rows.csv.dvc")
    assert run.tags["git.commit"] == theirs.git("rev-parse", "HEAD").strip()
