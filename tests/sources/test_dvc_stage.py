"""Which stage runs, where several `dvc.yaml` have one of the same name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from wherefrom.sources import dvc_running, dvc_stage

SRC = Path(__file__).parents[2] / "src"
PROBE = """\
import os
from pathlib import Path
from wherefrom.sources.dvc_running import running_stage
from wherefrom.sources.dvc_stage import place

stage = running_stage(place(Path(os.environ["DVC_ROOT"]), Path.cwd(), os.environ))
Path("found.txt").write_text(stage.address)
"""
INNER = """\
stages:
  fit:
    cmd: python ../probe.py
    outs: [found.txt]
"""
# A stage may call DVC itself. Of the two processes of DVC above the inner stage, only the outer one
# has no DVC_STAGE=fit, so that its folder is looked at first.
OUTER = """\
stages:
  fit:
    cmd: cd inner && dvc repro fit && touch ../done.txt
    outs: [done.txt]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a stage `fit` in its root and one in `inner`."""
    for path, text in {"dvc.yaml": OUTER, "inner/dvc.yaml": INNER, "probe.py": PROBE}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["dvc", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "address"),
    [(".", "fit"), ("inner", "inner/dvc.yaml:fit")],
    ids=["root", "inner"],
)
@pytest.mark.parametrize("called_in", [".", "inner"], ids=["from root", "from inner"])
def test_of_stages_of_one_name_it_is_the_one_that_works_in_this_folder(
    root: Path, folder: str, called_in: str, address: str
) -> None:
    environ = {"DVC_STAGE": "fit", "PWD": str(root / called_in)}

    stage = dvc_running.running_stage(dvc_stage.place(root, root / folder, environ))

    assert stage.address == address


def test_a_stage_in_which_dvc_runs_one_of_the_same_name_is_not_taken_for_it(root: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(SRC)}

    subprocess.run(["dvc", "repro", "--quiet", "fit"], cwd=root, env=env, check=True)

    assert (root / "inner" / "found.txt").read_text() == "inner/dvc.yaml:fit"
