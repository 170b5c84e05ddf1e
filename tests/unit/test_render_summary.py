"""What is shown, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from test_record import BARE, RECORD

from wherefrom.commands.summary import Summary
from wherefrom.commands.sync import Synced
from wherefrom.record import Gap
from wherefrom.render import summary as render

SUMMARY = Summary(
    record=BARE,
    relation=BARE.relation,
    mlflow_run_id=BARE.mlflow_run_id,
    metrics={"cv.f1.mean": 0.91234, "cv.f1.std": 0.01, "cv.f1.fold_0": 0.9, "test.f1": 0.9},
    data={"data/a.csv": "1" * 32},
    models=("models/m.joblib",),
    gaps=(),
)


DERIVED = replace(
    SUMMARY, record=RECORD, relation=RECORD.relation, mlflow_run_id=RECORD.mlflow_run_id
)


def rows(text: str) -> dict[str, str]:
    pairs = [line.split(maxsplit=1) for line in text.splitlines() if line]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def test_a_summary_shows_the_result_its_data_and_its_commit() -> None:
    shown = rows(render.summary(SUMMARY))

    assert shown["record"] == "a" * 32
    assert shown["run"] == "not in MLflow yet (`wherefrom sync`)  rf-é"
    assert shown["relation"] == "own"
    assert shown["cv.f1"] == "0.9123 ± 0.0100"
    assert shown["test.f1"] == "0.9000"
    assert shown["data"] == f"{'1' * 32}  data/a.csv"
    assert shown["commit"] == "none yet"
    assert shown["model"] == "models/m.joblib"
    assert "experiment" not in shown


def test_a_derived_result_names_its_training_its_experiment_and_its_dirt() -> None:
    shown = rows(render.summary(DERIVED))

    assert shown["relation"] == f"derived (of {'b' * 32})"
    assert shown["experiment"] == "exp-1"
    assert shown["commit"] == f"{'2' * 40}  (dirty)"
    assert shown["run"].startswith("f" * 32)


@pytest.mark.parametrize(
    ("unkept", "line"),
    [
        (("results",), "  git add dvc.lock results && git commit       keep this result\n"),
        (("params.yaml", "data/a b.dvc"), "dvc.lock params.yaml 'data/a b.dvc' && git commit"),
    ],
    ids=["all_kept", "edited"],
)
def test_what_to_commit_is_all_that_the_result_was_made_from(
    unkept: tuple[str, ...], line: str
) -> None:
    assert line in render.summary(replace(SUMMARY, unkept=unkept))


def test_every_gap_is_shown_with_its_reason_and_its_remedy() -> None:
    text = render.summary(replace(SUMMARY, gaps=(Gap("a what", "a why", "a remedy"),)))

    assert "gap: a what: a why\n  a remedy\n" in text


def test_a_table_that_dvc_does_not_track_is_said_so() -> None:
    text = render.summary(replace(SUMMARY, data={"data/a.csv": None}, models=()))

    assert rows(text)["data"] == "not tracked by DVC  data/a.csv"
    assert rows(text)["model"] == "none in dvc.lock"


def test_data_that_no_parameter_names_are_listed_and_their_lack_is_said() -> None:
    both = render.summary(replace(SUMMARY, data={"a.csv": "1" * 32, "b": "2" * 32}))

    assert f"data      {'1' * 32}  a.csv\ndata      {'2' * 32}  b\n" in both
    assert rows(render.summary(replace(SUMMARY, data={})))["data"] == "not tracked by DVC"


@pytest.mark.parametrize("record", [BARE, RECORD], ids=["bare", "full"])
def test_the_json_says_the_same_and_has_a_schema(record: object) -> None:
    shown = json.loads(render.summary_json(replace(SUMMARY, record=record)))

    assert shown["schema"] == 1
    assert shown["metrics"] == dict(SUMMARY.metrics)
    assert shown["data"] == [{"path": "data/a.csv", "hash": "1" * 32}]
    assert shown["result"]["record_id"] == "a" * 32
    assert shown["gaps"] == []


@pytest.mark.parametrize(
    ("done", "text"),
    [
        (Synced(), "MLflow is up to date\n"),
        (Synced(delivered=2, linked=1), "2 logged that had waited; 1 linked\n"),
        (Synced(made=4, seconds=0.2), "4 made from the ledger (0.05 s each)\n"),
        (
            Synced(gaps=[Gap("it waits", "so", "do")]),
            "nothing was logged\ngap: it waits: so\n  do\n",
        ),
    ],
    ids=["nothing", "late", "made", "waits"],
)
def test_a_sync_says_what_was_logged_and_what_waits(done: Synced, text: str) -> None:
    assert render.sync(done) == text
    shown = json.loads(render.sync_json(done))
    counts = {"delivered": done.delivered, "made": done.made, "linked": done.linked}
    more = {"seconds": done.seconds, "lost": []}
    assert shown == {"schema": 1, **counts, **more, "gaps": [asdict(gap) for gap in done.gaps]}


def test_a_sync_of_a_lost_store_lists_what_does_not_come_back() -> None:
    done = Synced(made=1, lost=("a",))

    assert render.sync(done).endswith("  not back: a\n")
    assert json.loads(render.sync_json(done))["lost"] == ["a"]
