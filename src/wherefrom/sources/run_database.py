"""The runs of a SQLite store, read straight from its file: `import mlflow` alone takes a second.

MLflow promises nothing of its tables; `tests/sources/test_run_database.py` compares every answer
with that of its client, and fails when a table changes. The file is opened to be read only.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.identity import MlflowRunId
from wherefrom.names import FILES, FILES_LATER, FINGERPRINT, RECORD_ID, RESULT
from wherefrom.runs import JOINING, Logged, LoggedModel, ModelVersion, Run, Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_RUNS = (
    "SELECT r.run_uuid, r.name, r.status, r.start_time, r.end_time, e.name FROM runs r "
    "JOIN experiments e USING (experiment_id) WHERE r.lifecycle_stage = '{}' AND "
)
_BY_ALIAS = (
    "SELECT v.run_id FROM model_versions v JOIN registered_model_aliases a "
    "ON a.name = v.name AND a.version = v.version WHERE a.name = ? AND a.alias = ?"
)
_BY_VERSION = "SELECT run_id FROM model_versions WHERE name = ? AND version = ?"
_SAID_BY_ALIAS = (
    "SELECT t.value FROM model_version_tags t JOIN registered_model_aliases a "
    "ON a.name = t.name AND a.version = t.version WHERE t.key = ? AND a.name = ? AND a.alias = ?"
)
_SAID_BY_VERSION = "SELECT value FROM model_version_tags WHERE key = ? AND name = ? AND version = ?"
_BY_ID = "SELECT source_run_id FROM logged_models WHERE model_id = ?"
_PLACES = "SELECT run_uuid, artifact_uri FROM runs WHERE lifecycle_stage = 'active'"
_LISTINGS = "SELECT run_uuid, value FROM tags WHERE key IN (?, ?) ORDER BY key DESC"
_MODELS = (
    "SELECT model_id, source_run_id, artifact_location, name FROM logged_models "
    "WHERE lifecycle_stage = 'active' AND status = 2"  # LoggedModelStatus.READY
)
_VERSIONS = (
    "SELECT name, version, run_id, source, storage_location FROM model_versions "
    "WHERE current_stage != 'Deleted_Internal'"
)
_MANY = 500


class RunDatabase:
    """A `wherefrom.runs.RunSource` on a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all_runs(self) -> list[Run]:
        """List all runs that are not deleted."""
        return self._runs("1", ())

    def of_records(self, record_ids: Sequence[str]) -> list[Run]:
        """Find the runs of records."""
        return self._tagged(RECORD_ID, record_ids)

    def of_fingerprints(self, fingerprints: Sequence[str]) -> list[Run]:
        """Find the runs of stages."""
        return self._tagged(FINGERPRINT, fingerprints)

    def of_id(self, prefix: str) -> list[Run]:
        """Find the runs whose id begins so."""
        return self._runs("r.run_uuid >= ? AND r.run_uuid < ?", (prefix, f"{prefix}\x7f"))

    def of_name(self, name: str) -> list[Run]:
        """Find the runs of a name."""
        return self._runs("r.name = ?", (name,))

    def of_model(self, name: str) -> list[Run]:
        """Find the run of a model: a version, an alias or a model's id."""
        model, at, alias = name.partition("@")
        model, _, version = (model, "", "") if at else name.partition("/")
        if at:
            asked: tuple[str, tuple[str, ...]] = (_BY_ALIAS, (model, alias))
        elif version:
            asked = (_BY_VERSION, (model, version))
        else:
            asked = (_BY_ID, (name,))
        with self._open() as database:
            ids = [row[0] for row in database.execute(*asked) if row[0]]
        return [run for run_id in ids for run in self._runs("r.run_uuid = ?", (run_id,))]

    def results_of_model(self, name: str) -> list[str]:
        """Give the key of the result that a version, or what has an alias, says it is of."""
        model, at, alias = name.partition("@")
        model, _, version = (model, "", "") if at else name.partition("/")
        ask = _SAID_BY_ALIAS if at else _SAID_BY_VERSION
        with self._open() as database:
            return [row[0] for row in database.execute(ask, (RESULT, model, alias or version))]

    def logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        """Give what was logged to runs."""
        with self._open() as database:

            def pairs(table: str, run_id: str) -> dict[str, str]:
                ask = f"SELECT key, value FROM {table} WHERE run_uuid = ?"  # noqa: S608
                return dict(database.execute(ask, (run_id,)).fetchall())

            ask = "SELECT key, value FROM latest_metrics WHERE run_uuid = ? AND NOT is_nan"
            return {
                run_id: Logged(
                    pairs("params", run_id),
                    dict(database.execute(ask, (run_id,)).fetchall()),
                    pairs("tags", run_id),
                )
                for run_id in run_ids
            }

    def stored(self) -> Stored:
        """Give what the store keeps: artifacts, models, versions of models, deleted runs."""
        listings: dict[MlflowRunId, tuple[str, ...]] = {}
        with self._open() as database:
            for run_id, value in database.execute(_LISTINGS, (FILES, FILES_LATER)):
                listings[run_id] = (*listings.get(run_id, ()), value)
            return Stored(
                places=dict(database.execute(_PLACES).fetchall()),
                listings=listings,
                models=tuple(LoggedModel(*row) for row in database.execute(_MODELS)),
                versions=tuple(
                    ModelVersion(name, str(version), run_id, source or "", place or source or "")
                    for name, version, run_id, source, place in database.execute(_VERSIONS)
                ),
                deleted=tuple(self._runs("e.lifecycle_stage = 'active'", (), "deleted")),
            )

    def _tagged(self, key: str, values: Sequence[str]) -> list[Run]:
        found: list[Run] = []
        for start in range(0, len(values), _MANY):
            part = values[start : start + _MANY]
            marks = ",".join("?" * len(part))
            ask = f"SELECT run_uuid FROM tags WHERE key = ? AND value IN ({marks})"  # noqa: S608
            found += self._runs(f"r.run_uuid IN ({ask})", (key, *part))
        return found

    def _runs(self, where: str, values: tuple[object, ...], stage: str = "active") -> list[Run]:
        with self._open() as database:
            rows = database.execute(f"{_RUNS.format(stage)}{where}", values).fetchall()
            if not rows:
                return []
            few = len(rows) < _MANY
            ids = [row[0] for row in rows] if few else []
            tags = _joining(database, ids)
        return [
            Run(
                MlflowRunId(run_id),
                name or "",
                status,
                started,
                ended,
                experiment,
                **tags.get(run_id, {}),
            )
            for run_id, name, status, started, ended, experiment in rows
        ]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=10)
            try:
                yield database
            finally:
                database.close()
        except sqlite3.Error as error:
            raise StoreUnreachableError(f"sqlite:///{self._path}", str(error)) from error


def _joining(database: sqlite3.Connection, run_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Read the tags that join runs to the ledger; those of all runs where `run_ids` is empty."""
    keys = ",".join("?" * len(JOINING))
    marks = ",".join("?" * len(run_ids))
    one = f"AND run_uuid IN ({marks})" if run_ids else ""
    ask = f"SELECT run_uuid, key, value FROM tags WHERE key IN ({keys}) {one}"  # noqa: S608
    found: dict[str, dict[str, Any]] = {}
    for run_id, key, value in database.execute(ask, (*JOINING, *run_ids)):
        found.setdefault(run_id, {})[JOINING[key]] = value
    return found
