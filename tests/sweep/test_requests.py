"""A sweep that cannot be run as it was asked for ends with one message, before anything is run."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from sweeps import outside, swept

from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

S = ("-S", "train.lr=0.2,0.3")
TPE = ("--sampler", "tpe", "--trials", "2")
REQUESTS = {
    "nothing-to-vary": ((), "say what to vary with -S, or --resume"),
    "both": (("--resume", *S), "say what to vary with -S, or --resume"),
    "no-value": (("-S", "train.lr"), "--set-param 'train.lr'"),
    "resumed-otherwise": (("--resume", "--sampler", "tpe", "--seed", "0"), "--sampler, --seed"),
    "nothing-to-resume": (("--resume",), "there is no sweep yet"),
    "unknown-to-resume": (("--resume", "--name", "lost"), "there is no sweep lost"),
    "sampler": ((*S, "--sampler", "tpee", "--trials", "2"), "there is no sampler tpee"),
    "pruner": ((*S, *TPE, "--pruner", "mean"), "there is no pruner mean"),
    "pruned-grid": ((*S, "--pruner", "median"), "a grid runs all of its variants"),
    "trials-of-a-grid": ((*S, "--trials", "2"), "drop --trials, or take --sampler random"),
    "no-metric": ((*S, *TPE), "name it: --metric"),
    "no-trials": ((*S, "--sampler", "random"), "say how many: --trials N"),
    "endless": (("-S", "train.lr=interval(0,1)"), "interval"),
    "name-with-blank": ((*S, "--name", "a b"), "'a b' cannot be the name"),
    "name-with-slash": ((*S, "--name", "a/b"), "'a/b' cannot be the name"),
    "name-above": ((*S, "--name", ".."), "'..' cannot be the name"),
    "taken": ((*S, "--name", "mine"), "there are experiments mine-... already"),
}


@pytest.mark.parametrize(("args", "said"), REQUESTS.values(), ids=REQUESTS)
def test_a_wrong_request_is_refused(small: Sandbox, args: tuple[str, ...], said: str) -> None:
    small.git("update-ref", f"refs/exps/ab/{'c' * 38}/mine-1", "HEAD")

    done = small.process("wherefrom", "sweep", *args)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (small.root / ".wherefrom" / "sweeps").exists() or not list(
        (small.root / ".wherefrom" / "sweeps").glob("*/sweep.json")
    )


def test_a_key_that_there_is_not_is_said_once_and_the_name_stays_free(small: Sandbox) -> None:
    before = outside(small)

    asked = ("--name", "s", "--jobs", "2", *TPE, "--metric", "cv.score")
    done = swept(small, *asked, "-S", "train.rate=interval(0.2,0.3)")

    assert done.returncode == 2
    assert done.stderr.count("Could not override 'train.rate'") == 1
    assert "; near it: train.lr\n" in done.stderr
    assert "s-1" not in done.stderr
    assert not list((small.root / ".wherefrom" / "sweeps").glob("*/sweep.json"))
    assert {**outside(small), "status": before["status"]} == before  # but for optuna.db


def test_data_that_was_changed_since_it_was_added_is_refused(small: Sandbox) -> None:
    """Variants would have the old: `dvc exp run` adds it beforehand, to the user's files."""
    (small.root / "data" / "rows.csv").write_text("a,b\n3,4\n")

    done = swept(small, *S)

    assert (done.returncode, done.stdout) == (2, "")
    assert "data/rows.csv was changed since `dvc add`\n" in done.stderr
    assert not small.git("for-each-ref", "refs/exps")
    assert not list((small.root / ".wherefrom" / "sweeps").glob("*/sweep.json"))


def test_data_that_lies_in_the_workspace_alone_is_put_into_the_cache(small: Sandbox) -> None:
    """As `dvc exp run --queue` does: it came there from a copy, or by the script that makes it."""
    shutil.rmtree(small.root / ".dvc" / "cache")
    path = small.root / "data/rows.csv.dvc"
    path.write_text(f"# by hand\n{path.read_text()}desc:   'ours'\n")
    small.git("commit", "--all", "--message", "Say what it is")
    before = (small.text("data/rows.csv.dvc"), (small.root / "data/rows.csv").stat().st_ino)

    done = swept(small, "--jobs", "1", "-S", "train.lr=0.2")

    assert done.returncode == 0, done.stderr
    assert (small.text("data/rows.csv.dvc"), (small.root / "data/rows.csv").stat().st_ino) == before
    assert not small.git("status", "--porcelain")


def test_a_metric_that_there_is_not_is_named_and_what_still_runs_is_kept(small: Sandbox) -> None:
    args = ("--metric", "test.skore", "--jobs", "2", "-S", "train.lr=0.2,0.3")
    done = swept(small, *args)

    assert done.returncode == 2
    assert "test.skore is of the test data" in done.stderr
    assert re.search("sweep-1-[12] has no metric test.skore\n  near it: test.score", done.stderr)
    reports = small.text(".wherefrom/sweeps/sweep-1/reports.jsonl").splitlines()
    assert [json.loads(line)["state"] for line in reports] == ["done", "done"]


@pytest.mark.parametrize(
    "setup",
    [(("git", "init"), ("dvc", "init")), (("dvc", "init", "--no-scm"),)],
    ids=["no-commit", "no-git"],
)
def test_without_a_commit_there_is_one_message(
    tmp_path: Path, quiet_environment: dict[str, str], setup: tuple[tuple[str, ...], ...]
) -> None:
    box = Sandbox(tmp_path, quiet_environment)
    for command in setup:
        box.run(*command)
    (tmp_path / "params.yaml").write_text("lr: 1\n")

    done = box.process("wherefrom", "sweep", "-S", "lr=1,2")

    assert done.returncode == 2
    assert "there is no commit that experiments could start from" in done.stderr
    assert "Traceback" not in done.stderr
