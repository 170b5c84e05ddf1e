"""What a project's own store holds, all of it; and how a store is lost."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox import RunView, Sandbox


def by_record(sandbox: Sandbox) -> dict[str, RunView]:
    """Map records to their runs; there is one for each."""
    runs = list(sandbox.runs().values())
    found = {str(run.record_id): run for run in runs}
    assert len(found) == len(runs)
    return found


def content(sandbox: Sandbox) -> list[str]:
    """Give every row of every table."""
    connection = sqlite3.connect(sandbox.root / "mlflow.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def lose(sandbox: Sandbox) -> None:
    """Delete the store, its artifacts, and what is known of it."""
    for path in sandbox.root.glob("mlflow.db*"):
        path.unlink()
    shutil.rmtree(sandbox.root / "mlruns")
