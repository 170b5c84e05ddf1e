"""The seeded split of the training rows in folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from pipeline.errors import InputError
from pipeline.splits import TWO, rarest_class

if TYPE_CHECKING:
    from pipeline.prepared import Rows


def split_folds(rows: Rows, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give for each fold the numbers of the rows to fit on and of the rows to score on.

    Stratified for classification; a group is in one fold; of rows in the order of time each fold is
    scored on what comes after the rows that it is fitted on.
    Raises InputError where there are fewer rows, groups, or members of the smallest class, than
    folds, or where a fold would lack a class.
    """
    target, groups, stratified = rows.target, rows.groups, bool(rows.schema.classes)
    _check_count(target, groups, folds, stratified=stratified)
    if rows.schema.time is not None:
        splitter = TimeSeriesSplit(folds)
    elif groups is not None:
        kind = StratifiedGroupKFold if stratified else GroupKFold
        splitter = kind(folds, shuffle=True, random_state=seed)
    else:
        kind = StratifiedKFold if stratified else KFold
        splitter = kind(folds, shuffle=True, random_state=seed)
    split = list(splitter.split(np.zeros(len(target)), target, groups))
    if stratified:
        _check_classes(target, split)
    return split


def _check_count(
    target: np.ndarray, groups: np.ndarray | None, folds: int, *, stratified: bool
) -> None:
    name, count = rarest_class(target) if stratified else ("", len(target) // TWO)
    whose = f"the class {name!r} has {count} training rows"
    if not stratified:
        whose = f"there are {len(target)} training rows, where each fold needs {TWO}"
    if groups is not None and (known := len(np.unique(groups))) < count:
        count, whose = known, f"the training rows are of {known} groups"
    if count < folds:
        remedy = f"set train.folds in params.yaml to {max(count, TWO)} or less, or take more rows"
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
