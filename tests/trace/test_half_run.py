"""A training that ran again without its evaluation, and files that changed under the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from traced_project import removed

from asking import answered, listed, trace
from join.small_project import RESULT, TRAINING

if TYPE_CHECKING:
    from sandbox import Sandbox

OTHER = "the training in this tree is not the one that this result rests on"


def test_a_training_that_was_not_evaluated_is_a_result_beside_the_one_before(
    traced: Sandbox,
) -> None:
    result, first = traced.record(path=RESULT), traced.record(path=TRAINING)
    traced.dvc("repro", "--force", "--single-item", "train")
    traced.commit("Train again")
    again = traced.record(path=TRAINING)

    answer = trace(traced, again.record_id)

    assert again.record_id != first.record_id
    assert (answer.status, answer.gaps) == (0, [])
    assert answer.found["result"]["key"] == again.record_id
    assert (answer.run["id"], answer.run["relation"]) == (again.mlflow_run_id, "own")
    assert answer.found["metrics"] == {"cv.score": 0.1}
    assert answer.held_by == traced.git("rev-parse", "HEAD").strip()
    assert set(answered(traced, "trace", "HEAD").keys) == {again.record_id, result.record_id}
    assert listed(traced)[again.record_id]["run"]["id"] == again.mlflow_run_id
    assert (
        listed(traced)[result.record_id]["commit"]["sha"]
        == traced.git("rev-parse", "HEAD~1").strip()
    )


def test_a_result_that_rests_on_another_training_has_none_of_its_numbers(traced: Sandbox) -> None:
    removed(traced, ["alpha", "beta", "tuned", "same"])
    traced.replace("params.yaml", "lr: 0.1", "lr: 0.9")
    traced.dvc("repro", "--single-item", "train")

    result = traced.record(path=RESULT).record_id
    found = answered(traced, "trace", "workspace")

    assert found.status == 2
    before = {e["result"]["key"]: e["metrics"] for e in found.found["results"]}
    assert before[traced.record(path=TRAINING).record_id] == {"cv.score": 0.9}
    assert before[result].get("cv.score") != 0.9


@pytest.mark.parametrize("path", ["model.txt", "data/rows.csv"], ids=["model", "raw data"])
def test_the_workspace_does_not_hold_a_result_whose_files_were_changed(
    traced: Sandbox, path: str
) -> None:
    whole = trace(traced, "workspace")
    file = traced.root / path
    file.unlink()  # it may be a link into DVC's cache
    file.write_text("other\n")

    answer = trace(traced, "workspace")

    assert (whole.status, whole.gaps) == (0, [])
    (gap,) = answer.found["gaps"]
    assert gap["what"].startswith(f"{path} in the workspace is not what train ")
    assert f"dvc checkout {path}" in gap["remedy"]
    assert answer.status == 1
    assert answer.held_by is None


def test_what_dvc_ignores_in_a_folder_of_data_is_no_change(traced: Sandbox) -> None:
    (traced.root / "data" / "parts").mkdir()
    (traced.root / "data" / "parts" / "one.csv").write_text("a\n1\n")
    (traced.root / ".dvcignore").write_text("*.tmp\n")
    traced.dvc("add", "--quiet", "data/parts")
    traced.replace("dvc.yaml", "data/rows.csv]", "data/rows.csv, data/parts]")
    traced.dvc("repro")
    traced.commit("Read a folder")
    (traced.root / "data" / "parts" / "here.tmp").write_text("of no matter")

    ignored = trace(traced, "workspace")
    (traced.root / "data" / "parts" / "two.csv").write_text("a\n2\n")
    added = trace(traced, "workspace")

    assert ignored.gaps == []
    assert added.gaps == ["data/parts in the workspace is not what train read"]


def test_credentials_in_a_lock_are_shown_by_nobody(traced: Sandbox) -> None:
    for file in ("dvc.yaml", "dvc.lock"):
        traced.replace(file, "data/rows.csv", "https://ada:s3cret@data.example/rows.csv")
        traced.replace(file, "cmd: python code/train.py", "cmd: get https://ada:s3cret@x.example")
    traced.commit("Data of a server")

    for command in ("trace", "verify"):
        for form in ((), ("--json",)):
            done = traced.process("wherefrom", command, "HEAD", *form)
            assert done.returncode in {0, 1}
            assert "s3cret" not in done.stdout + done.stderr
    assert "https://data.example/rows.csv" in str(trace(traced, "HEAD").found["stages"])
    traced.run("wherefrom", "sync", "--rebuild")
    assert "s3cret" not in str(traced.runs())
