"""What a project's own store holds, all of it; and how a store is lost."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from wherefrom.names import CARD, NOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox import RunView, Sandbox


def by_record(sandbox: Sandbox) -> dict[str, RunView]:
    """Map records to their runs; there is one for each."""
    runs = list(sandbox.runs().values())
    found = {str(run.record_id): run for run in runs}
    assert len(found) == len(runs)
    return found


def but_for_cards(runs: Mapping[str, RunView]) -> dict[str, RunView]:
    """Give runs without the cards in their descriptions, which follow from their other tags."""
    cards = (NOTE, CARD)
    return {
        name: replace(run, tags={k: v for k, v in run.tags.items() if k not in cards})
        for name, run in runs.items()
    }


def describe(sandbox: Sandbox, run_id: str, text: str) -> None:
    """Write a run's description, as MLflow's UI does."""
    with closing(sqlite3.connect(sandbox.root / "mlflow.db")) as store, store:
        row = (text, NOTE, run_id)
        store.execute("UPDATE tags SET value = ? WHERE key = ? AND run_uuid = ?", row)


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
