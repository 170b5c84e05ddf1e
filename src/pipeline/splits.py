"""The seeded split of the table in training and test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import train_test_split

from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.params.prepare import Prepare

TWO = 2  # R² of one row is not defined, and a class of one row is on one side only


def split_rows(
    target: np.ndarray, task: str, params: Prepare, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Give the numbers of the training rows and of the test rows, each in the table's order.

    Stratified for classification. Raises InputError where a side would lack a class, or rows.
    """
    stratify = target if task == "classification" else None
    if stratify is not None:
        _check_rarest(target, where)
    test_rows = int(np.ceil(params.test_size * len(target)))
    least = max(TWO, 1 if stratify is None else len(np.unique(target)))
    if min(test_rows, len(target) - test_rows) < least:
        why = f"leaves {len(target) - test_rows} rows to train on and {test_rows} to test on"
        raise _too_small(why, params, where)
    rows = np.arange(len(target))
    train, test = train_test_split(
        rows, test_size=params.test_size, random_state=params.seed, stratify=stratify
    )
    if stratify is not None:
        _check_sides(target, train, test, params, where)
    return np.sort(train), np.sort(test)


def rarest_class(target: np.ndarray) -> tuple[str, int]:
    """Give the class with the fewest rows, and their number."""
    classes, counts = np.unique(target, return_counts=True)
    return str(classes[counts.argmin()]), int(counts.min())


def _check_rarest(target: np.ndarray, where: str) -> None:
    name, count = rarest_class(target)
    if count < TWO:
        what = f"the class {name!r} of the target has one row; it cannot be learnt and tested"
        raise InputError(what, where, "take more rows of it, or take it out of the table")


def _check_sides(
    target: np.ndarray, train: np.ndarray, test: np.ndarray, params: Prepare, where: str
) -> None:
    for side, rows in (("training", train), ("test", test)):
        lacking = sorted(set(target.tolist()) - set(target[rows].tolist()))
        if lacking:
            raise _too_small(f"leaves no {side} row of the class {lacking[0]!r}", params, where)


def _too_small(why: str, params: Prepare, where: str) -> InputError:
    what = f"prepare.test_size {params.test_size} {why}, which is too few"
    remedy = "choose another prepare.test_size in params.yaml, or take more rows"
    return InputError(what, where, remedy)
