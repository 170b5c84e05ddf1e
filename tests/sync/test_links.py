"""Sync attaches what is known only afterwards, and nothing else, whatever runs beside it."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sync.every_kind import EXPERIMENTS, RESULT, TRAINING, record_ids
from sync.stores import but_for_cards, by_record, content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox import RunView, Sandbox

UP_TO_DATE = "MLflow is up to date\n"
OFF = {"WHEREFROM_TRACKING": "off"}
WAIT = """
        import time
        place = Path(os.environ["PLACE"])
        (place / "started").touch()
        while not (place / "go").exists():
            time.sleep(0.05)
"""


def tagged(run: RunView, **tags: str) -> RunView:
    """Give a run with some more tags; `__` stands for a point."""
    more = {name.replace("__", "."): value for name, value in tags.items()}
    return replace(run, tags=run.tags | more)


@contextmanager
def paused(sandbox: Sandbox, place: Path, *args: str) -> Iterator[None]:
    """Run DVC up to the middle of the evaluation; it goes on when the block ends."""
    sandbox.replace("code/evaluate.py", "        score = ", f"{WAIT}        score = ")
    place.mkdir()
    with (place / "log").open("w") as log:
        process = subprocess.Popen(
            ["dvc", *args],
            cwd=sandbox.root,
            env=sandbox.environment | {"PLACE": str(place)},
            stdout=log,
            stderr=log,
        )
    try:
        while not (place / "started").exists():
            assert process.poll() is None, (place / "log").read_text()
            time.sleep(0.05)
        yield
    finally:
        (place / "go").touch()
        assert process.wait(timeout=120) == 0, (place / "log").read_text()


def test_sync_attaches_an_experiments_own_commit_and_who_inherits_a_result(kinds: Sandbox) -> None:
    before, records = by_record(kinds), record_ids(kinds)

    assert kinds.run("wherefrom", "sync") == "5 linked\n"

    linked = dict(before)
    for name in EXPERIMENTS:
        sha = kinds.git("rev-parse", kinds.revision(name)).strip()
        run = tagged(before[records[name]], wherefrom__held_by=name)
        linked[records[name]] = tagged(run, dvc__exp__rev=sha, mlflow__source__git__commit=sha)
    for rev in ("HEAD", "HEAD~1"):
        sha = kinds.git("rev-parse", rev).strip()
        linked[records[rev]] = tagged(before[records[rev]], wherefrom__held_by=sha)
    first = records["HEAD~1"]
    linked[first] = tagged(linked[first], wherefrom__inherited_by="same")
    assert but_for_cards(by_record(kinds)) == but_for_cards(linked)


def test_a_second_sync_changes_nothing(linked: Sandbox) -> None:
    assert linked.run("wherefrom", "sync") == UP_TO_DATE  # the places of this copy are corrected
    before = content(linked)

    assert linked.run("wherefrom", "sync") == UP_TO_DATE
    assert content(linked) == before


def test_a_link_that_no_longer_holds_is_taken_back(linked: Sandbox) -> None:
    record_id = record_ids(linked)["HEAD~1"]
    before = by_record(linked)
    assert before[record_id].tags["wherefrom.inherited_by"] == "same"
    linked.git("update-ref", "-d", linked.revision("same"))

    linked.run("wherefrom", "sync")

    tags = {k: v for k, v in before[record_id].tags.items() if k != "wherefrom.inherited_by"}
    after = before | {record_id: replace(before[record_id], tags=tags)}
    assert but_for_cards(by_record(linked)) == but_for_cards(after)


def test_a_finished_run_is_not_said_to_have_been_killed(linked: Sandbox) -> None:
    before = by_record(linked)
    run = before[record_ids(linked)["alpha"]]
    with closing(sqlite3.connect(linked.root / "mlflow.db")) as store, store:
        row = ("wherefrom.error", "the process was killed", run.run_id)
        store.execute("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", row)

    linked.run("wherefrom", "sync")

    assert by_record(linked) == before


def test_a_sync_beside_a_running_experiment_leaves_its_run_alone(
    linked: Sandbox, tmp_path: Path
) -> None:
    before = linked.runs()
    with paused(linked, tmp_path / "place", "exp", "run", "--temp", "-n", "busy"):
        running = linked.runs()
        assert [r.status for i, r in running.items() if i not in before] == ["RUNNING"]

        assert linked.run("wherefrom", "sync", "--rebuild") == UP_TO_DATE

        assert linked.runs() == running

    record = linked.record("busy", RESULT)
    after = linked.runs()
    (run,) = [run for run_id, run in after.items() if run_id not in before]
    assert (run.run_id, run.record_id, run.status) == (
        record.mlflow_run_id,
        record.record_id,
        "FINISHED",
    )
    assert run.metrics == {"cv.score": 0.4, "test.score": 0.9}
    assert {run_id: after[run_id] for run_id in before} == before


def test_an_evaluation_with_tracking_off_after_a_tracked_training_is_added_by_sync(
    kinds: Sandbox,
) -> None:
    kinds.replace("params.yaml", "lr: 0.4", "lr: 0.5")
    kinds.dvc("repro", "train")
    kinds.dvc("repro", **OFF)
    kinds.commit("Half tracked")
    record = kinds.record(path=RESULT)
    assert record.record_id == kinds.record(path=TRAINING).record_id
    before = by_record(kinds)
    assert before[record.record_id].metrics == {"cv.score": 0.5}

    kinds.run("wherefrom", "sync")

    after = by_record(kinds)
    assert after.keys() == before.keys()
    run = after[record.record_id]
    assert run.metrics == {"cv.score": 0.5, "test.score": 1.0}
    assert (run.run_id, run.ended) == (record.mlflow_run_id, record.ended)
    assert {k: v for k, v in run.tags.items() if "evaluate" in k} == {
        "wherefrom.evaluate.stage": "evaluate",
        "wherefrom.evaluate.stage.fingerprint": record.fingerprint,
        "wherefrom.evaluate.git.commit": record.git.commit,
        "wherefrom.evaluate.git.dirty": "true",
        "wherefrom.evaluate.git.snapshot": record.git.snapshot,
    }
    written = hashlib.sha256(kinds.text(RESULT).encode()).hexdigest()
    assert run.artifacts[RESULT] == written
    assert kinds.run("wherefrom", "sync") == UP_TO_DATE


def test_a_result_whose_experiment_was_committed_and_removed_is_linked_to_the_commit(
    linked: Sandbox,
) -> None:
    record_id = record_ids(linked)["alpha"]
    before = by_record(linked)
    gone = linked.git("rev-parse", linked.revision("alpha")).strip()
    assert before[record_id].tags["dvc.exp.rev"] == gone
    linked.git("checkout", "--quiet", "HEAD~1")
    linked.dvc("checkout", "--quiet")
    linked.dvc("exp", "apply", "alpha")
    linked.git("checkout", "--quiet", "-b", "kept")
    linked.commit("Keep alpha")
    linked.dvc("exp", "remove", "alpha")

    linked.run("wherefrom", "sync")

    run = by_record(linked)[record_id]
    sha = linked.git("rev-parse", "kept").strip()
    assert run.tags["mlflow.source.git.commit"] == sha
    assert "dvc.exp.rev" not in run.tags
    assert linked.run("wherefrom", "sync") == UP_TO_DATE
