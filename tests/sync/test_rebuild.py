"""What git or DVC hold has a run again, though MLflow lost it; nothing else has."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from asking import ask, gaps
from sandbox import Sandbox
from sync.every_kind import EXPERIMENTS, record_ids
from sync.stores import by_record, lose
from wherefrom.names import FILES, FILES_LATER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox import RunView

LOST = ("curves by step", "runs that no commit", "what was edited in MLflow's UI", "logged models")


BESIDE = {"wherefrom.rebuilt", FILES, FILES_LATER}
"""Tags of what the ledger does not tell: who made a run, and which files were logged to it."""


def facts(runs: Mapping[str, RunView]) -> dict[str, RunView]:
    """Give all of the runs that the ledger tells."""
    told = {"params.json", "train.wherefrom.json", "evaluate.wherefrom.json"}
    return {
        record_id: replace(
            run,
            run_id="",
            tags={k: v for k, v in run.tags.items() if k not in BESIDE},
            artifacts={path: value for path, value in run.artifacts.items() if path in told},
        )
        for record_id, run in runs.items()
    }


def rebuilt(runs: Mapping[str, RunView]) -> set[str]:
    """Name the records whose runs say that they were made from the ledger."""
    return {i for i, run in runs.items() if run.tags.get("wherefrom.rebuilt") == "true"}


@pytest.fixture
def clone(linked: Sandbox, tmp_path: Path) -> Sandbox:
    """A clone with all experiments, and without a store."""
    linked.git("clone", "--quiet", str(linked.root), str(tmp_path / "clone"))
    sandbox = Sandbox(tmp_path / "clone", linked.environment)
    sandbox.git("fetch", "--quiet", "origin", "refs/exps/*:refs/exps/*")
    return sandbox


def test_every_record_that_is_held_has_its_run_again_after_the_store_was_lost(
    linked: Sandbox,
) -> None:
    before = by_record(linked)
    assert before.keys() == set(record_ids(linked).values())
    lose(linked)

    said = linked.run("wherefrom", "sync", "--rebuild")

    after = by_record(linked)
    assert facts(after) == facts(before)
    assert rebuilt(after) == after.keys()
    assert re.match(r"5 made from the ledger \(\d+\.\d\d s each\); 5 linked\n", said)
    assert [line for line in said.splitlines() if "not back: " in line] == [
        line
        for line in said.splitlines()
        if line.startswith(tuple(f"  not back: {x}" for x in LOST))
    ]
    assert said.count("not back: ") == len(LOST)


def test_a_run_that_nothing_holds_does_not_come_back(linked: Sandbox) -> None:
    records = record_ids(linked)
    linked.git("update-ref", "-d", linked.revision("alpha"))
    lose(linked)

    linked.run("wherefrom", "sync", "--rebuild")

    assert by_record(linked).keys() == set(records.values()) - {records["alpha"]}


def test_a_run_that_was_deleted_in_mlflow_is_a_gap_until_it_is_made_anew_by_request(
    linked: Sandbox,
) -> None:
    record_id = record_ids(linked)["alpha"]
    deleted = by_record(linked)[record_id]
    uri = f"sqlite:///{linked.root}/mlflow.db"
    linked.run("mlflow", "runs", "delete", "--run-id", deleted.run_id, MLFLOW_TRACKING_URI=uri)
    before = linked.runs()

    found = ask(linked, "sync", status=1)

    assert (found["made"], found["linked"]) == (0, 0)
    assert gaps(found) == [f"the run of the record {record_id} was deleted in MLflow"]
    assert linked.runs() == before
    (gap,) = ask(linked, "trace", "alpha", status=1)["gaps"]
    assert "--rebuild" in gap["remedy"]

    found = ask(linked, "sync", "--rebuild")

    assert (found["made"], gaps(found)) == (1, [])
    (run,) = [
        r for i, r in linked.runs().items() if r.record_id == record_id and i != deleted.run_id
    ]
    assert facts({record_id: run}) == facts({record_id: deleted})
    assert ask(linked, "trace", "alpha")["run"]["id"] == run.run_id


def test_experiments_that_were_pulled_into_a_clone_get_their_runs(
    linked: Sandbox, clone: Sandbox
) -> None:
    found = ask(clone, "sync")

    assert (found["made"], found["linked"], gaps(found)) == (5, 5, [])
    assert facts(by_record(clone)) == facts(by_record(linked))
    for name in EXPERIMENTS:
        run = ask(clone, "trace", name)["run"]
        assert by_record(clone)[run["record_id"]].run_id == run["id"]


def test_two_syncs_at_once_make_each_run_once(linked: Sandbox, clone: Sandbox) -> None:
    both = [
        subprocess.Popen(
            ["wherefrom", "sync"],
            cwd=clone.root,
            env=clone.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert facts(by_record(clone)) == facts(by_record(linked))
