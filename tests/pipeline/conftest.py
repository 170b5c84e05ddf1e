"""Tables to learn from, params.yaml as objects, and the stages run in a folder of their own."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_projects import OF_MIXED, ROOT, SMALL, SRC, STAGES, STAND_IN, Project, change

if str(SRC) not in sys.path:
    sys.path.insert(0, str(SRC))

import numpy as np
import pandas as pd
from sklearn import datasets

from pipeline.params.section import parse_params
from pipeline.params.whole import Params
from pipeline.yaml12 import parse_yaml
from sandbox import built_once

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """params.yaml of this repository, as plain values."""
    content = parse_yaml((ROOT / "params.yaml").read_text(encoding="utf-8"), "params.yaml")
    assert isinstance(content, dict)
    return content


@pytest.fixture
def params(document: dict[str, Any]) -> Callable[..., Params]:
    """Give checked parameters: those of params.yaml, with some keys changed."""

    def build(**changes: Any) -> Params:
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        return parse_params(Params, change(document, SMALL | dotted), "params.yaml")

    return build


def _make_project(root: Path, document: dict[str, Any]) -> Project:
    (root / "src").mkdir()
    for stage in STAGES:
        shutil.copy(SRC / f"{stage}.py", root / "src")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SRC / "pipeline", root / "src/pipeline", ignore=ignore)
    (root / "stand_in/wherefrom").mkdir(parents=True)
    (root / "stand_in/wherefrom/__init__.py").touch()
    (root / "stand_in/wherefrom/stage.py").write_text(STAND_IN, encoding="utf-8")
    (root / "data").mkdir()
    (root / "data/nothing.csv").write_text("\n")
    made = Project(root, document)
    made.write(SMALL)
    return made


@pytest.fixture
def project(tmp_path: Path, document: dict[str, Any]) -> Project:
    """Make a project without a table; its stages run on a stand-in for the tracking layer."""
    return _make_project(tmp_path, document)


@pytest.fixture(scope="session")
def _finished_once(
    shared_folder: Path, document: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> Path:
    def build(root: Path) -> None:
        root.mkdir()
        made = _make_project(root, document)
        made.write({"data.path": made.table(tables["mixed"]), **OF_MIXED})
        done = made.run(*STAGES)
        assert done.returncode == 0, done.stderr

    return built_once(shared_folder, "finished", build)


@pytest.fixture
def finished(tmp_path: Path, _finished_once: Path, document: dict[str, Any]) -> Project:
    """Make a project on the mixed table, of which all stages were run."""
    shutil.copytree(_finished_once, tmp_path / "project")
    of_table = {"data.path": "data/raw/table.csv", **OF_MIXED}
    return Project(tmp_path / "project", change(document, SMALL | of_table))


def _mixed(rows: int = 240) -> pd.DataFrame:
    random = np.random.default_rng(0)
    age = random.integers(18, 90, rows)
    city = random.choice(["Oslo", "Lima", "Bern", " Oslo "], rows)
    target = np.where(age + 20 * (city == "Lima") + random.normal(0, 8, rows) > 55, "yes", "no")
    frame = pd.DataFrame(
        {
            "key": [f"r{row}" for row in range(rows)],
            "age": [f" {value} " for value in age],
            "height": random.normal(170, 9, rows).round(1).astype(object),
            "city": city,
            "code": random.choice(["1", "2", "x"], rows),
            "smoker": random.choice(["True", "FALSE"], rows),
            "unused": ["?"] * rows,
            "answer": target,
        }
    )
    for column, every, blank in (("age", 7, ""), ("height", 5, "NA"), ("city", 9, "  ")):
        frame.loc[frame.index % every == 0, column] = blank
    return frame.astype(str)


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Raw tables by name, each with the column `answer` to predict, as a CSV reader gives them."""
    cancer = datasets.load_breast_cancer(as_frame=True)
    wine = datasets.load_wine(as_frame=True)
    diabetes = datasets.load_diabetes(as_frame=True)
    return {
        "sample": cancer.data.assign(answer=cancer.target_names[cancer.target]).astype(str),
        "wine": wine.data.assign(answer=wine.target).astype(str),
        "wine_named": wine.data.assign(answer=wine.target_names[wine.target]).astype(str),
        "diabetes": diabetes.data.assign(answer=diabetes.target).astype(str),
        "mixed": _mixed(),
    }
