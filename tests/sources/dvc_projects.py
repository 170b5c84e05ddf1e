"""DVC projects whose stages write down what they know of themselves while they run."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom import lockfile

if TYPE_CHECKING:
    from wherefrom.lockfile import StageFacts

SRC = Path(__file__).parents[2] / "src"

PROBE = '''\
"""A stage: writes what `running_stage` says into a folder outside, then makes its outputs."""
import dataclasses, json, os, sys
from pathlib import Path

from wherefrom.lockfile import fingerprint, flat_params
from wherefrom.project import dvc_root
from wherefrom.sources.dvc_running import facts_now, running_stage
from wherefrom.sources.dvc_stage import place

wdir = Path.cwd()
here = place(dvc_root(wdir), wdir, os.environ)
stage = running_stage(here)
known = {
    "address": stage.address,
    "fingerprint": fingerprint(stage.facts),
    "said": os.environ["DVC_STAGE"],
    "deps": dict(stage.deps),
    "outs": [dataclasses.asdict(out) for out in stage.outs],
    "raw": [dataclasses.asdict(raw) for raw in stage.raw],
    "params": flat_params(stage.params_of),
    "metrics_before": list(stage.metrics_before),
    "outputs_of_all": sorted(stage.outputs_of_all),
    "inputs_of_all": sorted(stage.inputs_of_all),
    "gaps": [dataclasses.asdict(gap) for gap in stage.gaps],
}
if os.environ.get("AGAIN"):
    known["again"] = fingerprint(facts_now(here))
target = Path(os.environ["PROBED"], stage.address.replace("/", "%") + ".json")
assert not target.exists(), f"{target} is there already"
target.write_text(json.dumps(known, default=str))
for name in sys.argv[1:]:
    path = Path(name)
    if name.endswith("/"):
        path.mkdir(parents=True, exist_ok=True)
        (path / "b").mkdir(exist_ok=True)
        (path / "a.txt").write_text("a")
        (path / "b" / "c.txt").write_text("c")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"from": name, "value": 1}))
'''

# No dates and no keys that are numbers: DVC 3.67 itself fails on a stage that has one.
PARAMS_YAML = """\
lr: 1e-07
half: 0.5
whole: 1.0
huge: 1.0e+300
answer: no
yes_too: yes
time: 12:30:45
octal: 010
long: 123456789012345678901
nothing: null
endless: .inf
below: -.inf
quoted: '1e-07'
empty: ''
odd: "a: b # c\\n\\ttab é ☺ \\u2028"
nested: {a: {b: [1, 1e-07, no, {c: ~}]}, 'key.with.dots': 1, '2': text, é: 1}
list: [1, 2.5, three]
hollow: {}
none_at_all: []
cuts: [a, b]
"""
PARAMS_JSON = """\
{"lr": 1e-07, "endless": Infinity, "nested": {"a": {"b": [1, null, true, "no"]}},
 "big": 12345678901234567890, "text": "12:30:45", "float": 1.0, "day": "2020-01-31", "e": 1E5}
"""
PARAMS_TOML = """\
lr = 1e-07
endless = inf
below = -inf
hex = 0x1F
under = 1_000
text = "no"
list = [1, 2.5, "three"]
[nested.a]
b = 1.0
c = [{d = 1}, {d = 2}]
"""
PARAMS_PY = """\
lr = 1e-07
SHAPE = (1, 2.5, "no")
NESTED = {"a": {"b": (1, (2, 3))}, "c": None}
NOTHING = None
FLAG = True
NEGATIVE = -3
TEXT = "12:30:45"
LIST = [1e-07, 1.0]


class Model:
    depth: int = 3
    rate = 0.1
"""

DVC_YAML = """\
vars:
  - config/vars.yaml
