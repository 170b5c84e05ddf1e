"""The seeded split of the table in training and test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from pipeline.errors import InputError
from pipeline.order import Order

if TYPE_CHECKING:
    from pipeline.params.prepare import Prepare

TWO = 2  # R² of one row is not defined, and a class of one row is on one side only


def split_rows(
    target: np.ndarray, task: str, params: Prepare, where: str, order: Order | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Give the numbers of the training rows and of the test rows, each in the table's order.

    At random, stratified for classification; or as `order` asks: a group is on one side, or the
    latest rows are the test rows, and both sides are in the order of time. Of the training rows
    the share `train_size` is given: of a time the latest ones.
    Raises InputError where a side would lack a class, or rows.
    """
    order = order or Order()
    if task == "classification":
        _check_rarest(target, where)
    if order.groups is not None:
        train, test = _by_group(order.groups, params, where)
    elif order.moments is not None:
        train, test = _by_time(order.moments, params)
    else:
        train, test = _at_random(target, task, params, where)
    train = _part(train, target, task, params, where, latest=order.moments is not None)
    if min(len(train), len(test)) < TWO:
        why = f"leaves {len(train)} rows to train on and {len(test)} to test on"
        raise _too_small(why, params, where)
    if task == "classification":
        _check_sides(target, train, test, params, where)
    return train, test


def _at_random(
    target: np.ndarray, task: str, params: Prepare, where: str
) -> tuple[np.ndarray, np.ndarray]:
    stratify = target if task == "classification" else None
    test_rows = int(np.ceil(params.test_size * len(target)))
    least = max(TWO, 1 if stratify is None else len(np.unique(target)))
    if min(test_rows, len(target) - test_rows) < least:
        why = f"leaves {len(target) - test_rows} rows to train on and {test_rows} to test on"
        raise _too_small(why, params, where)
    rows = np.arange(len(target))
    train, test = train_test_split(
        rows, test_size=params.test_size, random_state=params.seed, stratify=stratify
    )
    return np.sort(train), np.sort(test)


def _by_group(groups: np.ndarray, params: Prepare, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the share of the groups to the test, not of the rows: groups may differ in size."""
    if len(np.unique(groups)) < TWO:
        what = f"all rows are of one group, {groups[0]!r}"
        raise InputError(what, where, "set data.group in params.yaml to another column, or to null")
    splitter = GroupShuffleSplit(1, test_size=params.test_size, random_state=params.seed)
    ((train, test),) = splitter.split(groups, groups=groups)
    return train, test


def _by_time(moments: np.ndarray, params: Prepare) -> tuple[np.ndarray, np.ndarray]:
    """Cut so that rows of one moment are on one side: the test's."""
    in_order = np.argsort(moments, kind="stable")
    first = len(moments) - int(np.ceil(params.test_size * len(moments)))
    cut = int(np.searchsorted(moments[in_order], moments[in_order[first]], side="left"))
    return in_order[:cut], in_order[cut:]


def _part(
    train: np.ndarray, target: np.ndarray, task: str, params: Prepare, where: str, *, latest: bool
) -> np.ndarray:
    """Give the share of the training rows that is asked for."""
    if params.train_size in {None, 1}:
        return train
    count = round(params.train_size * len(train))
    stratify = target[train] if task == "classification" else None
    least = max(TWO, 1 if stratify is None else len(np.unique(stratify)))
    if min(count, len(train) - count) < least:
        what = f"prepare.train_size {params.train_size} takes {count} of {len(train)} training rows"
        raise InputError(what, where, "set it in params.yaml to null, or to another share")
    if latest:
        return train[-count:]
    part, _ = train_test_split(train, train_size=count, random_state=params.seed, stratify=stratify)
    return np.sort(part)


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
