"""The runs of a server, by MLflow's client: all of them, or a store that does not answer.

What it answers is held against the same store's file in `test_run_database.py`.
"""

from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from contextlib import closing
from operator import attrgetter
from typing import TYPE_CHECKING

import filled_store
import pytest

from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.runs import Logged
from wherefrom.sources import run_client, run_source
from wherefrom.sources.run_client import RunClient
from wherefrom.sources.run_database import RunDatabase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from filled_store import FilledStore


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_runs_are_all_there_however_many_fit_on_a_page(
    store: FilledStore, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(run_client, "_PAGE", page)

    found = RunClient(store.uri).all_runs()

    key = attrgetter("mlflow_run_id")
    assert sorted(found, key=key) == sorted(RunDatabase(store.database).all_runs(), key=key)


def test_a_run_of_an_experiment_that_was_deleted_is_not_listed(store: FilledStore) -> None:
    client = RunClient(store.uri)

    assert client.of_id(store.ids["in a deleted experiment"]) == []
    assert client.of_records([filled_store.RECORDS[5]]) == []


def test_of_no_runs_nothing_was_logged(store: FilledStore) -> None:
    assert RunClient(store.uri).logged([]) == {}
    assert RunClient(store.uri).logged([store.ids["bare"]])[store.ids["bare"]].metrics == {}
    assert isinstance(RunClient(store.uri).logged([store.ids["bare"]])[store.ids["bare"]], Logged)


def test_a_server_that_is_not_there_is_said_so_at_once_and_without_its_password(
    closed_port: int,
) -> None:
    uri = f"http://me:secret@127.0.0.1:{closed_port}"
    started = time.monotonic()

    for connect in (RunClient, run_source.open_runs):
        with pytest.raises(StoreUnreachableError) as caught:
            connect(uri)
        assert "secret" not in str(caught.value)
        assert str(closed_port) in str(caught.value)

    assert time.monotonic() - started < 20


QUESTIONS: dict[str, Callable[[RunClient], object]] = {
    "all_runs": lambda client: client.all_runs(),
    "of_records": lambda client: client.of_records(["a" * 32]),
    "of_fingerprints": lambda client: client.of_fingerprints(["a" * 64]),
    "of_id": lambda client: client.of_id("abcdef"),
    "of_name": lambda client: client.of_name("x"),
    "of_version": lambda client: client.of_model("m/1"),
    "of_alias": lambda client: client.of_model("m@champion"),
    "of_model": lambda client: client.of_model("m-1"),
    "logged": lambda client: client.logged(["a" * 32]),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_store_that_goes_away_does_not_answer(
    store: FilledStore, tmp_path: Path, question: Callable[[RunClient], object]
) -> None:
    path = shutil.copy(store.database, tmp_path / "mlflow.db")
    client = RunClient(f"sqlite:///{path}")
    tables = ("tags", "runs", "model_versions", "registered_model_aliases", "logged_models")
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in tables:
            connection.execute(f"DROP TABLE {table}")

    with pytest.raises(StoreUnreachableError):
        question(client)
