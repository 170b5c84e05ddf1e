"""A project of somebody else, whose metrics are in MLflow alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

FIT = """\
import os
from pathlib import Path
import mlflow

rate = float(Path("rate.txt").read_text())
with mlflow.start_run():
    mlflow.log_metric("score", rate + float(os.environ.get("LUCK", "0")))
    mlflow.log_text("a note", "note.txt")
Path("model.txt").write_text(str(rate) + os.environ.get("LUCK", ""))
"""
DVC_YAML = """\
stages:
  fit:
    cmd: python fit.py
    deps: [fit.py, rate.txt, rows.csv]
    outs: [model.txt]
  other:
    cmd: python -c "open('other.txt', 'w').write('1')"
    outs: [other.txt]
"""
FILES = {
    "fit.py": FIT,
    "rate.txt": "0.5",
    "dvc.yaml": DVC_YAML,
    "rows.csv": "a,b\n1,2\n",
    ".gitignore": "/mlflow.db*\n/mlruns/\n",
}


def build(root: Path, environment: dict[str, str]) -> None:
    """Build the project with its two results, committed."""
    sandbox = Sandbox(root, environment)
    for path, text in FILES.items():
        (root / path).write_text(text)
    sandbox.git("init", "--quiet")
    sandbox.dvc("init", "--quiet")
    sandbox.dvc("add", "--quiet", "rows.csv")
    sandbox.commit("Theirs")
    sandbox.dvc("repro")
    sandbox.commit("Their results")
