"""What each column is: learnt from the training rows, said where it may surprise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.errors import InputError, counted
from pipeline.schema import CATEGORICAL, NUMERIC
from pipeline.values import check_finite, check_kind, read_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.values import Numbers

# A column with fewer strangers than this among its numbers was most likely meant to be numeric.
_FEW = 0.05
_LOOKED_AT = 10  # of a column without a date so many cells are enough to know
_DECIMAL_COMMA = r"[+-]?[\d.]*,\d+"


@dataclass
class Columns:
    """The kinds of the features, the count of missing cells, and what a user should know."""

    kinds: dict[str, str] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def learn_columns(
    rows: pd.DataFrame, names: list[str], where: str, forced: Mapping[str, str] | None = None
) -> Columns:
    """Learn the kind of each column: numeric if every value that is there is a number.

    Booleans are categorical; `forced` names kinds that are not learnt. A column without any value
    (any number, where it is forced to be numeric) is left out, with a remark.
    Raises InputError for values that are no plain ones, non-finite numbers, and no feature left.
    """
    learnt = Columns()
    for name in names:
        check_kind(name, rows[name], where)
        found = read_numbers(rows[name])
        kind = (forced or {}).get(name)
        lost = found.strange if kind == NUMERIC else np.zeros(len(rows), dtype=bool)
        missing = int((found.missing | lost).sum())
        if missing == len(rows):
            remark = f"column {name!r} is left out: no training row has a value in it"
            learnt.remarks.append(remark)
            continue
        if lost.any():
            learnt.remarks.append(_lost(rows[name], lost, "training"))
        learnt.kinds[name] = kind or _kind(rows[name], found, learnt.remarks)
        if learnt.kinds[name] == NUMERIC:
            check_finite(name, found.floats, where)
        if missing:
            learnt.missing[name] = missing
    if not learnt.kinds:
        remedy = "take a table with values, or shorten data.drop in params.yaml"
        raise InputError("no column has a value to learn from", where, remedy)
    return learnt


def _kind(column: pd.Series, found: Numbers, remarks: list[str]) -> str:
    if column.dtype == bool or column.dtype.name == "boolean":
        return CATEGORICAL
    strangers = int(found.strange.sum())
    if not strangers:
        return NUMERIC
    present = len(column) - int(found.missing.sum())
    if _have_commas(column[found.strange]):
        remarks.append(
            f"column {column.name!r} holds numbers with a decimal comma, such as "
            f"{_first(column, found.strange)!r}, which are learnt as categories; write them with a "
            "point"
        )
        return CATEGORICAL
    if strangers == present and _are_dates(column[found.strange]):
        remarks.append(
            f"column {column.name!r} holds dates, such as {_first(column, found.strange)!r}, which "
            "are learnt as categories; turn them into numbers (such as the year, the month), or "
            f"name {column.name!r} as data.time or in data.drop in params.yaml"
        )
    if strangers < _FEW * present:
        remarks.append(
            f"column {column.name!r} is categorical because {strangers} of its {present} values "
            f"in the training rows are no numbers, such as {_first(column, found.strange)!r}; "
            "correct them if it is meant to be numeric"
        )
    return CATEGORICAL


def _have_commas(column: pd.Series) -> bool:
    texts = pd.Series(column.unique()).astype(str).str.strip()
    return bool(texts.str.fullmatch(_DECIMAL_COMMA).all())


def _are_dates(column: pd.Series) -> bool:
    if not all(str(cell).strip()[:1].isdigit() for cell in column.head(_LOOKED_AT)):
        return False
    texts = pd.Series(column.unique()).astype(str).str.strip()
    return bool(pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce").notna().all())


def strange_cells(rows: pd.DataFrame, kinds: dict[str, str], side: str) -> list[str]:
    """Remark on text in numeric columns of rows that the kinds were not learnt from.

    `side` says which these are: the test rows, or the unlabelled ones.
    """
    remarks = []
    for name in (name for name, kind in kinds.items() if kind == NUMERIC):
        strange = read_numbers(rows[name]).strange
        if strange.any():
            remarks.append(_lost(rows[name], strange, side))
    return remarks


def _lost(column: pd.Series, strange: np.ndarray, side: str) -> str:
    values = counted(int(strange.sum()), "value")
    return (
        f"column {column.name!r} is numeric, and {values} in the {side} rows cannot be read so, "
        f"such as {_first(column, strange)!r}; that counts as missing"
    )


def _first(column: pd.Series, chosen: np.ndarray) -> str:
    return str(column.iloc[int(np.flatnonzero(chosen)[0])])
