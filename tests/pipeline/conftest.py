"""Tables to learn from, params.yaml as objects, and the stages run in a folder of their own."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
if str(SRC) not in sys.path:
    sys.path.insert(0, str(SRC))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import yaml  # noqa: E402
from sklearn import datasets  # noqa: E402

from pipeline.params.section import parse_params  # noqa: E402
from pipeline.params.whole import Params  # noqa: E402
from pipeline.yaml12 import parse_yaml  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES = ("check", "prepare", "featurize", "train", "evaluate")

# The seam to the tracking layer, which has tests of its own: the stages run without DVC and MLflow.
STAND_IN = '''
import contextlib, pathlib, sys

class Run:
    def log_model(self, model, **described):
        missing = {"example", "code_paths", "trusted_types", "distributions"} - set(described)
        assert not missing, missing

def refuse_safe_path(): pass
def require_tracked_by_dvc(path): pass

@contextlib.contextmanager
def tracked(record, of=None):
    assert of is None or pathlib.Path(of).exists()
    yield Run()
    pathlib.Path(record).parent.mkdir(exist_ok=True, parents=True)
    pathlib.Path(record).write_text("{}")

def run(main, user_errors):
    try:
        main()
    except user_errors as error:
        print(error, file=sys.stderr)
        sys.exit(2)
'''

# Stages of one project in one process: importing scikit-learn takes longer than most of them.
RUNNER = '''
import os, runpy, sys
cpus = sorted(os.sched_getaffinity(0))[: int(sys.argv[1])]
os.sched_setaffinity(0, cpus)
sys.path.insert(0, "src")
for stage in sys.argv[2:]:
    runpy.run_path(f"src/{stage}.py", run_name="__main__")
'''


@dataclass
class Project:
    """A folder with the stage scripts, `pipeline`, params.yaml and a table."""

    root: Path
    document: dict[str, Any] = field(default_factory=dict)

    def write(self, changes: dict[str, Any]) -> None:
        """Write params.yaml with some of its keys changed."""
        self.document = change(self.document, changes)
        (self.root / "params.yaml").write_text(yaml.safe_dump(self.document), encoding="utf-8")

    def table(self, frame: pd.DataFrame, name: str = "data/raw/table.csv") -> str:
        """Write a table; gives its path for `data.path`."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(path, index=False)
        return name

    def run(self, *stages: str, cpus: int = 2, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run stages one after another, in one process of their own."""
        return subprocess.run(
            [sys.executable, "-c", RUNNER, str(cpus), *stages],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root / "stand_in")} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self) -> dict[str, bytes]:
        """Give what the stages have written, by path."""
        folders = ("data/prepared", "data/features", "models", "results")
        paths = (path for folder in folders for path in sorted((self.root / folder).glob("*")))
        return {str(path.relative_to(self.root)): path.read_bytes() for path in paths}


def change(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Give a copy of params.yaml with the values of some keys (`train.model`) changed."""
    changed = copy.deepcopy(document)
    for key, value in changes.items():
        *sections, name = key.split(".")
        section = changed
        for part in sections:
            section = section[part]
        section[name] = value
    return changed


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
