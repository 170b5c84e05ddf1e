"""Runs that wait on disk: nothing of them is lost, and they are logged as what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from small_project import RESULT, TRAINING

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

NOT_THERE = "not in this store"


def waiting(small: Sandbox) -> list[Path]:
    return sorted((small.root / ".wherefrom" / "runs").glob("*/entry.json"))


def test_a_run_that_waited_is_logged_to_the_mlflow_experiment_that_it_was_made_for(
    small: Sandbox, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    uri = f"sqlite:///{store}/mlflow.db"
    store.write_text("no folder: the store is down")
    small.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    small.dvc("repro", MLFLOW_TRACKING_URI=uri)
    small.replace("params.yaml", "name: first", "name: second")
    assert len(waiting(small)) == 2
    store.unlink()
    store.mkdir()

    done = small.process("wherefrom", "sync", MLFLOW_TRACKING_URI=uri)

    assert (done.returncode, done.stdout[:24]) == (0, "2 logged that had waited")
    record_id = small.record(path=RESULT).record_id
    runs = small.runs(store / "mlflow.db").values()
    (run,) = [run for run in runs if run.record_id == record_id]
    assert run.experiment == "first"
    assert run.metrics == {"cv.score": 0.2, "test.score": 0.7}


def test_an_evaluation_whose_training_run_is_not_in_the_store_waits_for_it(small: Sandbox) -> None:
    """The store is deleted in between; once the result is committed, its run is made again."""
    small.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    small.dvc("repro", "train")
    kept = small.root.parent / "kept"
    kept.mkdir()
    for path in (*small.root.glob("mlflow.db*"), small.root / "mlruns"):
        path.rename(kept / path.name)

    done = small.process("dvc", "repro", WHEREFROM_SUMMARY="on")

    assert done.returncode == 0
    (keep,) = [line for line in done.stdout.splitlines() if "keep this result" in line]
    named = set(keep.partition(" && ")[0].split()[2:])
    left = {"cv.json", "metrics.json", TRAINING, RESULT}
    assert named == {"dvc.lock", "params.yaml", *left}
    (said,) = [line for line in done.stderr.splitlines() if NOT_THERE in line]
    assert said.startswith("wherefrom: ")
    assert said.endswith("it waits")
    assert small.record(path=RESULT).record_id == small.record(path=TRAINING).record_id
    assert small.record(path=RESULT).mlflow_run_id is None

    in_vain = small.process("wherefrom", "sync")

    assert in_vain.returncode == 1
    assert in_vain.stdout.startswith("1 made from the ledger")
    assert NOT_THERE in in_vain.stdout
    assert small.record(path=RESULT).record_id in in_vain.stdout
    assert len(waiting(small)) == 1

    small.commit("The result")
    small.run("wherefrom", "sync")
    record_id = small.record(path=RESULT).record_id
    (run,) = [run for run in small.runs().values() if run.record_id == record_id]
    assert run.metrics == {"cv.score": 0.2, "test.score": 0.7}
    assert (run.status, waiting(small)) == ("FINISHED", [])
