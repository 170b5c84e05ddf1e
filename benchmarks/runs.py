"""The runs of a generated history, in the project's own store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from baseline import EVALUATE, TEN

from wherefrom import record as records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from experiments import Result

    from wherefrom.record import Record

    Row = Mapping[str, object]

_ELSEWHERE = {"git.branch"}
"""The first result was made on a branch, experiments are not."""


def fill(root: Path, results: Iterable[Result]) -> None:
    """Give each result its run, as the first result has one.

    MLflow's own client made the schema and the first run, as a stage of the pipeline logged it. The
    others are copies of its rows: through the client 10,000 runs take an hour.
    """
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        connection.row_factory = sqlite3.Row
        first = records.from_text((root / EVALUATE).read_text(), EVALUATE)
        store = _Store(connection, str(first.mlflow_run_id))
        store.keep_metrics({name for names in TEN.values() for name in names})
        store.add(list(results))


class _Store:
    """A SQLite store, and the run in it that the others are copies of."""

    def __init__(self, connection: sqlite3.Connection, first: str) -> None:
        self._connection = connection
        self._first = first
        (self._run,) = self._rows("runs")
        self._tags = {str(row["key"]): str(row["value"]) for row in self._rows("tags")}

    def keep_metrics(self, names: set[str]) -> None:
        """Leave the first run the metrics that its files were left with."""
        for table in ("metrics", "latest_metrics"):
            gone = [
                (row["key"], self._first) for row in self._rows(table) if row["key"] not in names
            ]
            statement = f"DELETE FROM {table} WHERE key = ? AND run_uuid = ?"  # noqa: S608
            self._connection.executemany(statement, gone)

    def add(self, results: list[Result]) -> None:
        """Add the runs of results."""
        self._insert("runs", (self._run_row(result) for result in results))
        for table, values in (("params", _params), ("tags", self._tag_values)):
            rows = (
                {"key": key, "value": value, "run_uuid": result.training.mlflow_run_id}
                for result in results
                for key, value in values(result).items()
            )
            self._insert(table, rows)
        for table in ("metrics", "latest_metrics"):
            self._insert(table, (row for result in results for row in _metric_rows(result)))

    def _rows(self, table: str) -> list[Row]:
        query = f"SELECT * FROM {table} WHERE run_uuid = ?"  # noqa: S608
        return [dict(row) for row in self._connection.execute(query, (self._first,))]

    def _insert(self, table: str, rows: Iterator[Row]) -> None:
        first = next(rows, None)
        if first is None:
            return
        names = ", ".join(first)
        marks = ", ".join(f":{name}" for name in first)
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        self._connection.executemany(statement, [first, *rows])

    def _run_row(self, result: Result) -> Row:
        training, evaluation = result.training, result.evaluation
        run_id = str(training.mlflow_run_id)
        return {
            **self._run,
            "run_uuid": run_id,
            "name": training.run_name,
            "start_time": training.started,
            "end_time": evaluation.ended,
            "artifact_uri": str(self._run["artifact_uri"]).replace(self._first, run_id),
        }

    def _tag_values(self, result: Result) -> dict[str, str]:
        kept = {key: value for key, value in self._tags.items() if key not in _ELSEWHERE}
        training, evaluation = result.training, result.evaluation
        deps = {f"dvc.dep.{path}": value for path, value in result.deps.items()}
        return {
            **kept,
            **{key: value for key, value in deps.items() if key in kept},
            **_code(training, "git."),
            **_code(evaluation, "wherefrom.evaluate.git."),
            "mlflow.source.git.commit": str(training.git.commit),
            "mlflow.runName": training.run_name,
            "wherefrom.record_id": training.record_id,
            "dvc.stage.fingerprint": training.fingerprint,
            "wherefrom.evaluate.stage.fingerprint": evaluation.fingerprint,
            "dvc.exp.name": str(training.experiment),
            "dvc.exp.baseline": str(training.baseline),
        }


def _params(result: Result) -> Mapping[str, str]:
    return result.params


def _code(record: Record, prefix: str) -> dict[str, str]:
    dirty = str(record.git.dirty).lower()
    return {f"{prefix}commit": str(record.git.commit), f"{prefix}dirty": dirty}


def _metric_rows(result: Result) -> Iterator[Row]:
    for name, value in result.metrics.items():
        record = result.training if name.startswith("cv.") else result.evaluation
        yield {
            "key": name,
            "value": value,
            "timestamp": record.ended,
            "run_uuid": record.mlflow_run_id,
            "step": 0,
            "is_nan": 0,
        }
