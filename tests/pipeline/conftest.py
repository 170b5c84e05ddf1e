"""Tables to learn from, params.yaml as objects, and the stages run in a folder of their own."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_projects import ROOT, SRC, STAGES, STAND_IN, Project, change

if str(SRC) not in sys.path:
    sys.path.insert(0, str(SRC))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn import datasets  # noqa: E402

from pipeline.params.section import parse_params  # noqa: E402
from pipeline.params.whole import Params  # noqa: E402
from pipeline.yaml12 import parse_yaml  # noqa: E402

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
    small = {"train.random_forest.n_estimators": 10, "data.positive": None}

    def build(**changes: Any) -> Params:  # noqa: ANN401
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        return parse_params(Params, change(document, small | dotted), "params.yaml")

    return build


@pytest.fixture
def project(tmp_path: Path, document: dict[str, Any]) -> Project:
    """Make a project without a table; its stages run on a stand-in for the tracking layer."""
    (tmp_path / "src").mkdir()
    for stage in STAGES:
        shutil.copy(SRC / f"{stage}.py", tmp_path / "src")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SRC / "pipeline", tmp_path / "src/pipeline", ignore=ignore)
    (tmp_path / "stand_in/wherefrom").mkdir(parents=True)
    (tmp_path / "stand_in/wherefrom/__init__.py").touch()
    (tmp_path / "stand_in/wherefrom/stage.py").write_text(STAND_IN, encoding="utf-8")
    made = Project(tmp_path, document)
    made.write({"train.random_forest.n_estimators": 10, "data.positive": None})
    return made


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
