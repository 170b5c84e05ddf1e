"""What a split must heed: rows that belong together, or the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.errors import InputError, counted
from pipeline.values import is_missing, read_levels, read_numbers

if TYPE_CHECKING:
    import numpy as np

    from pipeline.params.prepare import Data


@dataclass(frozen=True)
class Order:
    """For each row its group, or its moment as a number; None where a split need not heed it."""

    groups: np.ndarray | None = None
    moments: np.ndarray | None = None


def read_order(table: pd.DataFrame, data: Data) -> Order:
    """Read the column of `data.group` or `data.time`. Raises InputError for a missing value."""
    name = data.group or data.time
    if name is None:
        return Order()
    missing = int(is_missing(table[name]).sum())
    if missing:
        what = (
            f"the column {name!r}, by which the rows are split, lacks {counted(missing, 'value')}"
        )
        raise InputError(what, data.path, "fill them in, or take these rows out of the table")
    if data.group is not None:
        return Order(groups=read_levels(table[name]))
    return Order(moments=read_moments(table[name], data.path))


def read_moments(column: pd.Series, where: str) -> np.ndarray:
    """Read numbers as they are, else dates and times by ISO 8601 (those without a zone as UTC).

    Raises InputError for a cell that is neither.
    """
    if column.dtype.kind != "M":
        numbers = read_numbers(column)
        if not numbers.strange.any():
            return numbers.floats
    read = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
    if read.isna().any():
        cell = str(column[read.isna()].iloc[0])
        what = f"the column {column.name!r} holds a time that cannot be read, {cell!r}"
        raise InputError(what, where, "write dates as 2026-01-31, or as numbers")
    return read.astype("int64").to_numpy()
