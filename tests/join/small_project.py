"""A project whose two stages take a moment: for what needs `wherefrom.stage`, but no real model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import Parts, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

TRAINING = "train.wherefrom.json"
RESULT = "evaluate.wherefrom.json"
PARTS = Parts(TRAINING, RESULT, ("cv.json", "metrics.json"), "data/rows.csv", ("train", "evaluate"))

TRAIN_PY = """\
import json, os, signal
from pathlib import Path
from wherefrom import stage

def main():
    with stage.tracked(record="train.wherefrom.json") as run:
        run.set_tags({"n_features": 2})
        if "SIGNAL" in os.environ:
            signal.raise_signal(int(os.environ["SIGNAL"]))
        lr = stage.read_params()["train"]["lr"]
        Path("model.txt").write_text(str(lr))
        Path("cv.json").write_text(json.dumps({"cv": {"score": lr}}))

stage.run(main)
"""
CALIBRATE_PY = """\
from pathlib import Path
from wherefrom import stage

bins = stage.read_params()["calibrate"]["bins"]
Path("calibration.txt").write_text(Path("model.txt").read_text() + "," * bins)
"""
EVALUATE_PY = """\
import json, os
from pathlib import Path
from wherefrom import stage

def main():
    with stage.tracked(record="evaluate.wherefrom.json", of="train.wherefrom.json"):
        score = float(Path("model.txt").read_text()) + float(os.environ.get("LUCK", "0"))
        threshold = stage.read_params()["evaluate"]["threshold"]
        Path("metrics.json").write_text(json.dumps({"test": {"score": score + threshold}}))

stage.run(main)
"""
DVC_YAML = """\
stages:
  train:
    cmd: python code/train.py
    deps: [code/train.py, data/rows.csv]
    params: [train]
    outs: [model.txt]
    metrics:
      - cv.json: {cache: false}
      - train.wherefrom.json: {cache: false}
  evaluate:
    cmd: python code/evaluate.py
    deps: [code/evaluate.py, model.txt, train.wherefrom.json]
    params: [evaluate]
    metrics:
      - metrics.json: {cache: false}
      - evaluate.wherefrom.json: {cache: false}
"""
CALIBRATE_YAML = """\
  calibrate:
    cmd: python code/calibrate.py
    deps: [code/calibrate.py, model.txt]
    params: [calibrate]
    outs: [calibration.txt]
"""
FILES = {
    "code/train.py": TRAIN_PY,
    "code/evaluate.py": EVALUATE_PY,
    "dvc.yaml": DVC_YAML,
    "params.yaml": "train: {lr: 0.1}\nevaluate: {threshold: 0.5}\n"
    "experiment: {name: first, researcher: Ada, tags: {status: draft}, notes: of the sample}\n",
    "data/rows.csv": "a,b\n1,2\n",
    ".gitignore": "/mlflow.db*\n/mlruns/\n",
}


def build(root: Path, environment: dict[str, str]) -> None:
    """Build the project with its first result, committed."""
    sandbox = Sandbox(root, environment)
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    sandbox.git("init", "--quiet")
    sandbox.dvc("init", "--quiet")
    sandbox.dvc("add", "--quiet", "data/rows.csv")
    sandbox.commit("The project")
    sandbox.dvc("repro")
    sandbox.commit("The first result")


def add_calibration(sandbox: Sandbox) -> None:
    """Put a stage between training and evaluation that the tool knows nothing of."""
    (sandbox.root / "code" / "calibrate.py").write_text(CALIBRATE_PY)
    sandbox.replace("dvc.yaml", "  evaluate:\n", f"{CALIBRATE_YAML}  evaluate:\n")
    sandbox.replace("dvc.yaml", "evaluate.py, model.txt", "evaluate.py, model.txt, calibration.txt")
    sandbox.replace("params.yaml", "evaluate:", "calibrate: {bins: 3}\nevaluate:")
    sandbox.commit("Calibrate the model")
