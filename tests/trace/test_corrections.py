"""No result is attributed to a neighbour, and no number that nobody measured is believed."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import moves
import pytest
from traced_project import removed, restored

import foreign_project
from asking import UNHELD, answered, check_unheld, listed, loose_runs, trace
from join.small_project import RESULT
from sandbox import Sandbox, built_once

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import RunView


def run_named(box: Sandbox, name: str) -> RunView:
    (run,) = [run for run in box.runs().values() if run.name == name]
    return run


def new(box: Sandbox, before: dict[str, RunView]) -> list[RunView]:
    return [run for run_id, run in box.runs().items() if run_id not in before]


# 1 -- attribution to a neighbour


def test_a_killed_run_is_not_that_of_the_same_stage_run_again(traced: Sandbox) -> None:
    before = traced.runs()
    traced.replace("params.yaml", "lr: 0.1", "lr: 0.9")
    assert traced.process("dvc", "repro", SIGNAL="15").returncode
    (killed,) = new(traced, before)
    traced.dvc("repro")
    traced.commit("Run again")
    check_unheld(traced, killed.run_id)


def test_a_forced_run_that_was_never_committed_is_not_the_committed_one(traced: Sandbox) -> None:
    before = traced.runs()
    traced.dvc("repro", "--force")
    (forced,) = new(traced, before)
    traced.git("checkout", "--quiet", ".")
    check_unheld(traced, forced.run_id)


def test_a_foreign_forced_run_is_not_the_one_of_the_experiment(copied: Sandbox) -> None:
    box = copied
    before = box.runs()
    box.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    box.dvc("repro", "--force", "--single-item", "fit")
    box.git("checkout", "--quiet", ".")
    (forced,) = new(box, before)
    answer = trace(box, forced.run_id)
    assert answer.run["id"] == forced.run_id
    check_unheld(box, forced.run_id)


def test_a_foreign_failed_run_is_not_the_result(copied: Sandbox) -> None:
    box = copied
    before = box.runs()
    box.dvc("repro", "--force", "--single-item", "forest")
    (forced,) = new(box, before)
    db = sqlite3.connect(box.root / "mlflow.db")
    with db:
        db.execute("UPDATE runs SET status = 'FAILED' WHERE run_uuid = ?", (forced.run_id,))
    db.close()
    assert trace(box, "forest.score=0.25").status == 0
    check_unheld(box, forced.run_id)


@pytest.mark.parametrize("status", ["KILLED", "RUNNING"])
def test_a_foreign_run_that_did_not_finish_does_not_compete(copied: Sandbox, status: str) -> None:
    box = copied
    before = box.runs()
    box.dvc("repro", "--force", "--single-item", "forest")
    (forced,) = new(box, before)
    db = sqlite3.connect(box.root / "mlflow.db")
    with db:
        db.execute(
            "UPDATE runs SET status = ?, end_time = NULL WHERE run_uuid = ?",
            (status, forced.run_id),
        )
    db.close()
    answer = trace(box, "forest.score=0.25")
    assert (answer.status, answer.gaps) == (0, [])


# 2 -- numbers that nobody measured


def test_metrics_edited_by_hand_are_a_gap_and_not_attributed(traced: Sandbox) -> None:
    (traced.root / "metrics.json").write_text('{"test": {"score": 0.99}}')
    traced.commit("Better!")
    answer = trace(traced, "HEAD")
    assert answer.status == 1
    assert answer.found["commit"]["sha"] is None


def test_metrics_edited_by_hand_are_not_listed_nor_best(traced: Sandbox) -> None:
    removed(traced, ["alpha", "beta", "tuned", "same"])
    (traced.root / "metrics.json").write_text('{"test": {"score": 0.99}}')
    traced.commit("Better!")
    assert answered(traced, "best").found["value"] == 0.6
    assert [e["metrics"]["test.score"] for e in listed(traced).values() if e["commit"]] == [0.6]


def test_a_value_leads_to_a_result_that_has_it(traced: Sandbox) -> None:
    (traced.root / "metrics.json").write_text('{"test": {"score": 0.99}}')
    traced.commit("Better!")
    answer = trace(traced, "test.score=0.99")
    assert answer.status == 2 or answer.found["metrics"]["test.score"] == 0.99


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("params.yaml", "lr: 0.1", "lr: 0.15"),
        ("dvc.yaml", "python code/train.py", "python -O code/train.py"),
    ],
    ids=["params", "command"],
)
def test_a_commit_with_other_inputs_than_its_lock_is_not_attributed(
    traced: Sandbox, path: str, old: str, new: str
) -> None:
    traced.replace(path, old, new)
    traced.commit("Not run")
    answer = trace(traced, "HEAD")
    assert (answer.status, answer.found["commit"]["sha"]) == (1, None)


# 3 -- amended away


def test_a_run_that_was_amended_away_is_listed_also_when_it_was_indexed_before(
    traced: Sandbox,
) -> None:
    alpha = run_named(traced, "alpha").run_id
    listed(traced)
    moves.removed_alone(traced)
    assert loose_runs(listed(traced)) == {alpha}


def test_a_commit_that_was_amended_away_is_no_unexpected_error(traced: Sandbox) -> None:
    moves.committed(traced, "topic", "main", moves.ALPHA)
    listed(traced)
    restored(traced, ("lr: 0.2", "lr: 0.3"))
    traced.git("commit", "--quiet", "--all", "--amend", "--message", "Better")
    removed(traced, ["alpha", "beta"])
    assert traced.process("wherefrom", "trace", "HEAD@{1}").returncode in {1, 2}


def test_what_dvc_notes_of_exp_apply_holds_nothing(traced: Sandbox) -> None:
    alpha = run_named(traced, "alpha").run_id
    moves.applied_and_committed(traced)
    traced.dvc("exp", "apply", "beta")
    traced.git("commit", "--quiet", "--all", "--amend", "--message", "Better")
    removed(traced, ["alpha", "beta"])
    assert loose_runs(listed(traced)) == {alpha}
    check_unheld(traced, alpha)


# 4 -- addresses


def test_the_record_id_of_an_unheld_run_is_its_address(traced: Sandbox) -> None:
    alpha = run_named(traced, "alpha")
    moves.removed_alone(traced)
    answer = trace(traced, str(alpha.record_id))
    assert (answer.status, answer.gaps) == (1, [UNHELD])


def test_the_record_id_of_a_foreign_run_is_its_address(theirs: Sandbox) -> None:
    (run,) = [run for run in theirs.runs().values() if run.metrics["score"] == 0.25]
    assert trace(theirs, str(run.record_id)).found["run"]["id"] == run.run_id


def test_the_ids_of_the_workspaces_result_are_its_addresses(traced: Sandbox) -> None:
    traced.replace("params.yaml", "threshold: 0.5", "threshold: 0.9")
    traced.dvc("repro")
    record = traced.record(path=RESULT)
    for address in (record.record_id, str(record.mlflow_run_id)):
        answer = trace(traced, address)
        assert answer.status == 0
        assert answer.found["result"]["key"] == record.record_id


def test_a_run_names_all_commits_that_hold_its_result(traced: Sandbox) -> None:
    moves.applied_and_committed(traced)
    alpha = run_named(traced, "alpha")
    text = str(trace(traced, alpha.run_id).found)
    assert traced.git("rev-parse", "HEAD").strip() in text
    assert traced.git("rev-parse", traced.revision("alpha")).strip() in text


# 5 -- what cannot be asked


def test_a_store_that_is_down_is_not_said_to_lack_the_run(traced: Sandbox) -> None:
    answer = trace(traced, "alpha", MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    assert answer.gaps == ["MLflow was not asked; this is from the ledger"]


def test_a_store_that_is_down_is_named_where_an_address_is_unknown(traced: Sandbox) -> None:
    done = traced.process("wherefrom", "trace", "nope", MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    assert "cannot be reached" in done.stderr + done.stdout


def test_without_a_store_the_list_has_what_the_records_say(traced: Sandbox) -> None:
    alpha = run_named(traced, "alpha")
    moves.nothing(traced)
    for path in traced.root.glob("mlflow.db*"):
        path.unlink()
    entry = listed(traced)[str(alpha.record_id)]
    assert entry["run"]["record_id"] == alpha.record_id
    assert entry["run"]["name"] == "alpha"


def test_a_derived_result_is_listed_with_what_it_derives_from(traced: Sandbox) -> None:
    record = traced.record("tuned", RESULT)
    assert listed(traced)[record.record_id]["run"]["derived_from"] == record.derived_from


# 6 -- the index


def test_an_index_damaged_inside_is_made_anew(traced: Sandbox) -> None:
    listed(traced)
    index = traced.root / ".wherefrom" / "index.db"
    os.utime(traced.root / ".git" / "HEAD", (1, 1))
    content = bytearray(index.read_bytes())
    for start in range(8192, len(content), 1000):
        content[start : start + 100] = b"\xff" * len(content[start : start + 100])
    index.write_bytes(content)
    done = traced.process("wherefrom", "ls")
    assert done.returncode == 0, done.stderr
    assert traced.process("wherefrom", "trace", "alpha").returncode == 0


def test_a_damaged_dvc_yaml_is_named_by_its_own_name(traced: Sandbox) -> None:
    whole = traced.text("dvc.yaml")
    (traced.root / "dvc.yaml").write_text("stages: [\n")
    traced.commit("Damaged")
    (traced.root / "dvc.yaml").write_text(whole)
    traced.commit("Mended")
    (gap,) = answered(traced, "ls").found["gaps"]
    assert "dvc.yaml" in gap["what"] + gap["why"]


# 7 -- shallow


def test_a_shallow_clone_does_not_say_what_its_baseline_had(traced: Sandbox) -> None:
    here = moves.cloned_shallow(traced)
    found = trace(here, "HEAD").found
    assert found["unused"] == {}
    assert found["baseline"] is None or any(
        "baseline" in str(g) or "parent" in str(g) for g in found["gaps"]
    )


def test_results_before_the_edge_of_a_shallow_clone_are_found_once_they_are_there(
    traced: Sandbox,
) -> None:
    here = moves.cloned_shallow(traced)
    listed(here)
    here.git("fetch", "--quiet", "--unshallow")
    first = traced.record("HEAD~1", RESULT).record_id
    assert first in listed(here)


def test_an_experiment_that_replaced_another_of_its_name_is_found_by_it(traced: Sandbox) -> None:
    traced.dvc("exp", "run", "--temp", "--force", "-n", "tuned", "-S", "evaluate.threshold=0.8")
    answer = trace(traced, "tuned")
    assert answer.status == 0, answer.said
    assert answer.found["result"]["key"] == traced.record("tuned", RESULT).record_id


# 9 -- folders as dependencies


FOLDERS = """\
stages:
  whole:
    cmd: python code/fit.py 0.25 forest
    deps: [code/fit.py, data]
    outs: [forest/model.txt]
    metrics: [forest/score.json: {cache: false}]
  leaves:
    cmd: python code/fit.py 0.7 left
    deps: [code/fit.py, data/rows.csv]
    outs: [left/]
  after:
    cmd: echo '{"after":1.5}' > after.json
    deps: [left/model.txt]
    metrics: [after.json: {cache: false}]
"""


@pytest.fixture(scope="session")
def of_folders(shared_folder: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """The project of somebody else with such stages; no test changes it."""

    def build(root: Path) -> None:
        box = Sandbox(root, quiet_environment)
        foreign_project.write(root)
        (root / "dvc.yaml").write_text(FOLDERS)
        box.git("init", "--quiet")
        box.dvc("init", "--quiet")
        box.dvc("add", "--quiet", "data/rows.csv", "data/parts")
        box.commit("Theirs")
        box.dvc("repro")
        box.commit("Their results")

    return Sandbox(built_once(shared_folder, "folders", build), quiet_environment)


@pytest.mark.parametrize(
    "metric", ["forest.score=0.25", "after=1.5"], ids=["holds data", "was made"]
)
def test_a_result_that_read_a_folder_or_from_one_is_attributed(
    of_folders: Sandbox, metric: str
) -> None:
    answer = trace(of_folders, metric)
    assert (answer.gaps, answer.status) == ([], 0)
    assert answer.found["commit"]["sha"] == of_folders.git("rev-parse", "HEAD").strip()
