"""A project in a folder of its own, whose stages run without DVC and MLflow."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import termios
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
# Which columns of the mixed table are what.
OF_MIXED = {"data.target": "answer", "data.id": "key", "data.drop": ["unused"]}
# Models that learn fast.
SMALL = {
    "data.positive": None,
    "train.random_forest.n_estimators": 10,
    "train.hist_gradient_boosting.max_iter": 20,
    "train.mlp.max_iter": 80,
    "train.xgboost.n_estimators": 20,
}
STAGES = ("check", "prepare", "featurize", "train", "evaluate")

# The seam to the tracking layer, which has tests of its own: the stages run without DVC and MLflow.
STAND_IN = """
import contextlib, pathlib, sys

class Run:
    def log_model(self, model, **described):
        missing = {"example", "code_paths", "trusted_types", "distributions"} - set(described)
        assert not missing, missing
    def set_tags(self, values): pass
    def log_text(self, text, name): pass
    def log_metric(self, name, value, step): pass
    def report(self, metrics, step): pass
    def log_artifact(self, path, folder=""): assert pathlib.Path(path).is_file(), path

def refuse_safe_path(): pass
def expect_courier(): pass
def call_courier(**described): pass
def as_left(path): return pathlib.Path(path)
def require_tracked_by_dvc(path): pass
def check_experiment(said, metrics): pass

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
"""

# Stages of one project in one process: importing scikit-learn takes longer than most of them.
# `use:FILE` takes other parameters, and `keep:NAME` what came of them.
RUNNER = """
import os, runpy, shutil, sys
cpus = sorted(os.sched_getaffinity(0))[: int(sys.argv[1])]
os.sched_setaffinity(0, cpus)
sys.path.insert(0, "src")
for stage in sys.argv[2:]:
    action, _, name = stage.partition(":")
    if action == "use":
        shutil.copy(name, "params.yaml")
    elif action == "keep":
        for folder in ("data/prepared", "data/features", "models", "results"):
            shutil.copytree(folder, f"kept/{name}/{folder}")
    else:
        runpy.run_path(f"src/{stage}.py", run_name="__main__")
"""


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

    def run(
        self, *stages: str, cpus: int = 2, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run stages one after another, in one process of their own; others as RUNNER says."""
        return subprocess.run(
            [sys.executable, "-c", RUNNER, str(cpus), *stages],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root / "stand_in")} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def run_on_a_terminal(self, *stages: str) -> str:
        """Run stages as `run` does, with stderr on a terminal; gives what it showed."""
        ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (24, 120))
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, "2", *stages],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root / "stand_in")},
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # that is how a terminal ends on Linux
            while more := os.read(ours, 4096):
                shown += more
        os.close(ours)
        assert process.wait() == 0, shown
        return shown.decode()

    def outputs(self) -> dict[str, bytes]:
        """Give what the stages have written, by path."""
        folders = ("data/prepared", "data/features", "models", "results", "kept")
        found = (path for name in folders for path in sorted((self.root / name).rglob("*")))
        paths = (path for path in found if path.is_file())
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
