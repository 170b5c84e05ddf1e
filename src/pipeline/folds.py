"""The seeded split of the training rows in folds."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from pipeline.errors import InputError, counted
from pipeline.order import read_moments
from pipeline.splits import TWO, rarest_class

if TYPE_CHECKING:
    from pipeline.prepared import Rows


def split_folds(rows: Rows, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give for each fold the numbers of the rows to fit on and of the rows to score on.

    Stratified for classification; a group is in one fold; of rows in the order of time each fold is
    scored on what comes after the moments that it is fitted on.
    Raises InputError where there are fewer rows, groups, or members of the smallest class, than
    folds, or where a fold would lack a class, or rows.
    """
    target, groups, stratified = rows.target, rows.groups, bool(rows.schema.classes)
    _check_count(target, groups, folds, stratified=stratified)
    if rows.schema.time is not None:
        split = _by_time(read_moments(rows.frame[rows.schema.time], rows.schema.time), folds)
    else:
        if groups is not None:
            kind = StratifiedGroupKFold if stratified else GroupKFold
        else:
            kind = StratifiedKFold if stratified else KFold
        splitter = kind(folds, shuffle=True, random_state=seed)
        split = list(splitter.split(np.zeros(len(target)), target, groups))
    if stratified:
        _check_classes(target, split)
    return split


def _by_time(moments: np.ndarray, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut into parts of as many rows each, and move each cut to the start of its moment."""
    count, size = len(moments), len(moments) // (folds + 1)
    starts = moments[[count - part * size for part in range(folds, 0, -1)]]
    cuts = [*np.searchsorted(moments, starts, side="left").tolist(), count]
    split = [(np.arange(first), np.arange(first, end)) for first, end in pairwise(cuts)]
    for number, (fit, scored) in enumerate(split, start=1):
        if min(len(fit), len(scored)) < TWO:
            rows = f"{counted(len(fit), 'row')} and scored on {len(scored)}"
            what = f"fold {number} is fitted on {rows}; rows of one moment stay together"
            remedy = "set train.folds in params.yaml to less, or take more rows"
            raise InputError(what, "train.folds", remedy)
    return split


def _check_count(
    target: np.ndarray, groups: np.ndarray | None, folds: int, *, stratified: bool
) -> None:
    name, count = rarest_class(target) if stratified else ("", len(target) // TWO)
    whose = f"the class {name!r} has {counted(count, 'training row')}"
    if not stratified:
        whose = f"there are {len(target)} training rows, where each fold needs {TWO}"
    if groups is not None and (known := len(np.unique(groups))) < count:
        count, whose = known, f"the training rows are of {counted(known, 'group')}"
    if count < folds:
        fewer = f"set train.folds in params.yaml to {count} or less, or take more rows"
        remedy = fewer if count >= TWO else "take more rows, or split the table otherwise"
        raise InputError(f"{folds} folds, and {whose}", "train.folds", remedy)


def _check_classes(target: np.ndarray, split: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Refuse folds by group or time that lack a class: there is nothing to be learnt, or scored."""
    classes = set(target.tolist())
    for number, sides in enumerate(split, start=1):
        for side, verb in zip(sides, ("fitted", "scored"), strict=True):
            if lacking := sorted(classes - set(target[side].tolist())):
                what = f"fold {number} is {verb} on rows without the class {lacking[0]!r}"
                remedy = "set train.folds in params.yaml to less, or split the table otherwise"
                raise InputError(what, "train.folds", remedy)
