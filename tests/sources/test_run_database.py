"""The runs of a SQLite file: every answer is MLflow's own, and nothing is ever written."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filled_store import NAMES, PRINTS, RECORDS

from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.names import FILES, FILES_LATER
from wherefrom.runs import Logged, NoRuns
from wherefrom.sources import run_database, run_source
from wherefrom.sources.run_client import RunClient
from wherefrom.sources.run_database import RunDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from filled_store import FilledStore

    from wherefrom.runs import Run, RunSource


@pytest.fixture(scope="module")
def client(store: FilledStore) -> RunClient:
    return RunClient(store.uri)


@pytest.fixture
def database(store: FilledStore) -> RunDatabase:
    return RunDatabase(store.database)


@pytest.fixture
def copied(store: FilledStore, tmp_path: Path) -> Path:
    """The file of a store that a test may change."""
    return Path(shutil.copy(store.database, tmp_path / "copy.db"))


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def in_order(runs: Iterable[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: run.mlflow_run_id)


# -- the same answers as MLflow's client


def test_all_runs_are_those_that_mlflow_lists(
    store: FilledStore, database: RunDatabase, client: RunClient
) -> None:
    found = {run.mlflow_run_id: run for run in database.all_runs()}

    assert in_order(found.values()) == in_order(client.all_runs())
    gone = {"deleted", "in a deleted experiment", "of a model, deleted"}
    runs = {key: value for key, value in store.ids.items() if not value.startswith("m-")}
    assert set(found) == {value for key, value in runs.items() if key not in gone}


def test_a_run_has_the_fields_that_join_it_to_the_ledger(
    store: FilledStore, database: RunDatabase
) -> None:
    (full,) = database.of_id(store.ids["full"])

    assert full == run_database.Run(
        mlflow_run_id=store.ids["full"],  # type: ignore[arg-type]
        name="full",
        status="FAILED",
        started=1_000,
        ended=5_000,
        mlflow_experiment="one",
        record_id=RECORDS[0],  # type: ignore[arg-type]
        fingerprint=PRINTS[0],  # type: ignore[arg-type]
        stage="train",
        relation="own",
        experiment="exp-1",  # type: ignore[arg-type]
        baseline="b" * 40,  # type: ignore[arg-type]
        data_hash="c" * 32,
        error="it's 100% broken",
        parent="d" * 32,  # type: ignore[arg-type]
    )


def test_what_is_kept_beside_values_is_what_mlflow_says(
    store: FilledStore, database: RunDatabase, client: RunClient
) -> None:
    found, told = database.stored(), client.stored()

    assert found.places == told.places
    assert found.places.keys() == {run.mlflow_run_id for run in database.all_runs()}
    assert set(found.models) == set(told.models)
    assert set(found.versions) == set(told.versions)
    assert in_order(found.deleted) == in_order(told.deleted)
    assert {run.mlflow_run_id for run in found.deleted} >= {store.ids["deleted"]}
    assert found.versions


def test_the_listings_of_a_run_come_in_the_order_of_its_stages(
    copied: Path, store: FilledStore
) -> None:
    run_id = store.ids["full"]
    with closing(sqlite3.connect(copied)) as connection, connection:
        rows = [(FILES_LATER, "later", run_id), (FILES, "first", run_id)]
        connection.executemany("INSERT INTO tags VALUES (?, ?, ?)", rows)

    assert RunDatabase(copied).stored().listings == {run_id: ("first", "later")}


@pytest.mark.parametrize("method", ["of_records", "of_fingerprints"])
@pytest.mark.parametrize(
    ("wanted", "count"),
    [(slice(0, 0), 0), (slice(0, 1), 2), (slice(0, 20), None), (slice(12, 20), 0)],
    ids=["none", "one", "all", "unknown"],
)
def test_runs_are_found_by_their_tags_as_mlflow_finds_them(
    database: RunDatabase, client: RunClient, method: str, wanted: slice, count: int | None
) -> None:
    values = (RECORDS if method == "of_records" else PRINTS)[wanted]

    found = getattr(database, method)(values)

    assert in_order(found) == in_order(getattr(client, method)(values))
    assert count is None or len(found) == count


@pytest.mark.parametrize("digits", [1, 6, 31, 32])
def test_runs_are_found_by_the_beginning_of_their_ids(
    store: FilledStore, database: RunDatabase, client: RunClient, digits: int
) -> None:
    for run_id in store.ids.values():
        prefix = run_id[:digits]
        found = in_order(database.of_id(prefix))
        assert found == in_order(client.of_id(prefix))
        assert all(run.mlflow_run_id.startswith(prefix) for run in found)


@pytest.mark.parametrize("prefix", ["-", "g", "0" * 32, "it's", '"', "é"])
def test_what_is_no_id_of_a_run_finds_none(
    database: RunDatabase, client: RunClient, prefix: str
) -> None:
    assert database.of_id(prefix) == client.of_id(prefix) == []


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_run_is_found_by_its_whole_name_whatever_stands_in_it(
    store: FilledStore, database: RunDatabase, client: RunClient, name: str
) -> None:
    found = database.of_name(name)

    assert [run.mlflow_run_id for run in found] == [store.ids[f"name {name}"]]
    if "'" not in name:  # MLflow's filter cannot be asked for this one
        assert client.of_name(name) == found


def test_a_run_without_a_name_has_an_empty_one(store: FilledStore, copied: Path) -> None:
    change(copied, "UPDATE runs SET name = NULL")

    assert [run.name for run in RunDatabase(copied).of_id(store.ids["full"])] == [""]


@pytest.mark.parametrize("name", ["full", "model", "x", "FULL", "ful", "", "gone", "%", "nobody"])
def test_runs_that_share_a_name_are_all_found(
    database: RunDatabase, client: RunClient, name: str
) -> None:
    assert in_order(database.of_name(name)) == in_order(client.of_name(name))


MODELS = {
    "m/1": "of a model",
    "m@champion": "of a model",
    "odd name's é/1": "of a model",
    "odd name's é@champion": "of a model",
    **dict.fromkeys(("m/3", "m/4", "m/9", "m/latest", "m@none", "none/1", "none@x"), None),
    **dict.fromkeys(("m", "m/", "m@", "", "/", "@", "m-none", "m/1/2", "m@champion/1"), None),
}


@pytest.mark.parametrize(("name", "run"), MODELS.items(), ids=ascii)
def test_a_model_leads_to_the_run_that_made_it(
    store: FilledStore, database: RunDatabase, client: RunClient, name: str, run: str | None
) -> None:
    found = database.of_model(name)

    assert [one.mlflow_run_id for one in found] == ([store.ids[run]] if run else [])
    assert found == client.of_model(name)


@pytest.mark.parametrize(("model", "run"), [("logged model", "of a model"), ("of no run", None)])
def test_the_id_of_a_logged_model_leads_to_its_run(
    store: FilledStore, database: RunDatabase, client: RunClient, model: str, run: str | None
) -> None:
    found = database.of_model(store.ids[model])

    assert [one.mlflow_run_id for one in found] == ([store.ids[run]] if run else [])
    assert found == client.of_model(store.ids[model])


@pytest.mark.parametrize("name", ["m/2", "m@lost", "of a deleted run"])
def test_a_model_whose_run_was_deleted_leads_nowhere(
    store: FilledStore, database: RunDatabase, client: RunClient, name: str
) -> None:
    for source in (database, client):
        assert source.of_model(store.ids.get(name, name)) == []


@pytest.mark.parametrize("name", [*MODELS, "m/2", "m@lost"], ids=ascii)
def test_a_version_says_of_which_result_it_is(
    database: RunDatabase, client: RunClient, name: str
) -> None:
    expected = ["of a lost run"] if name in {"m/2", "m@lost"} else []
    assert database.results_of_model(name) == client.results_of_model(name) == expected


def test_what_was_logged_is_what_mlflow_gives(
    store: FilledStore, database: RunDatabase, client: RunClient
) -> None:
    ids = [store.ids[key] for key in ("logged", "full", "bare", "name it's", "twin")]

    assert database.logged(ids) == client.logged(ids)
    assert list(database.logged(ids)) == ids
    assert database.logged([]) == {}


def test_the_last_step_of_a_metric_is_its_value(store: FilledStore, database: RunDatabase) -> None:
    metrics = database.logged([store.ids["logged"]])[store.ids["logged"]].metrics

    assert metrics["stepped"] == 0.25
    assert all(math.isfinite(value) for value in metrics.values())


def test_a_metric_that_is_no_number_now_is_none(
    store: FilledStore, database: RunDatabase, client: RunClient
) -> None:
    run_id = store.ids["no number"]

    assert database.logged([run_id])[run_id].metrics == {"now": 1.0}
    assert client.logged([run_id])[run_id].metrics == {"now": 1.0}


def test_of_a_run_that_is_not_there_nothing_was_logged(database: RunDatabase) -> None:
    assert database.logged(["0" * 32]) == {"0" * 32: Logged()}


MANY = """\
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
INSERT INTO runs (run_uuid, name, status, lifecycle_stage, artifact_uri, experiment_id)
SELECT printf('z%031d', i), 'many', status, lifecycle_stage, artifact_uri, experiment_id
FROM n, runs WHERE run_uuid = ?
"""
MANY_TAGS = """\
INSERT INTO tags (run_uuid, key, value)
SELECT run_uuid, 'wherefrom.record_id', substr(run_uuid, 28) FROM runs WHERE name = 'many'
"""


def test_many_runs_are_found_with_their_own_tags(store: FilledStore, copied: Path) -> None:
    """More of them than one question to SQLite may name."""
    with closing(sqlite3.connect(copied)) as connection, connection:
        connection.execute(MANY, (store.ids["twin"],))
        connection.execute(MANY_TAGS)
    database = RunDatabase(copied)
    expected = {f"z{i:031}": f"{i:05}" for i in range(1, 1201)}

    named = database.of_name("many")
    tagged = database.of_records([f"{i:05}" for i in range(1, 1201)])

    assert {run.mlflow_run_id: run.record_id for run in named} == expected
    assert in_order(tagged) == in_order(named)
    assert len(database.all_runs()) > 1200


# -- the file

QUESTIONS: dict[str, Callable[[RunSource], object]] = {
    "all_runs": lambda runs: runs.all_runs(),
    "of_records": lambda runs: runs.of_records(RECORDS),
    "of_fingerprints": lambda runs: runs.of_fingerprints(PRINTS),
    "of_id": lambda runs: runs.of_id("0"),
    "of_name": lambda runs: runs.of_name("full"),
    "of_version": lambda runs: runs.of_model("m/1"),
    "of_alias": lambda runs: runs.of_model("m@champion"),
    "of_model": lambda runs: runs.of_model("m-1"),
    "logged": lambda runs: runs.logged(["0" * 32]),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_question_changes_no_byte_of_the_store_and_leaves_no_file(
    store: FilledStore, tmp_path: Path, question: Callable[[RunSource], object]
) -> None:
    folder = tmp_path / "a b#é%20"
    folder.mkdir()
    path = Path(shutil.copy(store.database, folder / "mlflow.db"))
    before = (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns)

    question(RunDatabase(path))

    assert (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) == before
    assert [item.name for item in folder.iterdir()] == ["mlflow.db"]


def overwrite(path: Path) -> None:
    path.write_bytes(b"no database\n" * 1000)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def drop(path: Path) -> None:
    tables = ("runs", "tags", "params", "latest_metrics", "model_versions", "logged_models")
    aliases = "registered_model_aliases"
    change(path, "PRAGMA foreign_keys = OFF", *(f"DROP TABLE {t}" for t in (*tables, aliases)))


def turn_into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


BROKEN: dict[str, Callable[[Path], None]] = {
    "no_database": overwrite,
    "cut_off": cut,
    "without_its_tables": drop,
    "another_database": lambda path: (path.unlink(), change(path, "CREATE TABLE x (y)"))[1],
    "empty": lambda path: os.truncate(path, 0),
    "gone": Path.unlink,
    "folder": turn_into_a_folder,
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_cannot_be_read_is_a_store_that_does_not_answer(
    copied: Path, damage: Callable[[Path], None], question: Callable[[RunSource], object]
) -> None:
    damage(copied)

    with pytest.raises(StoreUnreachableError) as caught:
        question(RunDatabase(copied))

    assert caught.value.uri == f"sqlite:///{copied}"
    assert caught.value.why
    assert damage is not Path.unlink or not copied.exists()


def test_a_store_that_somebody_writes_into_is_read_as_it_was(copied: Path) -> None:
    before = RunDatabase(copied).all_runs()
    with closing(sqlite3.connect(copied, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM tags")

        assert RunDatabase(copied).all_runs() == before


def test_a_store_that_is_locked_for_a_moment_is_waited_for(copied: Path) -> None:
    before = RunDatabase(copied).all_runs()
    writer = sqlite3.connect(copied, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(0.3, lambda: writer.execute("COMMIT"))
    timer.start()

    found = RunDatabase(copied).all_runs()

    timer.join()
    writer.close()
    assert found == before


def test_a_store_that_stays_locked_does_not_answer(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def impatient(*args: Any, timeout: float, **others: Any) -> sqlite3.Connection:
        assert 5 <= timeout <= 10
        return connect(*args, timeout=0.05, **others)

    with closing(connect(copied, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(run_database.sqlite3, "connect", impatient)

        with pytest.raises(StoreUnreachableError, match="locked"):
            RunDatabase(copied).all_runs()


def test_a_store_that_a_writer_left_half_written_is_not_mended_by_a_reader(
    copied: Path, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with closing(sqlite3.connect(copied, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE runs SET name = printf('%9000s', name)")
        for path in (copied, Path(f"{copied}-journal")):
            shutil.copy(path, left)
    before = {path.name: path.read_bytes() for path in left.iterdir()}

    with pytest.raises(StoreUnreachableError):
        RunDatabase(left / copied.name).all_runs()

    assert len(before) == 2
    assert {path.name: path.read_bytes() for path in left.iterdir()} == before


def test_a_store_with_a_log_of_its_own_is_read_with_what_is_only_there(copied: Path) -> None:
    with closing(sqlite3.connect(copied, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("UPDATE runs SET name = 'only in the log' WHERE name = 'bare'")
        writer.execute("UPDATE runs SET name = 'only in the log' WHERE name = 'twin'")
        writer.execute("UPDATE runs SET name = 'only in the log' WHERE name = 'logged'")

        assert len(RunDatabase(copied).of_name("only in the log")) == 1


# -- which way a store is read


def test_a_file_is_read_straight_and_a_store_that_is_not_there_has_no_runs(
    store: FilledStore, tmp_path: Path
) -> None:
    assert isinstance(run_source.open_runs(store.uri), RunDatabase)
    nothing = run_source.open_runs(f"sqlite:///{tmp_path / 'none.db'}")
    assert isinstance(nothing, NoRuns)
    assert [question(nothing) for name, question in QUESTIONS.items() if name != "logged"] == [
        [] for _ in range(len(QUESTIONS) - 1)
    ]
    assert nothing.logged(["a"]) == {"a": Logged()}
    assert list(tmp_path.iterdir()) == []
