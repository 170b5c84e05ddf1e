"""Which way the runs of a store are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.runs import NoRuns
from wherefrom.sources.run_database import RunDatabase
from wherefrom.uris import sqlite_path

if TYPE_CHECKING:
    from wherefrom.runs import RunSource


def open_runs(uri: str) -> RunSource:
    """Open a store to read it; nothing is made where there is none yet.

    Raises `StoreUnreachableError` for a server that does not answer within ten seconds.
    """
    path = sqlite_path(uri)
    if path is not None:
        return RunDatabase(path) if path.is_file() else NoRuns()
    from wherefrom.sources.run_client import RunClient  # noqa: PLC0415 - a second, for MLflow

    return RunClient(uri)
