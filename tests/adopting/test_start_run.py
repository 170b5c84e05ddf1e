"""`wherefrom.start_run` in place of `mlflow.start_run`: the run of a stage, and its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wherefrom
from sandbox import Sandbox, built_on_a_store, copy_of
from wherefrom import lockfile, plugin

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """\
import mlflow, wherefrom
from pathlib import Path

with wherefrom.start_run(run_name="first", tags={"team": "a", "dvc.mine": "b"}) as run:
    assert type(run) is mlflow.ActiveRun
    assert mlflow.active_run().info.run_id == run.info.run_id
    mlflow.log_metric("score", 0.5)
    with wherefrom.start_run(run_name="inner", nested=True):
        mlflow.log_metric("score", 0.1)
with wherefrom.start_run(run_name="second"):
    pass
Path("model.txt").write_text("0.5")
"""
SCORE = """\
import mlflow, wherefrom
from pathlib import Path

with wherefrom.start_run(run_name="scores"):
    Path("score.json").write_text('{"score": 0.5}')
"""
FAIL = """\
import mlflow, wherefrom

with wherefrom.start_run(run_name="fails"):
    raise SystemExit(1)
"""
BARE = """\
import mlflow, wherefrom

with wherefrom.start_run(run_name="bare"):
    pass
"""
DVC_YAML = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py, rows.csv]
    outs: [model.txt]
    metrics: [train.wherefrom.json: {cache: false}]
  score:
    cmd: python score.py
    deps: [score.py, model.txt, train.wherefrom.json]
    metrics: [score.json: {cache: false}, score.wherefrom.json: {cache: false}]
  fail:
    cmd: python fail.py
    deps: [fail.py]
    metrics: [fail.wherefrom.json: {cache: false}]
  bare:
    cmd: python bare.py
    deps: [bare.py]
"""
FILES = {
    "train.py": TRAIN,
    "score.py": SCORE,
    "fail.py": FAIL,
    "bare.py": BARE,
    "dvc.yaml": DVC_YAML,
    "rows.csv": "a\n1\n",
    "params.yaml": "experiment: {plan: {success_criteria: score > 0.9}}\n",
    ".gitignore": "/mlflow.db*\n/mlruns/\n",
}


def build(root: Path, environment: dict[str, str]) -> None:
    for path, text in FILES.items():
        (root / path).write_text(text)
    sandbox = Sandbox(root, environment)
    sandbox.git("init", "--quiet")
    sandbox.dvc("init", "--quiet")
    sandbox.dvc("add", "--quiet", "rows.csv")
    sandbox.commit("Theirs")


@pytest.fixture
def theirs(shared_folder: Path, tmp_path: Path, warm_environment: dict[str, str]) -> Sandbox:
    template = built_on_a_store(shared_folder, "start_run", build, warm_environment)
    return copy_of(template, tmp_path / "theirs", warm_environment)


def test_the_record_of_a_stage_names_its_first_and_outermost_run(theirs: Sandbox) -> None:
    said = theirs.dvc("repro", "score")

    runs = {run.name: run for run in theirs.runs().values()}
    record = theirs.record(path="train.wherefrom.json")
    assert (record.run_name, record.relation, record.derived_from) == ("first", "own", None)
    assert record.mlflow_run_id == runs["first"].run_id
    assert record.record_id == runs["first"].record_id
    assert record.fingerprint == lockfile.fingerprint(theirs.lock()["train"])
    assert runs["first"].tags["wherefrom.relation"] == "own"
    assert record.tags == {"team": "a"}
    assert "train.wherefrom.json names an earlier run of the stage train" in said
    scored = theirs.record(path="score.wherefrom.json")
    assert (scored.relation, scored.derived_from) == ("derived", record.record_id)
    assert runs["scores"].tags["wherefrom.derived_from"] == record.record_id
    traced = theirs.process("wherefrom", "trace", "score.json").stdout
    assert f"relation  derived (of {record.record_id})" in traced
    assert "plan   not met, 0 of 1 criteria met\n" in traced


def test_a_run_that_fails_leaves_no_record(theirs: Sandbox) -> None:
    assert theirs.process("dvc", "repro", "fail").returncode != 0

    (run,) = theirs.runs().values()
    assert (run.name, run.status) == ("fails", "FAILED")
    assert not (theirs.root / "fail.wherefrom.json").exists()


def test_a_stage_without_a_record_file_has_its_run_and_a_note(theirs: Sandbox) -> None:
    said = theirs.dvc("repro", "bare")

    assert "the stage bare declares no record file: `wherefrom init` proposes one" in said
    (run,) = theirs.runs().values()
    assert run.tags["dvc.stage"] == "bare"


def test_outside_of_a_stage_it_is_a_plain_run_and_a_note(theirs: Sandbox) -> None:
    said = theirs.run("python", "train.py")

    assert "this is no DVC stage, so this is a plain MLflow run" in said
    assert {run.name: run.record_id for run in theirs.runs().values()} == {
        "first": None,
        "inner": None,
        "second": None,
    }
    assert not (theirs.root / "train.wherefrom.json").exists()


def test_a_run_without_its_with_is_not_started_in_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(AttributeError, match="`with wherefrom"):
        _ = wherefrom.start_run().info  # type: ignore[attr-defined]

    assert "without `with`, so it started no run" in capsys.readouterr().err


def test_what_holds_for_each_run_of_a_stage_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):  # MLflow asks for tags of nested runs, of traces and for autologging
        plugin._say_once("train has run before")

    assert capsys.readouterr().err == "wherefrom: train has run before\n"
