"""Whether the ledger knows already what a stage is about to compute."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from wherefrom import index as indexes
from wherefrom.errors import WherefromError

if TYPE_CHECKING:
    from wherefrom.context import Context
    from wherefrom.index.query import Index


def said(context: Context) -> str | None:
    """Say where a stage with this fingerprint has run before; None where none is known.

    Only an index that is there is asked: a stage does not wait for a long history to be read.
    Nothing that is wrong with it stops a stage.
    """
    project = context.project
    if project.git_root is None or not (project.state / "index.db").is_file():
        return None
    try:
        index = indexes.open_index(project)
        try:
            rows = index.of_fingerprint(context.fingerprint)
            names = [n for row in rows for n in _names(index, row.key)]
        finally:
            index.close()
    except (WherefromError, sqlite3.Error) as error:
        return f"the index was not asked whether this has run before: {error}"
    if not rows:
        return None
    keys = list(dict.fromkeys(row.key for row in rows))
    who = f" (experiment {names[0]})" if names else ""
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return (
        f"{context.stage.address} has run with the same inputs before{who}{more}: "
        f"`wherefrom trace {keys[0][:12]}`"
    )


def _names(index: Index, key: str) -> list[str]:
    return [holder.experiment for holder in index.holders(key) if holder.experiment]
