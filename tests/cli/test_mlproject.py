"""`mlflow run` runs the pipeline: with the parameters that are given to it, as an experiment."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from sandbox import PROJECT, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

DVC = """\
#!/bin/sh
echo "dvc $*" > called
env | grep ^MLFLOW_ | sort | cut -d= -f1 >> called
"""

DVC_PARSES = """\
import json, sys
from hydra.core.override_parser.overrides_parser import OverridesParser

override = OverridesParser.create().parse_override(sys.argv[-1])
value = override.value()
json.dump(getattr(value, "text", value), open("called", "w"))
"""


@pytest.fixture
def box(tmp_path: Path, warm_environment: dict[str, str]) -> Sandbox:
    """A folder with the project's MLproject, in which `dvc` only says how it was called."""
    shutil.copy2(PROJECT / "MLproject", tmp_path)
    (tmp_path / "scripts").mkdir()
    shutil.copy2(PROJECT / "scripts" / "run_with_params.py", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dvc").write_text(DVC)
    (tmp_path / "bin" / "dvc").chmod(0o755)
    path = f"{tmp_path / 'bin'}:{warm_environment['PATH']}"
    return Sandbox(tmp_path, warm_environment | {"PATH": path})


def test_mlflow_run_gives_its_parameters_to_an_experiment_of_dvc(box: Sandbox) -> None:
    box.run("mlflow", "run", ".", "--env-manager", "local", "-P", "train.model=mlp", "-P", "a.b=1")

    command, *variables = box.text("called").splitlines()
    assert command == "dvc exp run --temp -S train.model=mlp -S a.b=1"
    assert "MLFLOW_TRACKING_URI" in variables
    assert not {"MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"} & set(variables)


@pytest.mark.parametrize(
    ("args", "command", "status"),
    [([], "dvc repro", 0), (["--train.folds", "3"], "dvc exp run --temp -S train.folds=3", 0)],
    ids=["none", "one"],
)
def test_parameters_make_an_experiment_and_none_a_plain_run(
    box: Sandbox, args: list[str], command: str, status: int
) -> None:
    done = box.process("python", "scripts/run_with_params.py", *args)

    assert (done.returncode, box.text("called").splitlines()[0]) == (status, command)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("a b; c", "a b; c"),
        ("it's Zoë's, (2)", "it's Zoë's, (2)"),
        ("0.05", 0.05),
        ("[a, 1]", ["a", 1]),
        ("null", None),
        ("data/raw/my table.csv", "data/raw/my table.csv"),
        ("'1'", "1"),
    ],
)
def test_a_value_is_taken_as_it_was_meant(box: Sandbox, value: str, meant: object) -> None:
    (box.root / "bin" / "dvc").write_text(f"#!{sys.executable}\n{DVC_PARSES}")

    box.run("python", "scripts/run_with_params.py", "--a.b", value)

    assert json.loads(box.text("called")) == meant


@pytest.mark.parametrize("args", [["x"], ["--a"], ["a", "1"]])
def test_what_is_no_parameter_is_refused(box: Sandbox, args: list[str]) -> None:
    done = box.process("python", "scripts/run_with_params.py", *args)

    assert done.returncode == 2
    assert "-P train.model=mlp" in done.stderr
    assert not (box.root / "called").exists()
