"""Raw rows made clean by what was learnt: for the prepared tables and for every prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.errors import InputError, did_you_mean, listed
from pipeline.schema import NUMERIC
from pipeline.values import check_finite, read_levels, read_numbers

if TYPE_CHECKING:
    import numpy as np


def clean_rows(rows: pd.DataFrame, kinds: dict[str, str], where: str) -> pd.DataFrame:
    """Give the features alone: 64-bit floats and text, NaN where missing, the index kept.

    Text in a numeric column counts as missing; columns that are no features are ignored.
    Raises InputError for a feature's column that is not there, and for non-finite numbers.
    """
    if not isinstance(rows, pd.DataFrame):
        what = f"a {type(rows).__name__} has no names of columns"
        raise InputError(what, where, "give the rows as a pandas DataFrame")
    lacking = [name for name in kinds if name not in rows.columns]
    if lacking:
        names = listed(map(repr, lacking))
        near = did_you_mean(lacking[0], map(str, rows.columns))
        one = len(lacking) == 1
        what = f"the column {names} is missing{near}" if one else f"the columns {names} are missing"
        raise InputError(what, where, "give the rows all columns that the model was fitted on")
    cleaned = {name: _clean(rows[name], kind, where) for name, kind in kinds.items()}
    return pd.DataFrame(cleaned, index=rows.index)


def _clean(column: pd.Series, kind: str, where: str) -> np.ndarray:
    if kind != NUMERIC:
        return read_levels(column)
    values = read_numbers(column).floats
    check_finite(str(column.name), values, where)
    return values
