"""What a cell means: missing, a number, or a level of a category.

One rule for the table that is learnt from and for the rows that are predicted later, whether they
come as text, as numbers or as what some reader made of them.
"""

from __future__ import annotations

import numbers as numeric_tower
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError, counted, listed

# Blank, and what `pandas.read_csv` takes as missing. A row must mean the same to the model
# whether it was read with pandas or with another reader.
MISSING = frozenset(
    (
        *("", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "n/a"),
        *("-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "-NaN", "-nan", "NaN", "nan"),
        *("NULL", "null", "None"),
    )
)
# Trees compute in 32 bits, where a larger number is infinite.
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers: 64-bit floats, NaN where there is none, and what was no number."""

    floats: np.ndarray
    strange: np.ndarray  # True where a value is there and is no number

    @property
    def missing(self) -> np.ndarray:
        """Say which cells hold no value at all."""
        return np.asarray(np.isnan(self.floats) & ~self.strange)


def read_numbers(column: pd.Series) -> Numbers:
    """Read a column as numbers; text with blanks around a number counts."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return Numbers(floats, np.zeros(len(floats), dtype=bool))
    if (parsed := _all_numbers(column)) is not None:
        return Numbers(parsed, np.zeros(len(parsed), dtype=bool))
    cells, places = _distinct(column)
    found = [_number(cell) for cell in cells]
    floats = np.array([np.nan if cell is None else cell for cell in found], dtype=np.float64)
    strange = np.array([cell is None for cell in found], dtype=bool)
    return Numbers(floats[places], strange[places])


def read_levels(column: pd.Series) -> np.ndarray:
    """Read a column as levels: text without blanks around it, and NaN where it is missing.

    Levels compare as text: 1, 1.0 and "1" are one level; True and "TRUE" are the level "true".
    """
    cells, places = _distinct(column)
    levels = (level_of(cell) for cell in cells)
    known = np.array([np.nan if level is None else level for level in levels], dtype=object)
    return np.asarray(known[places])


def level_of(cell: object) -> str | None:
    """Give the level of one cell as text; None means that it is missing."""
    if isinstance(cell, str):
        text = cell.strip()
        if text in MISSING:
            return None
        return text.lower() if text.lower() in {"true", "false"} else text
    return _level_of_value(cell)


def is_code(level: str) -> bool:
    """Say whether a level looks like a number and is another level as one, such as 01234."""
    number = _number_of_text(level)
    if number is None:
        return False
    try:
        return level_of(int(level)) != level
    except ValueError:
        return level_of(number) != level


def holds_numbers(column: pd.Series) -> bool:
    """Say whether a column has numbers that are no text; booleans are none."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return not pd.api.types.is_bool_dtype(column.dtype) and bool(column.notna().any())
    return column.dtype == object and any(
        isinstance(cell, numeric_tower.Number)
        and not isinstance(cell, bool)
        and level_of(cell) is not None
        for cell in _cells(column)
    )


def is_missing(column: pd.Series) -> np.ndarray:
    """Say which cells are missing: null, NaN, blank text, or a marker such as NA."""
    cells, places = _distinct(column)
    missing = np.array([level_of(cell) is None for cell in cells], dtype=bool)
    return np.asarray(missing[places])


def check_finite(name: str, values: np.ndarray, where: str, remedy: str | None = None) -> None:
    """Raise InputError where numbers are infinite, or too large for the 32 bits of a tree.

    Without a remedy it is that of a feature, which may be left out.
    """
    count = int(np.count_nonzero(np.abs(values) > LARGEST))
    if count:
        numbers = counted(count, "number")
        what = f"the column {name!r} holds {numbers} infinite, or beyond {LARGEST:.2e}"
        drop = f"correct them, leave them blank, or add {name!r} to data.drop in params.yaml"
        raise InputError(what, where, remedy or drop)


def check_kind(name: str, column: pd.Series, where: str, remedy: str | None = None) -> None:
    """Raise InputError for a column of dates, lists or other things that are no plain values.

    Without a remedy it is that of a feature, which may be left out.
    """
    kinds = {column.dtype.name} if column.dtype.kind in "mMc" else _strange_types(column)
    if kinds:
        what = f"the column {name!r} holds values of the kind {listed(sorted(kinds))}"
        drop = (
            f"turn it into numbers or text (such as the year, the month), or add {name!r} to "
            "data.drop in params.yaml"
        )
        raise InputError(what, where, remedy or drop)


def _strange_types(column: pd.Series) -> set[str]:
    if column.dtype != object:
        return set()
    plain = (str, bool, np.bool_, numeric_tower.Number)
    return {type(cell).__name__ for cell in _cells(column) if not isinstance(cell, plain)}


def _cells(column: pd.Series) -> list[object]:
    """Give the cells as Python objects, with NaN for each kind of null."""
    cells = column.astype(object)
    return cells.where(cells.notna(), np.nan).tolist()


def _distinct(column: pd.Series) -> tuple[list[object], np.ndarray]:
    """Give cells so that each is looked at once, and for each row the place of its cell.

    A column of objects is given as it is: 1, 1.0 and True would fall together.
    """
    if column.dtype == object:
        return _cells(column), np.arange(len(column))
    places, cells = pd.factorize(column, use_na_sentinel=True)
    return [*cells.tolist(), np.nan], places  # -1, which is null, is the last one


def _all_numbers(column: pd.Series) -> np.ndarray | None:
    """Read a column of text at once, many times as fast; None where it needs a closer look.

    Both ways round to the nearest float, so it does not matter which of them read a cell.
    """
    if column.dtype != "str":
        return None
    texts = pc.utf8_trim_whitespace(pa.array(column, from_pandas=True))
    missing = pc.is_in(texts, value_set=pa.array(sorted(MISSING)))
    try:
        parsed = pc.cast(pc.if_else(missing, None, texts), pa.float64())
    except pa.ArrowInvalid:
        return None
    return np.asarray(parsed.to_numpy(zero_copy_only=False))


def _number(cell: object) -> float | None:
    """Give the number of a cell, NaN where it is missing, None where it is something else."""
    if isinstance(cell, str):
        return _number_of_text(cell.strip())
    try:
        return float(cell)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError):
        return None


def _number_of_text(text: str) -> float | None:
    if text in MISSING:
        return np.nan
    try:
        # Python takes 1_000 for a number; nobody else does, and it may be a code.
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _level_of_value(cell: object) -> str | None:
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell)).lower()
    if isinstance(cell, float):
        return None if np.isnan(cell) else _shortest(cell)
    return str(cell)


def _shortest(value: float) -> str:
    """Write 1.0 as 1: a column of whole numbers turns to floats as soon as one is missing."""
    return str(int(value)) if value.is_integer() else repr(float(value))
