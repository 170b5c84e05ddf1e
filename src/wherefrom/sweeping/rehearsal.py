"""What stages do with MLflow, done once in the process that they are forked from.

What MLflow and SQLAlchemy work out for it takes longer than the doing.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wherefrom import delivery
from wherefrom.datasets import DataInput
from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.identity import DataHash, RecordId
from wherefrom.journal import Ending, Entry, Journal
from wherefrom.names import PROCESS, RECORD_ID
from wherefrom.process import current
from wherefrom.sources import local_store, mlflow_exercise
from wherefrom.uris import sqlite_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.sources.mlflow_store import Store
    from wherefrom.sweeping.parent import Where


def rehearse(where: Where) -> None:
    """Deliver a run to an empty copy of a sweep's store, where that is a database on this disk.

    What has to be said of a store that does not answer, every stage says itself.
    """
    project = where.project
    if sqlite_path(where.uri) is None or not local_store.is_ready(where.uri, project.state):
        return
    with suppress(StoreUnreachableError), _unchanged_environment():
        os.environ.setdefault(local_store.ARTIFACT_ROOT_VARIABLE, str(project.artifact_root))
        with mlflow_exercise.empty_copy(where.uri) as store, TemporaryDirectory() as folder:
            _deliver(store, Journal(Path(folder)))


def _deliver(store: Store, journal: Journal) -> None:
    """Take every step of a training's stage, and of the evaluation's that goes on with its run."""
    ending = Ending("FINISHED", 1, {"c": 1.0, "d": 2.0}, {"e": "1", "f": "2"}, (PROCESS,))
    training = _entry()
    for entry in (training, replace(training, action="continue")):
        store.experiment_id(entry.mlflow_experiment)
        store.end_dead_runs()
        journal.write(entry)
        begun = delivery.begin(store, journal, entry, is_new=True)
        artifacts = journal.folder(entry) / "artifacts"
        artifacts.mkdir()
        (artifacts / "file").touch()
        if entry.action == "create":
            with suppress(ImportError):  # not every project has scikit-learn
                mlflow_exercise.save_a_model(journal.folder(entry) / "model")
        delivery.complete(store, journal, replace(begun, ending=ending))


def _entry() -> Entry:
    record_id, process = RecordId("0" * 32), current()
    data = DataInput("data", DataHash("0" * 32))
    return Entry(
        record_id=record_id,
        stage="train",
        store="",
        action="create",
        mlflow_experiment="rehearsal",
        run_name="rehearsal",
        started=0,
        process=process,
        params={"a": "1", "b": "2"},
        tags={RECORD_ID: record_id, PROCESS: process.text()},
        data=(data,),
        table=data,
    )


@contextmanager
def _unchanged_environment() -> Iterator[None]:
    """Put the variables back: those that MLflow is given are not the stages' to have."""
    kept = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
