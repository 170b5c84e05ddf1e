"""Addresses that mean nothing or too much, and projects that have nothing to answer from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asking import answered, trace
from join.small_project import RESULT
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ASKING = [["ls"], ["best"], ["trace", "HEAD"]]


@pytest.mark.parametrize(
    ("address", "near"),
    [("alpah", "alpha"), ("test.scor=0.7", "test.score"), ("test.score=9.9", "test.score")],
    ids=["experiment", "metric", "value"],
)
def test_an_unknown_address_names_what_is_near_it(traced: Sandbox, address: str, near: str) -> None:
    done = traced.process("wherefrom", "trace", address)

    assert (done.returncode, done.stdout) == (2, "")
    said, hint, *rest = done.stderr.splitlines()
    assert said.startswith(f"wherefrom: {address!r} is no address of a result; near it: ")
    assert near in said.partition("near it: ")[2].split(", ")
    assert "`wherefrom ls` lists all results" in hint
    assert rest == []


REFUSED = {
    "nothing": "",
    "dash": "-",
    "unknown id": "abcdef",
    "metric without a value": "test.score=",
    "value that is no number": "test.score=nan",
    "parameter": "evaluate.threshold=0.5",
    "model that is not there": "models:/none/1",
    "commit that is not there": "HEAD~9",
    "folder": "..",
    "wildcard and quote": "%'",
    "no ASCII": "é",
}


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_address_is_refused_in_one_message(traced: Sandbox, address: str) -> None:
    done = traced.process("wherefrom", "trace", "--", address)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wherefrom: ")
    assert "is no address of a result" in done.stderr


def test_a_commit_without_a_result_says_so(traced: Sandbox) -> None:
    sha = traced.git("rev-parse", "--short=7", "HEAD~1").strip()

    done = traced.process("wherefrom", "trace", "HEAD~1")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"wherefrom: HEAD~1 ({sha}) holds no result: ")


def test_a_value_that_several_results_have_shows_them_and_takes_none(traced: Sandbox) -> None:
    traced.dvc("exp", "remove", "same", "tuned")
    keys = {name: traced.record(name, RESULT).record_id for name in ("alpha", "beta", "main")}

    rounded = traced.process("wherefrom", "trace", "test.score=1")
    assert rounded.returncode == 2
    head, *rows = rounded.stdout.splitlines()
    assert head.split()[:3] == ["id", "experiment", "commit"]
    shown = [row.split()[0] for row in rows]
    assert sorted(shown) == sorted(key[:12] for key in keys.values())
    assert "'test.score=1' means 3 results" in rounded.stderr
    assert "take one of them by its id in the first column" in rounded.stderr
    assert {trace(traced, key).status for key in shown} == {0}


@pytest.mark.parametrize("digits", [6, 32], ids=["prefix", "hash"])
def test_an_output_that_several_results_rest_on_shows_each_of_them(
    traced: Sandbox, digits: int
) -> None:
    (model,) = [o.hash for o in traced.lock()["train"].outs if o.path == "model.txt"]

    answer = trace(traced, str(model)[:digits])

    assert answer.status == 2
    assert set(answer.keys) == {traced.record(rev, RESULT).record_id for rev in ("main", "tuned")}
    assert "means 2 results" in answer.said


def nowhere(folder: Sandbox) -> None:
    """Leave the folder as it is."""


def git_alone(folder: Sandbox) -> None:
    folder.git("init", "--quiet")


def dvc_alone(folder: Sandbox) -> None:
    folder.dvc("init", "--quiet", "--no-scm")


@pytest.mark.parametrize(
    ("make", "missing"),
    [(nowhere, "DVC"), (git_alone, "DVC"), (dvc_alone, "git")],
    ids=["nowhere", "git alone", "DVC alone"],
)
def test_outside_of_a_project_it_is_said_what_is_missing(
    tmp_path: Path,
    warm_environment: dict[str, str],
    make: Callable[[Sandbox], None],
    missing: str,
) -> None:
    folder = Sandbox(tmp_path, warm_environment)
    make(folder)

    for command in ASKING:
        done = folder.process("wherefrom", *command)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{tmp_path} is not inside a {missing} repository" in done.stderr
        assert f"`{missing.lower()} init`" in done.stderr


@pytest.mark.parametrize("commits", [0, 1])
def test_a_project_without_results_says_how_to_make_one(
    tmp_path: Path, warm_environment: dict[str, str], commits: int
) -> None:
    folder = Sandbox(tmp_path, warm_environment)
    folder.git("init", "--quiet")
    folder.dvc("init", "--quiet")
    for _ in range(commits):
        folder.commit("Nothing yet")

    for command in (*ASKING, ["trace", "workspace"]):
        done = folder.process("wherefrom", *command)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert "no commit and no experiment holds a result yet" in done.stderr
        assert "`dvc repro`" in done.stderr


@pytest.mark.parametrize(
    ("command", "empty"),
    [
        ("ls", {"results": []}),
        (
            "best",
            {"metric": None, "value": None, "way": None, "results": [], "other_tables": []},
        ),
        ("data", {"metric": None, "versions": []}),
    ],
    ids=["ls", "best", "data"],
)
def test_a_list_of_no_results_is_json_too(
    tmp_path: Path, warm_environment: dict[str, str], command: str, empty: dict[str, object]
) -> None:
    folder = Sandbox(tmp_path, warm_environment)
    folder.git("init", "--quiet")
    folder.dvc("init", "--quiet")

    answer = answered(folder, command)

    assert (answer.status, answer.found) == (1, {"schema": 1, "gaps": [], **empty})
    assert "no commit and no experiment holds a result yet" in answer.said


def test_a_folder_below_a_project_is_answered_from_the_project(traced: Sandbox) -> None:
    below = Sandbox(traced.root / "code", traced.environment)

    assert answered(below, "ls").keys == answered(traced, "ls").keys
    for there, here in (("alpha", "alpha"), ("../metrics.json", "metrics.json")):
        found, wanted = trace(below, there).found, trace(traced, here).found
        commands = [item.pop("restore") for item in found["data"]]
        assert all("../data/rows.csv.dvc" in command for both in commands for command in both)
        assert [item.pop("restore") for item in wanted["data"]] != commands
        assert found == wanted
