"""What a prepared table holds, in figures: for a reader who wonders what the model was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.schema import NUMERIC

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.prepared import Rows

_QUARTERS = {"min": 0, "quarter": 25, "median": 50, "three_quarters": 75, "max": 100}


def profile(train: Rows, test: Rows, table_rows: int, duplicates: int) -> dict[str, Any]:
    """Give the counts of rows, each feature as it is in the training rows, and the target.

    `duplicates` of the table's rows repeat an earlier one. Numbers are given by quartiles.
    """
    schema = train.schema
    return {
        "rows": {"table": table_rows, "duplicates": duplicates, **schema.rows},
        "columns": {name: _column(train.frame[name], schema.kinds[name]) for name in schema.kinds},
        "target": {
            "name": schema.target,
            "task": schema.task,
            "train": _target(train),
            "test": _target(test),
        },
    }


def _column(column: pd.Series, kind: str) -> dict[str, Any]:
    present = column.dropna()
    told = {"kind": kind, "missing": len(column) - len(present)}
    if kind == NUMERIC:
        return told | (_quarters(present.to_numpy()) if len(present) else {})
    return told | {"levels": int(present.nunique())}


def _target(rows: Rows) -> dict[str, Any]:
    if not rows.schema.classes:
        return _quarters(rows.target)
    names, counts = np.unique(rows.target, return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _quarters(values: np.ndarray) -> dict[str, float]:
    found = np.percentile(values, list(_QUARTERS.values()))
    return {name: float(value) for name, value in zip(_QUARTERS, found, strict=True)}
