"""Whether the ledger knows already what a stage is about to compute."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from wherefrom import index as indexes
from wherefrom.holders import Maker, origin

if TYPE_CHECKING:
    from wherefrom.context import Context
    from wherefrom.identity import ExperimentName
    from wherefrom.index.query import Index
    from wherefrom.index.rows import ResultRow


def said(context: Context) -> str | None:
    """Say where a stage with this fingerprint has run before; None where none is known.

    Only an index that is there is asked: a stage does not wait for one to be made.
    """
    try:
        index = indexes.open_made(context.project)
        if index is None:
            return None
        with closing(index):
            rows = index.of_fingerprint(context.fingerprint)
            name = _maker(index, rows[0]) if rows else None
    except Exception as error:  # noqa: BLE001 - nothing that is wrong with it stops a stage
        return f"the index was not asked whether this has run before: {error}"
    if not rows:
        return None
    keys = list(dict.fromkeys(row.key for row in rows))
    count = f"{len(keys)} results have them" if len(keys) > 1 else None
    notes = ", ".join(filter(None, (name and f"experiment {name}", count)))
    which = f" ({notes})" if notes else ""
    return (
        f"{context.stage.address} has run with the same inputs before{which}: "
        f"`wherefrom trace {keys[0][:12]}`"
    )


def _maker(index: Index, row: ResultRow) -> ExperimentName | None:
    """Name the experiment that made a result; None for one of a branch."""
    record = index.record(row.record_id) if row.record_id else None
    maker = Maker(record.relation, record.experiment, record.baseline) if record else None
    made_in = origin(maker, index.holders(row.key))
    return made_in.experiment if made_in else None
