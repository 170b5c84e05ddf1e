"""The target: the classes or the numbers to predict, and what makes it unfit for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.errors import InputError, counted, did_you_mean, listed
from pipeline.values import (
    check_finite,
    check_kind,
    is_missing,
    level_of,
    read_levels,
    read_numbers,
)

if TYPE_CHECKING:
    from pipeline.params.prepare import Data, Scalar

_TWO = 2
# More distinct fractions than this, and than half of the rows, are measurements and no classes.
_MOST_FRACTIONS = 20


def read_target(column: pd.Series, data: Data) -> np.ndarray:
    """Read the target: text for classification, 64-bit floats for regression.

    Raises InputError where values are missing, of the wrong kind, or all the same.
    """
    remedy = "turn it into numbers or text, or name another column as data.target in params.yaml"
    check_kind(data.target, column, data.path, remedy)
    missing = int(is_missing(column).sum())
    if missing:
        what = f"the target {data.target!r} lacks {counted(missing, 'value')}"
        raise InputError(what, data.path, "fill them in, or take these rows out of the table")
    target = _classes(column, data) if data.task == "classification" else _numbers(column, data)
    if len(np.unique(target)) < _TWO:
        what = f"the target {data.target!r} has one value only, {target.tolist()[0]!r}"
        raise InputError(what, data.path, "take a table with at least two, or another target")
    return target


def spell_booleans(column: pd.Series) -> dict[str, str]:
    """Give for the classes true and false how they stand in the table, as first seen."""
    texts = dict.fromkeys(str(cell).strip() for cell in column.unique())
    spelt = {text.lower(): text for text in reversed(texts)}
    return {name: text for name, text in spelt.items() if name in {"true", "false"} - {text}}


def choose_positive(classes: list[str], positive: Scalar | None, where: str) -> str | None:
    """Give the positive class: the one that is named, else the second of two in sorted order.

    None for more than two classes. Raises InputError where the one that is named cannot be.
    """
    if positive is None:
        return classes[1] if len(classes) == _TWO else None
    name = _class_of(positive, classes)
    if len(classes) != _TWO:
        what = f"data.positive is for two classes; the target has {len(classes)}"
        raise InputError(what, where, "set data.positive in params.yaml to null")
    if name not in classes:
        what = f"data.positive is {name!r}, which is no class{did_you_mean(name, classes)}"
        raise InputError(what, where, f"set it to one of {listed(classes)}, or to null")
    return name


def _class_of(positive: Scalar, classes: list[str]) -> str:
    """Give the class that is meant: YAML's 1.0 is the class 1, and also one that is written 1.0."""
    name = level_of(positive) or ""
    if name in classes or isinstance(positive, str):
        return name
    equal = read_numbers(pd.Series(classes)).floats == positive
    return next((one for one, is_it in zip(classes, equal, strict=True) if is_it), name)


def _classes(column: pd.Series, data: Data) -> np.ndarray:
    numbers = read_numbers(column)
    if not numbers.strange.any() and _looks_measured(numbers.floats):
        distinct = len(np.unique(numbers.floats))
        what = f"the target {data.target!r} has {distinct} distinct fractions for classes"
        raise InputError(what, data.path, "set data.task in params.yaml to regression")
    return read_levels(column)


def _looks_measured(values: np.ndarray) -> bool:
    distinct = np.unique(values)
    fractions = bool(np.any(distinct != np.round(distinct)))
    return fractions and len(distinct) > max(_MOST_FRACTIONS, len(values) / 2)


def _numbers(column: pd.Series, data: Data) -> np.ndarray:
    numbers = read_numbers(column)
    if numbers.strange.any():
        example = column.iloc[int(np.flatnonzero(numbers.strange)[0])]
        what = (
            f"{counted(int(numbers.strange.sum()), 'value')} of the target {data.target!r} cannot "
            f"be read as a number, such as {str(example)!r}"
        )
        remedy = "correct them, or set data.task in params.yaml to classification"
        raise InputError(what, data.path, remedy)
    remedy = "correct them, or take these rows out of the table"
    check_finite(data.target, numbers.floats, data.path, remedy)
    return numbers.floats
