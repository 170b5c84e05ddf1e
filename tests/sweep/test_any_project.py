"""A sweep of a project that was not made for it: its commands do what they do under DVC."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import odd_project
import pytest
import yaml
from sweeps import report_of, run_named, states

from sandbox import Sandbox, built_once

if TYPE_CHECKING:
    from pathlib import Path

MINE = ["mine", ["code/fit.py"], "__main__", "code"]


@pytest.fixture(scope="module")
def odd(shared_folder: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """The project with a sweep of two variants, in a worktree whose changes are no commit's."""

    def build(root: Path) -> None:
        made = odd_project.build(root, quiet_environment)
        made.replace("code/shortuuid.py", "mine", "MINE")
        said = report_of(
            made.cold.process(
                *("wherefrom", "sweep", "-S", "lr=0.5,0.7", "-S", "conf/extra.toml:depth=4"),
                *("--metric", "score", "--json"),
            )
        )
        (root / "said.json").write_text(json.dumps(said))

    root = built_once(shared_folder, "odd", build)
    return Sandbox(root / "sub" / odd_project.NAME, quiet_environment)


def output_hashes(odd: Sandbox, name: str) -> dict[str, str]:
    lock = yaml.safe_load(odd.text("dvc.lock", name))
    outs = [out for stage in lock["stages"].values() for out in stage["outs"]]
    return {out["path"]: out["md5"] for out in outs}


@pytest.mark.parametrize(("name", "lr"), [("sweep-1-1", 0.5), ("sweep-1-2", 0.7)])
def test_every_kind_of_command_runs_in_the_copy(odd: Sandbox, name: str, lr: float) -> None:
    model = json.dumps([lr, *MINE]).replace("mine", "MINE")
    wanted = {
        "model.txt": model,
        "place.txt": "True",
        "score.json": json.dumps({"score": lr}),
        "processes.txt": ",".join(["None", *(f"{number} True" for number in range(1, 6))]),
        "upper.txt": model.upper(),
        "module.txt": "['one', 'two three'] __main__",
        "listed.txt": "shell python",
        "copied.toml": "depth = 4\n",
    }

    hashes = {path: hashlib.md5(text.encode()).hexdigest() for path, text in wanted.items()}  # noqa: S324
    assert output_hashes(odd, name) == hashes


def test_the_run_of_code_that_knows_nothing_of_a_sweep_is_nested_and_joined(odd: Sandbox) -> None:
    parent = run_named(odd, "sweep-1")
    variants = [run for run in odd.runs().values() if run.tags.get("dvc.exp.name") == "sweep-1-1"]

    assert [run.tags["mlflow.parentRunId"] for run in variants] == [parent.run_id]
    traced = json.loads(odd.run("wherefrom", "trace", "score=0.5", "--json"))
    assert traced["run"]["id"] == variants[0].run_id
    assert traced["experiments"] == ["sweep-1-1"]


def test_a_sweep_leaves_changes_where_they_were(odd: Sandbox) -> None:
    said = json.loads((odd.root.parent.parent / "said.json").read_text())

    assert states(said) == {"sweep-1-1": "done", "sweep-1-2": "done"}
    assert odd.git("status", "--porcelain", "-z").strip("\0 ").split("\0") == [
        f"M sub/{odd_project.NAME}/code/shortuuid.py",
        "?? said.json",
    ]
    assert not list((odd.root / ".wherefrom" / "workers").glob("[!.]*"))
