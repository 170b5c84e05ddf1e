"""A result gets a name that others use, if nothing speaks against it; all of it is remembered."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from asking import answered, ask, trace
from sync.stores import lose
from using.own_models import cached
from verify.test_faults_found import flip

if TYPE_CHECKING:
    from sandbox import Sandbox

HOLDER = "models:/houses@champion"


def test_what_is_promoted_leads_back_and_is_kept(used: Sandbox) -> None:
    key = used.record("HEAD~1").record_id
    ask(used, "tag", "HEAD~1", "status=draft")

    found = ask(used, "promote", "HEAD~1", "--as", "houses@champion", "--why", "good enough")

    assert found["status"] == "draft"
    assert (found["key"], found["made"], found["failed"]) == (key, True, [])
    assert found["promotion"]["version"] == "1"
    assert found["notes"] == []
    assert trace(used, HOLDER).found["result"]["key"] == key
    assert trace(used, "models:/houses/1").found["result"]["key"] == key
    tag, *_ = found["kept"]["tags"]
    assert found["kept"]["push"][0].endswith(" refs/notes/wherefrom")
    assert used.git("rev-parse", f"{tag['name']}^{{commit}}") == used.git("rev-parse", "HEAD~1")
    (said,) = ask(used, "promote", "--history", "houses")["history"]
    assert (said["by"], said["why"]) == ("Tester <tester@localhost>", "good enough")

    again = ask(used, "promote", key, "--as", "houses@champion")

    assert (again["made"], again["promotion"]["version"]) == (False, "1")
    assert ask(used, "promote", "--history", "houses")["history"] == [said]

    with closing(sqlite3.connect(used.root / "mlflow.db")) as store, store:
        store.execute("UPDATE runs SET lifecycle_stage = 'deleted'")
        (told,) = store.execute("SELECT description FROM model_versions").fetchone()
        tags = dict(store.execute("SELECT key, value FROM model_version_tags").fetchall())

    assert "decides otherwise" not in told
    assert tags["git.commit"] == used.git("rev-parse", "HEAD~1").strip()
    assert tags["dvc.data.data/raw/own.csv"] in used.text("data/raw/own.csv.dvc")
    assert tags["dvc.out.models/model.joblib"] in used.text("dvc.lock", "HEAD~1")
    assert (tags["wherefrom.record_id"], tags["wherefrom.promoted.why"]) == (key, "good enough")
    assert trace(used, HOLDER).found["result"]["key"] == key


def test_each_evaluation_of_a_model_is_promoted_with_what_decides_as_it_does(
    used: Sandbox,
) -> None:
    """The training was evaluated at 0.7, and what decides so belongs to its run, too."""
    for name, threshold in {"eager": 0.3, "even": 0.5}.items():
        used.dvc("exp", "run", "--quiet", "-n", name, "-S", f"evaluate.threshold={threshold}")
        found = ask(used, "promote", name, "--as", f"houses@{name}", "--force", "for a test")
        assert found["promotion"]["despite"] == ["a success criterion of its plan is not met"]
        assert found["notes"] == []

    with closing(sqlite3.connect(used.root / "mlflow.db")) as store:
        registered = store.execute(
            "SELECT m.name, m.source_run_id = v.run_id FROM model_versions v "
            "JOIN logged_models m ON v.source = 'models:/' || m.model_id ORDER BY v.version"
        ).fetchall()
        measured = store.execute(
            "SELECT DISTINCT m.name FROM logged_model_metrics JOIN logged_models m USING (model_id)"
        ).fetchall()

    assert registered == [("decided", True), ("model", False)]
    assert measured == [("model",)]


def test_a_result_whose_evaluation_waits_is_promoted_once_mlflow_has_what_decides(
    used: Sandbox,
) -> None:
    used.replace("params.yaml", "threshold: 0.7", "threshold: 0.3")
    used.replace("params.yaml", "C: 0.01", "C: 0.5")
    used.dvc("repro", "train")
    store = used.root / "mlflow.db"
    store.rename(used.root / "away.db")
    store.mkdir()  # which is no database
    assert "cannot be reached" in used.dvc("repro")
    used.commit("Eager")
    store.rmdir()
    (used.root / "away.db").rename(store)
    (waiting,) = used.root.glob(".wherefrom/runs/*/*/MLmodel")
    assert waiting.parent.name == "decided"
    asked = ("promote", "HEAD", "--as", "houses@champion")

    refused = answered(used, *asked)

    failed = [(gap["what"], gap["remedy"]) for gap in refused.found["failed"]]
    assert ("a part of its run waits: that of evaluate", "`wherefrom sync`") in failed

    assert used.run("wherefrom", "sync").startswith("1 logged that had waited")
    found = ask(used, *asked, "--force", "for a test")

    assert found["promotion"]["despite"] == ["a success criterion of its plan is not met"]
    assert found["notes"] == []
    with closing(sqlite3.connect(store)) as database:
        registered = database.execute(
            "SELECT m.name, m.source_run_id FROM model_versions v "
            "JOIN logged_models m ON v.source = 'models:/' || m.model_id"
        ).fetchall()
    (run,) = [r for r in used.runs().values() if r.record_id == used.record().record_id]
    assert registered == [("decided", run.run_id)]


def test_a_result_whose_model_was_lost_with_the_store_is_promoted_by_what_is_said_of_it(
    used: Sandbox,
) -> None:
    """Each command of the message, as it stands there."""
    lose(used)
    used.run("wherefrom", "sync", "--rebuild")

    refused = used.process("wherefrom", "promote", "HEAD~1", "--as", "houses@champion")

    assert refused.returncode == 1
    assert "MLflow has no model of this result" in refused.stderr
    commands = re.findall(r"`((?:git|dvc) .*?)`", refused.stderr)
    assert [command.split()[1] for command in commands] == ["checkout", "checkout", "repro"]
    for command in commands:
        used.run(*command.split())
    used.commit("Trained again")

    found = ask(used, "promote", "HEAD", "--as", "houses@champion")

    assert (found["failed"], found["notes"]) == ([], [])
    assert trace(used, HOLDER).found["result"]["key"] == used.record("HEAD").record_id


def test_a_worse_result_is_refused_unless_it_is_forced(used: Sandbox) -> None:
    better, worse = used.record("HEAD~1").record_id, used.record("HEAD").record_id
    asked = ("promote", worse, "--as", "houses@champion", "--metric", "test.log_loss")
    ask(used, "promote", better, "--as", "houses@champion")

    refused = answered(used, *asked)

    assert (refused.status, refused.found["promotion"]) == (1, None)
    failed = [gap["what"] for gap in refused.found["failed"]]
    assert failed == ["a success criterion of its plan is not met", f"it is worse than {HOLDER}"]
    assert trace(used, HOLDER).found["result"]["key"] == better

    reasons = ("--force", "the other is too slow", "--why", "for a while")
    forced = ask(used, *asked, *reasons)

    assert forced["promotion"]["despite"] == failed
    assert trace(used, HOLDER).found["result"]["key"] == worse

    secret = "it errs\x1b[2J: https://me:secret@host/why?token=1\nfor all rows"
    back = ask(used, "promote", "--rollback", "houses@champion", "--why", secret)

    assert (back["promotion"]["version"], back["promotion"]["before"]) == ("1", "2")
    assert trace(used, HOLDER).found["result"]["key"] == better
    history = ask(used, "promote", "--history", "houses@champion")["history"]
    assert [(said["way"], said["version"], said["why"]) for said in history] == [
        ("promoted", "1", ""),
        ("promoted", "2", "the other is too slow; for a while"),
        ("rolled back", "1", "it errs\x1b[2J: https://host/why\nfor all rows"),
    ]
    shown = used.run("wherefrom", "promote", "--history", "houses")
    assert "it errs [2J: https://host/why for all rows\n" in shown
    none = used.process("wherefrom", "promote", "--rollback", "houses@champion")
    assert none.returncode == 1
    assert "has nothing to go back to" in none.stderr

    ask(used, *asked, *reasons)
    with closing(sqlite3.connect(used.root / "mlflow.db")) as store, store:
        (source,) = store.execute("SELECT source FROM model_versions WHERE version = 1").fetchone()
        gone = source.removeprefix("models:/")
        store.execute(
            "UPDATE logged_models SET lifecycle_stage = 'deleted' WHERE model_id = ?", (gone,)
        )

    lost = used.process("wherefrom", "promote", "--rollback", "houses@champion")

    assert lost.returncode == 1
    assert "no other version that loads was promoted to it" in lost.stderr
    assert trace(used, HOLDER).found["result"]["key"] == worse


def test_a_result_that_no_commit_holds_is_refused_unless_a_reason_is_given(used: Sandbox) -> None:
    used.git("reset", "--quiet", "--soft", "HEAD~1")
    asked = ("promote", "workspace", "--as", "houses@champion")

    refused = answered(used, *asked)

    failed = [gap["what"] for gap in refused.found["failed"]]
    assert failed == [
        "no commit holds this result",
        "a success criterion of its plan is not met",
    ]
    assert answered(used, *asked, "--force", " ").status == 2

    forced = ask(used, *asked, "--force", "a trial")

    assert (forced["promotion"]["despite"], forced["kept"]) == (failed, None)
    assert trace(used, HOLDER).found["result"]["key"] == forced["key"]


def test_a_result_on_other_test_data_is_not_compared(used: Sandbox) -> None:
    ask(used, "promote", "HEAD~1", "--as", "houses@champion")

    refused = answered(used, "promote", "HEAD~2", "--as", "houses@champion")

    assert refused.status == 1
    (gap,) = refused.found["failed"]
    assert gap["what"] == f"it cannot be compared with {HOLDER}, which has the alias"
    assert "data/prepared/test.parquet" in gap["why"]


def test_a_result_that_cannot_be_had_is_refused_in_a_line_for_each_gate(used: Sandbox) -> None:
    flip(cached(used, "models/model.joblib", "HEAD~1"))
    with closing(sqlite3.connect(used.root / "mlflow.db")) as store:
        ask_for = "SELECT model_id FROM logged_models WHERE name = 'decided' AND source_run_id = ?"
        run_id = used.record("HEAD~1").mlflow_run_id
        ((decided,),) = store.execute(ask_for, (run_id,)).fetchall()
    (file,) = used.root.glob(f"mlruns/*/models/{decided}/artifacts/model.skops")
    flip(file)

    done = used.process("wherefrom", "promote", "HEAD~1", "--as", "houses@champion")

    assert done.returncode == 1
    first, *lines = done.stdout.splitlines()
    assert first == f"not promoted: {used.record('HEAD~1').record_id}"
    assert len(lines) == 2
    assert lines[0].startswith("gate: the bytes of models/model.joblib")
    assert lines[1].startswith(f"gate: model.skops of the model {decided} is not what was logged")
