"""Runs of plain MLflow code, which no record names: joined by their fingerprints, both ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from asking import answered, listed, loose_runs, trace
from wherefrom import lockfile
from wherefrom.names import NOTE

if TYPE_CHECKING:
    from sandbox import RunView, Sandbox

SEARCH = """\
import sys, mlflow
client = mlflow.MlflowClient("sqlite:///mlflow.db")
places = [experiment.experiment_id for experiment in client.search_experiments()]
for run in client.search_runs(places, f"dataset.digest = '{sys.argv[1]}'"):
    print(run.info.run_id)
"""


@dataclass(frozen=True)
class Theirs:
    """A run of theirs, by its score, and the result that it belongs to.

    `stage` is the one that the run was made in, `result` the last that follows it; `model` is an
    output of the former and `metric` a value of the latter that no other result has.
    """

    stage: str
    score: float
    result: str
    metric: str
    model: str
    data: tuple[str, ...]
    holder: str = "main"
    experiments: tuple[str, ...] = ("other",)

    @property
    def lock(self) -> str:
        return "sub/dvc.lock" if self.stage.startswith("sub/") else "dvc.lock"


ROWS, PARTS = "data/rows.csv", "data/parts"
CASES = {
    "training, and a stage after it without a run": Theirs(
        "fit", 0.1, "score", "final=0.11", "fit/model.txt", (ROWS,), experiments=()
    ),
    "the same in an experiment": Theirs(
        "fit", 0.2, "score", "final=0.21", "fit/model.txt", (ROWS,), "other"
    ),
    "second training": Theirs(
        "forest", 0.25, "forest", "forest.score=0.25", "forest/model.txt", (ROWS,)
    ),
    "foreach, of a folder": Theirs(
        "each@0.3", 0.3, "each@0.3", "each.score=0.3", "each/model.txt", (PARTS,)
    ),
    "matrix, of a folder and a file": Theirs(
        "grid@0.4-a", 0.4, "grid@0.4-a", "grid_a.score=0.4", "grid_a/model.txt", (PARTS, ROWS)
    ),
    "dvc.yaml in a subdirectory": Theirs(
        *("sub/dvc.yaml:fit", 0.6, "sub/dvc.yaml:fit", "below.score=0.6", "below/model.txt"),
        data=(PARTS,),
    ),
}


def run_of(sandbox: Sandbox, case: Theirs) -> RunView:
    """Give the run that a stage made, told by the score that it alone logs."""
    (run,) = [run for run in sandbox.runs().values() if run.metrics["score"] == case.score]
    assert run.tags["dvc.stage"] == case.stage
    return run


def result_of(sandbox: Sandbox, case: Theirs) -> str:
    """Give the key of a result: the fingerprint of its last stage, by the lock of its holder."""
    stages = lockfile.parse_lock(sandbox.text(case.lock, case.holder))
    return lockfile.fingerprint(stages[case.result.rpartition(":")[2]])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_run_leads_to_its_result_and_to_those_who_hold_it(theirs: Sandbox, case: Theirs) -> None:
    run = run_of(theirs, case)

    answer = trace(theirs, run.run_id)

    sha = theirs.git("rev-parse", theirs.revision(case.holder)).strip()
    assert (answer.status, answer.gaps) == (0, [])
    assert answer.run["id"] == run.run_id
    assert answer.run["relation"] == "own"
    assert answer.found["result"]["key"] == result_of(theirs, case)
    assert answer.found["result"]["stage"] == case.result
    assert (answer.found["commit"]["sha"], answer.held_by) == (sha, sha)
    assert answer.found["experiments"] == list(case.experiments)
    assert {item["path"] for item in answer.found["data"]} == set(case.data)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_address_of_a_result_leads_to_its_run(theirs: Sandbox, case: Theirs) -> None:
    run, key = run_of(theirs, case), result_of(theirs, case)
    stage = lockfile.parse_lock(theirs.text(case.lock, case.holder))[case.stage.rpartition(":")[2]]
    (model,) = [str(out.hash) for out in stage.outs if out.path == case.model]
    told = trace(theirs, key)

    assert told.run["id"] == run.run_id
    for address in (key[:12], model, case.metric, run.name):
        assert trace(theirs, address) == told, address


@pytest.mark.parametrize("holder", ["main", "other"])
def test_a_holder_of_several_results_shows_each_with_its_own_run(
    theirs: Sandbox, holder: str
) -> None:
    answer = trace(theirs, holder)

    assert answer.status == 2
    shown = {
        entry["result"]["key"]: (entry["result"]["stage"], entry["run"]["id"])
        for entry in answer.found["results"]
    }
    assert shown == {
        result_of(theirs, case): (case.result, run_of(theirs, case).run_id)
        for case in CASES.values()
        if case.holder == holder or holder in case.experiments
    }


def test_all_runs_are_listed_with_their_results(theirs: Sandbox) -> None:
    shown = {key: entry["run"]["id"] for key, entry in listed(theirs).items()}

    assert shown == {
        result_of(theirs, case): run_of(theirs, case).run_id for case in CASES.values()
    }


def test_two_runs_that_nothing_tells_apart_are_both_named_and_neither_is_taken(
    copied: Sandbox,
) -> None:
    case = CASES["second training"]
    first = run_of(copied, case)
    copied.dvc("repro", "--force", "--single-item", "forest")
    both = {run.run_id for run in copied.runs().values() if run.metrics["score"] == case.score}

    answer = trace(copied, case.metric)

    assert first.run_id in both
    assert len(both) == 2
    assert (answer.status, answer.run) == (1, {})
    (gap,) = answer.gaps
    assert gap.startswith("2 runs have this fingerprint: ")
    assert set(gap.partition(": ")[2].split(", ")) == both
    assert answer.held_by == copied.git("rev-parse", "HEAD").strip()


def test_of_two_runs_the_one_of_the_experiment_that_holds_the_result_is_its_own(
    copied: Sandbox,
) -> None:
    """The other one was forced in the workspace, and never committed."""
    case = CASES["the same in an experiment"]
    run = run_of(copied, case)
    before = set(copied.runs())
    copied.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    copied.dvc("repro", "--force", "--single-item", "fit")
    copied.git("checkout", "--quiet", ".")
    (forced,) = set(copied.runs()) - before

    answer = trace(copied, case.metric)

    assert (answer.status, answer.run["id"], answer.gaps) == (0, run.run_id, [])
    assert answer.found["experiments"] == ["other"]
    assert loose_runs(listed(copied)) == {forced}


def test_of_two_experiments_of_the_same_inputs_each_has_its_own_run(copied: Sandbox) -> None:
    """Nothing but who made them tells their runs apart: the fingerprints are the same."""
    case = CASES["the same in an experiment"]
    copied.dvc("exp", "run", "--temp", "--force", "-n", "again", "-S", "lr=0.2")
    runs = {
        run.tags["dvc.exp.name"]: run.run_id
        for run in copied.runs().values()
        if run.metrics["score"] == case.score
    }
    assert set(runs) == {"other", "again"}

    for name, run_id in runs.items():
        sha = copied.git("rev-parse", copied.revision(name)).strip()
        of_run, of_name = trace(copied, run_id), trace(copied, name)
        (shown,) = [e for e in of_name.found["results"] if e["result"]["stage"] == case.result]
        assert (of_run.status, of_run.run["id"], of_run.held_by) == (0, run_id, sha)
        assert (shown["run"]["id"], shown["commit"]["sha"]) == (run_id, sha)

    entries = [
        e for e in answered(copied, "ls").found["results"] if e["result"]["stage"] == case.result
    ]
    made = {e["experiments"][0]: e["run"]["id"] for e in entries if e["experiments"]}
    assert made == runs


def test_runs_that_compete_for_a_held_result_are_not_said_to_be_held_by_nothing(
    copied: Sandbox,
) -> None:
    copied.dvc("repro", "--force", "--single-item", "forest")

    assert loose_runs(listed(copied)) == set()


def test_an_experiment_that_trained_nothing_does_not_own_the_run_of_another(
    copied: Sandbox,
) -> None:
    copied.dvc("exp", "run", "--temp", "-n", "later", "-S", "threshold=0.02")

    assert trace(copied, "final=0.11").run["relation"] == "own"
    assert trace(copied, "final=0.12").run["relation"] == "inherited"


def test_sync_gives_plain_runs_their_card_and_the_data_by_which_mlflow_filters(
    copied: Sandbox,
) -> None:
    script = copied.root.parent / "search.py"
    script.write_text(SEARCH)

    copied.run("wherefrom", "sync")

    runs = copied.runs()
    for run in runs.values():
        assert f"\nwherefrom trace {run.record_id}\n" in run.tags[NOTE]
        assert run.tags["wherefrom.held_by"] in run.tags[NOTE]
    assert trace(copied, str(run.record_id)).run["id"] == run.run_id
    for path in (ROWS, PARTS):
        value = re.search(r"md5: (\S+)", copied.text(f"{path}.dvc"))[1]  # type: ignore[index]
        having = {i for i, run in runs.items() if run.tags.get(f"dvc.data.{path}") == value}
        assert len(having) >= 3
        assert set(copied.run("python", str(script), value).split()) == having
