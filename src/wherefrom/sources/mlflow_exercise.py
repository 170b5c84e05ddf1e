"""MLflow used once, with nothing of anybody's, so that what it sets up at first use is there.

Private is the engine of a client's store, which MLflow shares with every later client of the same
URI; `tests/sources/test_mlflow_exercise.py` fails when either changes.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from wherefrom.sources.mlflow_client import client
from wherefrom.sources.mlflow_model import save_sklearn_model
from wherefrom.sources.mlflow_store import Store
from wherefrom.uris import redact, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_WAIT = "PRAGMA synchronous = OFF"
"""Nothing that is written here has to outlast a crash."""


def save_a_model(folder: Path) -> None:
    """Save a model: MLflow looks through all installed packages for the first one."""
    import pandas as pd  # noqa: PLC0415
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415

    table = pd.DataFrame({"x": [0.0, 1.0]})
    save_sklearn_model(
        LinearRegression().fit(table, [0.0, 1.0]),
        folder,
        example=table,
        requirements=["scikit-learn"],
        code_paths=[],
        trusted_types=[],
    )


def open_a_store() -> None:
    """Let SQLAlchemy work out how the tables of a store hang together."""
    import mlflow.store.tracking.dbmodels.models  # noqa: F401, PLC0415, TID251
    from sqlalchemy.orm import configure_mappers  # noqa: PLC0415

    configure_mappers()


@contextmanager
def empty_copy(uri: str) -> Iterator[Store]:
    """Give a store whose client has opened a SQLite store, and an empty copy to write to instead.

    Afterwards the client has no connection at all, so that processes can be forked: theirs has the
    store open, and every statement compiled that was used. Raises `StoreUnreachableError`.
    """
    path = sqlite_path(uri)
    if path is None:
        raise ValueError(f"{redact(uri)} is no SQLite store")
    opened = client(uri)
    engine = opened._tracking_client.store.engine  # noqa: SLF001
    with TemporaryDirectory() as name, _diverted(engine, Path(name, "empty.db")):
        _copy_schema(path, Path(name, "empty.db"))
        yield Store(uri, opened, Path(name, "artifacts"), Path(name))


@contextmanager
def _diverted(engine: Any, database: Path) -> Iterator[None]:  # noqa: ANN401
    """Let an engine connect to another database; before and after it has no connection."""
    from sqlalchemy import event  # noqa: PLC0415

    def divert(dialect: Any, _record: object, arguments: list[Any], more: dict[str, Any]) -> Any:  # noqa: ANN401
        arguments[0] = str(database)
        connection = dialect.connect(*arguments, **more)
        connection.execute(_NO_WAIT)
        return connection

    engine.dispose()
    event.listen(engine, "do_connect", divert)
    try:
        yield
    finally:
        event.remove(engine, "do_connect", divert)
        engine.dispose()


def _copy_schema(path: Path, empty: Path) -> None:
    with closing(sqlite3.connect(path, timeout=30)) as source:
        made = source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    with closing(sqlite3.connect(empty)) as target:
        target.execute(_NO_WAIT)
        for (statement,) in made:
            target.execute(statement)
