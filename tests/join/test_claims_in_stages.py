"""Whose run a result is, where claiming is not plain: other environments, stages and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from small_project import RESULT, TRAINING, add_calibration

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import RunView, Sandbox


def new_runs(small: Sandbox, before: dict[str, RunView]) -> list[RunView]:
    """Give the runs that were made since, and check that no other one has changed."""
    after = small.runs()
    assert {run_id: after[run_id] for run_id in before} == before
    return [run for run_id, run in after.items() if run_id not in before]


def test_an_evaluation_in_another_environment_than_its_trainings_has_a_run_of_its_own(
    small: Sandbox, tmp_path: Path
) -> None:
    package = tmp_path / "packages" / "another-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Name: another\nVersion: 1.0\n")
    small.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    small.dvc("repro", "train")
    before = small.runs()

    small.dvc("repro", PYTHONPATH=f"{package.parent}:{small.environment.get('PYTHONPATH', '')}")

    (run,) = new_runs(small, before)
    result, training = small.record(path=RESULT), small.record(path=TRAINING)
    assert result.environment.digest != training.environment.digest
    assert (result.relation, result.derived_from) == ("derived", training.record_id)
    assert run.run_id == result.mlflow_run_id != training.mlflow_run_id
    assert run.tags["env.digest"] == result.environment.digest


def test_a_stage_between_training_and_evaluation_leaves_both_in_one_run(small: Sandbox) -> None:
    before = small.runs()
    add_calibration(small)
    small.replace("params.yaml", "lr: 0.1", "lr: 0.2")

    small.dvc("repro")

    (run,) = new_runs(small, before)
    result = small.record(path=RESULT)
    assert (result.relation, result.mlflow_run_id) == ("own", run.run_id)
    assert run.params == {"calibrate.bins": "3", "evaluate.threshold": "0.5", "train.lr": "0.2"}
    assert run.metrics == {"cv.score": 0.2, "test.score": 0.7}


def test_an_evaluation_that_gives_other_metrics_for_the_same_inputs_has_a_run_of_its_own(
    small: Sandbox,
) -> None:
    before, first = small.runs(), small.record(path=RESULT)

    output = small.dvc("repro", "--force", "--single-item", "evaluate", LUCK="0.25")

    (run,) = new_runs(small, before)
    result = small.record(path=RESULT)
    assert result.fingerprint == first.fingerprint
    assert (result.relation, result.derived_from) == ("derived", first.record_id)
    assert (run.run_id, run.record_id) == (result.mlflow_run_id, result.record_id)
    assert run.metrics == {"cv.score": 0.1, "test.score": 0.85}
    what = "evaluate gave other metrics for the same inputs"
    assert what in {gap.what for gap in result.gaps}
    assert what in run.tags["wherefrom.gaps"]
    assert what in output


def test_the_environment_of_a_result_is_the_same_with_tracking_off(small: Sandbox) -> None:
    tracked = small.record(path=RESULT).environment

    small.dvc("repro", "--force", WHEREFROM_TRACKING="off")

    assert small.record(path=RESULT).environment == tracked
    assert small.record(path=TRAINING).environment == tracked
    assert tracked.blas is not None
