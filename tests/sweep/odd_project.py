"""A project of somebody else, in a folder of a repository, with every kind of command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

FIT = """\
import json
import sys
from pathlib import Path

import mlflow
import shortuuid  # the project's own, which has the name of a library that DVC uses
import yaml

lr = yaml.safe_load(Path("params.yaml").read_text())["lr"]
with mlflow.start_run():
    mlflow.log_metric("score", lr)
seen = [lr, shortuuid.WHOSE, sys.argv, __name__, Path(sys.path[0]).name, shortuuid.__file__]
Path("model.txt").write_text(json.dumps(seen[:5]))
Path("place.txt").write_text(str(Path(seen[5]).resolve().is_relative_to(Path.cwd())))
Path("score.json").write_text(json.dumps({"score": lr}))
"""
PROCESSES = """\
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from joblib import Parallel, delayed


def where(number):
    return f"{number} {Path(__file__).resolve().is_relative_to(Path.cwd())}"


if __name__ == "__main__":
    chosen = multiprocessing.get_start_method(allow_none=True)
    with ProcessPoolExecutor(2) as pool:
        forked = list(pool.map(where, [1, 2]))
    by_joblib = Parallel(n_jobs=2)(delayed(where)(number) for number in [3])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        spawned = pool.map(where, [4])
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        served = pool.map(where, [5])
    seen = [str(chosen), *forked, *by_joblib, *spawned, *served]
    Path("processes.txt").write_text(",".join(seen))
"""
DVC_YAML = """\
stages:
  fit:
    cmd: python code/fit.py
    deps: [code/fit.py, code/shortuuid.py, rows.csv]
    params: [lr]
    outs: [model.txt, place.txt]
    metrics: [score.json: {cache: false}]
  processes:
    cmd: python code/processes.py
    deps: [code/processes.py, model.txt]
    outs: [processes.txt]
  pipe:
    cmd: cat model.txt | tr a-z A-Z > upper.txt
    deps: [model.txt]
    outs: [upper.txt]
  module:
    cmd: python -m mod one 'two three'
    deps: [mod/__main__.py, model.txt]
    outs: [module.txt]
  listed:
    cmd:
      - ./step.sh
      - python -c "open('listed.txt', 'a').write('python')"
    deps: [step.sh, model.txt]
    outs: [listed.txt]
  toml:
    cmd: cp conf/extra.toml copied.toml
    params: [conf/extra.toml: [depth]]
    outs: [copied.toml]
"""
NAME = "their ünits"
FILES = {
    "code/fit.py": FIT,
    "code/processes.py": PROCESSES,
    "code/shortuuid.py": "WHOSE = 'mine'\n",
    "mod/__main__.py": "import sys\nopen('module.txt', 'w').write(f'{sys.argv[1:]} {__name__}')\n",
    "step.sh": "#!/bin/sh\nprintf 'shell ' > listed.txt\n",
    "dvc.yaml": DVC_YAML,
    "params.yaml": "lr: 0.1\n",
    "conf/extra.toml": "depth = 3\n",
    "rows.csv": "a\n1\n",
    ".gitignore": "/mlflow.db*\n/mlruns/\n__pycache__/\n",
}


def build(root: Path, environment: dict[str, str]) -> Sandbox:
    """Build the project, of which no stage was ever run, in a folder with an odd name."""
    theirs = root / "sub" / NAME
    for path, text in FILES.items():
        (theirs / path).parent.mkdir(parents=True, exist_ok=True)
        (theirs / path).write_text(text)
    (theirs / "step.sh").chmod(0o755)
    sandbox = Sandbox(theirs, environment)
    sandbox.git("init", "--quiet", str(root))
    sandbox.git("config", "core.worktree", str(root))  # as a submodule has it
    sandbox.dvc("init", "--quiet", "--subdir")
    sandbox.dvc("add", "--quiet", "rows.csv")
    sandbox.commit("Theirs")
    return sandbox