stages:
  no_params:
    cmd: python "$PROBE" out/no_params.txt
    deps: [data/raw.csv]
    outs: [out/no_params.txt]
  no_deps:
    cmd: python "$PROBE" out/no_deps.txt
    outs: [out/no_deps.txt]
  listed:
    cmd:
      - echo before
      - python "$PROBE" out/listed.txt
    deps: [data/raw.csv, data/plain.txt]
    outs: [out/listed.txt]
  shell:
    cmd: >-
      true &&
      python "$PROBE" out/shell.txt && true
    deps: [data/plain.txt]
    outs: [out/shell.txt]
  templated:
    cmd: python "$PROBE" ${where}/templated.txt
    deps: [data/raw.csv]
    params: [lr]
    outs: ['${where}/templated.txt']
  in_wdir:
    wdir: work
    cmd: python "$PROBE" made.txt
    deps: [../data/raw.csv, own.txt]
    params: [lr, ../params.yaml: [answer]]
    outs: [made.txt]
  each:
    foreach: ${cuts}
    do:
      cmd: python "$PROBE" out/each_${item}.txt
      deps: [data/plain.txt]
      params: [list]
      outs: ['out/each_${item}.txt']
  alike:
    foreach: [a, b]
    do:
      cmd: python "$PROBE" out/alike/${item}.txt
      outs: ['out/alike/${item}.txt']
  grid:
    matrix:
      x: [1, 2.5]
      y: [no]
    cmd: python "$PROBE" out/grid_${item.x}_${item.y}.txt
    deps: [data/raw.csv]
    outs: ['out/grid_${item.x}_${item.y}.txt']
  folder:
    cmd: python "$PROBE" out/folder/
    deps: [data/folder]
    outs: [out/folder/]
  of_folder:
    cmd: python "$PROBE" out/of_folder.txt
    deps: [out/folder, data/folder/in/x.txt]
    outs: [out/of_folder.txt]
  from_yaml:
    cmd: python "$PROBE" out/from_yaml.txt
    params: [lr, half, whole, huge, answer, yes_too, time, octal, long, nothing,
      endless, below, quoted, empty, odd, nested, list, hollow, none_at_all, nested.a]
    outs: [out/from_yaml.txt]
  from_json:
    cmd: python "$PROBE" out/from_json.txt
    params: [config/p.json: [lr, endless, nested, nested.a.b, big, text, float, day, e]]
    outs: [out/from_json.txt]
  from_toml:
    cmd: python "$PROBE" out/from_toml.txt
    params: [config/p.toml: [lr, endless, below, hex, under, text, list, nested]]
    outs: [out/from_toml.txt]
  from_python:
    cmd: python "$PROBE" out/from_python.txt
    params: [config/p.py: [lr, SHAPE, NESTED, NOTHING, FLAG, NEGATIVE, TEXT, LIST, Model.depth]]
    outs: [out/from_python.txt]
  whole_files:
    cmd: python "$PROBE" out/whole_files.txt
    params: [config/p.json: , config/p.toml: , config/p.py: , config/whole.yaml: ]
    outs: [out/whole_files.txt]
  named:
    wdir: sub
    cmd: python "$PROBE" root_named.txt
    deps: [own.txt]
    params: [../params.yaml: [half]]
    outs: [root_named.txt]
  odd_names:
    cmd: python "$PROBE" "out/ö dd [x]#.txt"
    deps: ['data/a b (1).txt']
    outs: ['out/ö dd [x]#.txt']
  first:
    cmd: python "$PROBE" out/first.json out/first_metrics.json
    deps: [data/raw.csv]
    params: [lr]
    outs: [out/first.json]
    metrics: [out/first_metrics.json: {cache: false}]
  train:
    cmd: python "$PROBE" out/model.json out/train.wherefrom.json
    deps: [out/first.json]
    params: [half]
    outs: [out/model.json]
    metrics: [out/train.wherefrom.json: {cache: false}]
  evaluate:
    cmd: python "$PROBE" out/score.json out/evaluate.wherefrom.json
    deps: [out/model.json, out/train.wherefrom.json, data/folder]
    params: [answer]
    metrics:
      - out/score.json: {cache: false}
      - out/evaluate.wherefrom.json: {cache: false}
