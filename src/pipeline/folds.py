"""The seeded split of the training rows in folds."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from pipeline.errors import InputError
from pipeline.splits import TWO, rarest_class


def split_folds(
    target: np.ndarray, task: str, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give for each fold the numbers of the rows to fit on and of the rows to score on.

    Stratified for classification. Raises InputError where there are fewer rows, or fewer members
    of the smallest class, than folds.
    """
    stratified = task == "classification"
    name, count = rarest_class(target) if stratified else ("", len(target) // TWO)
    if count < folds:
        what = (
            f"{folds} folds, and the class {name!r} has {count} training rows"
            if stratified
            else f"{folds} folds of at least {TWO} rows, and there are {len(target)} training rows"
        )
        remedy = f"set train.folds in params.yaml to {max(count, TWO)} or less, or take more rows"
        raise InputError(what, "train.folds", remedy)
    splitter = (StratifiedKFold if stratified else KFold)(folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(target)), target))
