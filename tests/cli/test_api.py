"""`import wherefrom`: the same answers as on the command line, as objects, for nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, assert_type

import pandas as pd
import pytest

import wherefrom
from sync.conftest import history, versions_template  # noqa: F401 - fixtures
from sync.versions import RESULT, SCORES
from wherefrom.commands.trace import Trace
from wherefrom.commands.verify import Verification
from wherefrom.errors import WherefromError
from wherefrom.errors.answers import AmbiguousAddressError, UnknownAddressError
from wherefrom.errors.project import NotAProjectError
from wherefrom.render import traced_json, verified

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

HEAVY = ("click", "dvc", "mlflow", "numpy", "pandas", "sqlalchemy", "yaml")


@pytest.fixture
def project(history: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:  # noqa: F811
    """A project with results, in whose environment this process is, too."""
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in history.environment.items():
        monkeypatch.setenv(name, value)
    return history


def test_a_trace_is_an_object_with_the_content_of_the_json(project: Sandbox) -> None:
    found = wherefrom.trace("final", project.root)

    assert_type(found, Trace)
    assert traced_json.trace_json(found) == project.run("wherefrom", "trace", "final", "--json")


def test_what_a_trace_holds_has_the_types_of_the_tool(project: Sandbox) -> None:
    record = project.record("final", RESULT)

    found = wherefrom.trace("final", str(project.root))

    assert found.record == record
    assert found.lineage is not None
    assert [stage.address for stage in found.lineage.stages] == ["train", "evaluate"]
    assert found.lineage.final.fingerprint == record.fingerprint
    assert (found.run and found.run.record_id, found.relation) == (record.record_id, "own")
    assert found.commit is not None
    assert found.commit.sha == project.git("rev-parse", "final^{commit}").strip()
    (version,) = found.data
    assert (version.path, version.size, version.label) == ("data/rows.csv", 16, "final")
    assert (found.metrics["test.score"], found.params["train.lr"]) == (0.9, 0.4)
    assert found.gaps == ()


def test_a_verification_is_an_object_with_the_content_of_the_json(project: Sandbox) -> None:
    found = wherefrom.verify("final", folder=project.root, data=True)

    assert_type(found, Verification)
    said = project.process("wherefrom", "verify", "final", "--data", "--json")
    assert verified.verification_json(found) == said.stdout
    assert found.is_whole == (said.returncode == 0)


def test_an_address_is_meant_from_the_folder_that_is_given(project: Sandbox) -> None:
    assert (
        wherefrom.trace("rows.csv", project.root / "data").key
        == project.record(path=RESULT).record_id
    )
    assert wherefrom.trace("../metrics.json", project.root / "data").data


def test_results_are_a_table_with_one_row_for_each(project: Sandbox) -> None:
    found = wherefrom.results(project.root)

    assert_type(found, pd.DataFrame)
    records = {project.record(rev, RESULT).record_id: rev for rev in SCORES}
    assert sorted(found["record_id"]) == sorted(records)
    scores = dict(zip(found["record_id"], found["test.score"], strict=True))
    assert {records[record_id]: score for record_id, score in scores.items()} == SCORES
    best = found.sort_values("test.score").iloc[-1]
    assert (best["data_version"], best["params.train.lr"], best["relation"]) == ("v2", 0.5, "own")
    assert set(found["mlflow_run_id"]) == set(project.runs())


def test_results_are_those_of_the_list(project: Sandbox) -> None:
    listed = json.loads(project.run("wherefrom", "ls", "--json"))["results"]
    found = wherefrom.results(project.root)
    assert list(found["record_id"]) == [entry["result"]["record_id"] for entry in listed]
    assert list(found["commit_sha"]) == [entry["commit"]["sha"] for entry in listed]


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("nothing-such", UnknownAddressError),
        ("test.score=0.6", AmbiguousAddressError),
        ("", UnknownAddressError),
    ],
    ids=["unknown", "ambiguous", "empty"],
)
def test_an_address_that_names_no_single_result_is_an_error_of_the_tool(
    project: Sandbox, address: str, error: type[WherefromError]
) -> None:
    with pytest.raises(error) as raised:
        wherefrom.trace(address, project.root)
    assert isinstance(raised.value, WherefromError)
    assert (raised.value.exit_code, bool(raised.value.hint)) == (2, True)


@pytest.mark.parametrize(
    "ask", [lambda p: wherefrom.trace("HEAD", p), wherefrom.results], ids=["trace", "results"]
)
def test_a_folder_outside_of_a_project_is_an_error_of_the_tool(
    project: Sandbox, tmp_path: Path, ask: object
) -> None:
    assert project.root != tmp_path
    assert callable(ask)
    with pytest.raises(NotAProjectError):
        ask(tmp_path)


def test_importing_it_imports_nothing_heavy(tmp_path: Path) -> None:
    code = f"import sys, wherefrom; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