"""
SUB_YAML = """\
stages:
  named:
    cmd: python "$PROBE" sub_named.txt
    deps: [own.txt]
    params: [half]
    outs: [sub_named.txt]
  up:
    wdir: ../work
    cmd: python "$PROBE" up.txt
    deps: [own.txt, ../data/raw.csv]
    params: [lr]
    outs: [up.txt]
"""
OTHER_YAML = """\
stages:
  named:
    cmd: python "$PROBE" other_named.txt
    deps: [../sub/own.txt]
    params: [../config/p.json: [lr]]
    outs: [other_named.txt]
"""

FILES = {
    "params.yaml": PARAMS_YAML,
    "config/p.json": PARAMS_JSON,
    "config/p.toml": PARAMS_TOML,
    "config/p.py": PARAMS_PY,
    "config/whole.yaml": PARAMS_YAML,
    "config/vars.yaml": "where: out\n",
    "dvc.yaml": DVC_YAML,
    "sub/dvc.yaml": SUB_YAML,
    "sub/params.yaml": "half: 0.25\n",
    "sub/own.txt": "own\n",
    "sub/third/here.txt": "a third directory\n",
    "other/dvc.yaml": OTHER_YAML,
    "work/params.yaml": "lr: 1e-08\n",
    "work/own.txt": "own\n",
    "data/raw.csv": "a,b\n1,2\n",
    "data/plain.txt": "plain\n",
    "data/a b (1).txt": "odd\n",
    "data/folder/in/x.txt": "x\n",
    "data/folder/y.txt": "y\n",
}


@dataclass(frozen=True)
class ProbedProject:
    """A project at `root`, and `probed`, the folder of what its stages have written down."""

    root: Path
    probed: Path
    environment: dict[str, str]
    git_root: Path = field(default=Path())

    def run(self, *args: str, folder: str = ".", **extra: str) -> str:
        where = self.root / folder
        self.probed.mkdir(exist_ok=True)
        env = self.environment | {
            "PWD": str(where),
            "PROBE": str(self.probed.parent / "probe.py"),
            "PROBED": str(self.probed),
            "PYTHONPATH": str(SRC),
        }
        (self.probed.parent / "probe.py").write_text(PROBE)
        done = subprocess.run(
            args, cwd=where, env=env | extra, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{args}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def known(self) -> dict[str, dict[str, Any]]:
        """Give what each stage has written down, by its address."""
        found = [json.loads(path.read_text()) for path in sorted(self.probed.glob("*.json"))]
        return {item["address"]: item for item in found}

    def locked(self) -> dict[str, StageFacts]:
        """Give what every `dvc.lock` says, by the stages' addresses."""
        facts: dict[str, StageFacts] = {}
        for path in sorted(self.root.rglob("dvc.lock")):
            folder = path.parent.relative_to(self.root).as_posix()
            prefix = "" if folder == "." else f"{folder}/dvc.yaml:"
            for name, stage in lockfile.parse_lock(path.read_text()).items():
                facts[f"{prefix}{name}"] = stage
        return facts

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")


def build(root: Path, warm: dict[str, str], cold: dict[str, str]) -> ProbedProject:
    """Build the project, with all its stages run and committed.

    `cold` is for those that share a name: which one runs is told by the processes that it is below.
    """
    project = ProbedProject(root, root.parent / f"{root.name}-probed", warm, root)
    for path, text in FILES.items():
        project.write(path, text)
    git = ("git", "-C", str(root))
    project.run("git", "init", "--quiet", str(root))
    project.run("dvc", "init", "--quiet")
    project.write(".gitignore", "/out\n")
    project.run("dvc", "add", "data/raw.csv", "data/folder")
    alone = [name for name in yaml.safe_load(DVC_YAML)["stages"] if name != "named"]
    project.run("dvc", "repro", *alone, "sub/dvc.yaml:up")
    replace(project, environment=cold).run("dvc", "repro", "--all-pipelines")
    project.run(*git, "add", "--all")
    project.run(*git, "commit", "--quiet", "--message", "All stages")
    return project
