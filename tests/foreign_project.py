"""A project of somebody else: plain MLflow code, other names, and every way to declare a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

FIT = """\
import json, sys
from pathlib import Path
import mlflow

value, out = float(sys.argv[1]), Path(sys.argv[2])
with mlflow.start_run():
    mlflow.log_metric("score", value)
out.mkdir(exist_ok=True)
(out / "model.txt").write_text(f"{out.name} {value}")
(out / "score.json").write_text(json.dumps({out.name: {"score": value}}))
"""
SCORE = """\
import json, sys
from pathlib import Path

value = float(Path("fit/model.txt").read_text().split()[1]) + float(sys.argv[1])
Path("final.json").write_text(json.dumps({"final": value}))
"""
DVC_YAML = """\
stages:
  fit:
    cmd: python code/fit.py ${lr} fit
    deps: [code/fit.py, data/rows.csv]
    params: [lr]
    outs: [fit/model.txt]
    metrics: [fit/score.json: {cache: false}]
  score:
    cmd: python code/score.py ${threshold}
    deps: [code/score.py, fit/model.txt]
    params: [threshold]
    metrics: [final.json: {cache: false}]
  forest:
    cmd: python code/fit.py 0.25 forest
    deps: [code/fit.py, data/rows.csv]
    outs: [forest/model.txt]
    metrics: [forest/score.json: {cache: false}]
  each:
    foreach: [0.3]
    do:
      cmd: python code/fit.py ${item} each
      deps: [code/fit.py, data/parts]
      outs: [each/model.txt]
      metrics: [each/score.json: {cache: false}]
  grid:
    matrix:
      lr: [0.4]
      kind: [a]
    cmd: python code/fit.py ${item.lr} grid_${item.kind}
    deps: [code/fit.py, data/rows.csv, data/parts]
    outs: ['grid_${item.kind}/model.txt']
    metrics: ['grid_${item.kind}/score.json': {cache: false}]
"""
BELOW_YAML = """\
stages:
  fit:
    cmd: python ../code/fit.py 0.6 below
    deps: [../code/fit.py, ../data/parts]
    outs: [below/model.txt]
    metrics: [below/score.json: {cache: false}]
"""
FILES = {
    "code/fit.py": FIT,
    "code/score.py": SCORE,
    "dvc.yaml": DVC_YAML,
    "sub/dvc.yaml": BELOW_YAML,
    "params.yaml": "lr: 0.1\nthreshold: 0.01\n",
    "data/rows.csv": "a,b\n1,2\n",
    "data/parts/one.csv": "a\n1\n",
    "data/parts/two.csv": "a\n2\n",
    ".gitignore": "/mlflow.db*\n/mlruns/\n",
}


def write(root: Path) -> None:
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def build(root: Path, environment: dict[str, str]) -> None:
    """Build the project with all stages run and committed, and one experiment."""
    write(root)
    sandbox = Sandbox(root, environment)
    sandbox.git("init", "--quiet")
    sandbox.dvc("init", "--quiet")
    sandbox.dvc("add", "--quiet", "data/rows.csv", "data/parts")
    sandbox.commit("Theirs")
    sandbox.dvc("repro", "--all-pipelines")
    sandbox.commit("Their results")
    sandbox.dvc("exp", "run", "--temp", "-n", "other", "-S", "lr=0.2")
