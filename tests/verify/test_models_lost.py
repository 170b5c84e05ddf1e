"""The logged model of a run and the registered versions of it: found where they are damaged."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from verify.test_faults_found import flip, store
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

REGISTER = """
import sys, mlflow
client = mlflow.MlflowClient()
client.create_registered_model("cancer")
client.create_model_version("cancer", f"models:/{sys.argv[1]}", model_id=sys.argv[1])
"""
DELETE = "import sys, mlflow; mlflow.MlflowClient().delete_logged_model(sys.argv[1])"


def asked(project: Sandbox, question: str) -> str:
    with closing(sqlite3.connect(project.root / "mlflow.db")) as database:
        (row,) = database.execute(question).fetchall()
        return str(row[0])


def model_id(project: Sandbox) -> str:
    return asked(project, "SELECT model_id FROM logged_models")


def folder(project: Sandbox) -> Path:
    (found,) = (project.root / "mlruns").glob(f"*/models/{model_id(project)}/artifacts")
    return found


@pytest.fixture
def registered(sandbox: Sandbox) -> Sandbox:
    """The project, its model registered."""
    (sandbox.root.parent / "register.py").write_text(REGISTER)
    script = str(sandbox.root.parent / "register.py")
    sandbox.run("python", script, model_id(sandbox), **store(sandbox))
    return sandbox


def test_a_registered_model_is_whole_and_its_result_noted_until_it_is_kept(
    registered: Sandbox,
) -> None:
    found = check_whole(registered, "HEAD", "--data")

    (result,) = found.results.values()
    (note,) = result["notes"]
    assert "models:/cancer/1" in note["what"]
    registered.run("wherefrom", "keep", "models:/cancer/1")
    (result,) = check_whole(registered, "HEAD").results.values()
    assert result["notes"] == []


def test_a_byte_that_was_flipped_in_a_model_is_found_by_reading_it(sandbox: Sandbox) -> None:
    flip(folder(sandbox) / "model.skops")

    check_whole(sandbox, "HEAD")
    found = verify(sandbox, "HEAD", "--data")

    assert (found.status, found.problems) == (
        1,
        {"bytes": {f"model {model_id(sandbox)}: model.skops"}},
    )


def test_a_file_of_a_model_that_is_gone_is_named(sandbox: Sandbox) -> None:
    (folder(sandbox) / "model.skops").unlink()

    found = verify(sandbox, "HEAD")

    assert (found.status, found.problems) == (1, {"model": {model_id(sandbox)}})
    (problem,) = found.all
    assert problem["what"].startswith("model.skops of the logged model")
    assert problem["lost"] == "the model as MLflow loads it; DVC has models/model.joblib"


def test_a_version_whose_files_are_gone_does_not_load(registered: Sandbox) -> None:
    shutil.rmtree(folder(registered))

    found = verify(registered, "HEAD")

    assert found.status == 1
    assert found.problems == {"model": {model_id(registered)}, "version": {"models:/cancer/1"}}


def test_a_version_whose_model_was_deleted_does_not_load(registered: Sandbox) -> None:
    (registered.root.parent / "delete.py").write_text(DELETE)
    run_id, model = registered.record().mlflow_run_id, model_id(registered)
    script = str(registered.root.parent / "delete.py")
    registered.run("python", script, model, **store(registered))

    found = verify(registered, "HEAD")

    assert found.status == 1
    assert found.problems == {"model": {str(run_id)}, "version": {"models:/cancer/1"}}


def test_a_file_that_is_missing_from_a_folder_is_named(sandbox: Sandbox) -> None:
    """Some output of the pipeline is a folder: an object of DVC's with objects of its own."""
    folders = [
        out
        for stage in sandbox.lock().values()
        for out in stage.outs
        if (out.hash or "").endswith(".dir")
    ]
    assert folders
    value = str(folders[0].hash)
    cache = sandbox.root / ".dvc" / "cache" / "files" / "md5"
    listing = (cache / value[:2] / value[2:]).read_text()
    md5 = listing.partition('"md5": "')[2][:32]
    (cache / md5[:2] / md5[2:]).unlink()

    found = verify(sandbox, "HEAD")

    assert (found.status, found.problems) == (1, {"cache": {value}})
    assert folders[0].path in found.all[0]["what"]


def test_a_project_that_was_moved_is_whole(sandbox: Sandbox) -> None:
    elsewhere = sandbox.root.parent / "elsewhere"
    sandbox.root.rename(elsewhere)

    moved = type(sandbox)(elsewhere, sandbox.environment)

    check_whole(moved, "HEAD", "--data")
