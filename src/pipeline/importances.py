"""What each column is worth to a fitted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.curves import sample
from pipeline.features import names_of
from pipeline.predictions import ROWS_AT_ONCE, predict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sklearn.pipeline import Pipeline

    from pipeline.params.evaluate import Evaluate
    from pipeline.predictions import Predictions
    from pipeline.prepared import Rows


def permutation_importances(model: Pipeline, rows: Rows, params: Evaluate) -> pd.DataFrame:
    """Give for each column how much worse the model is when its values are shuffled.

    Worse by the share of the target's variance that is left unexplained: so much does R² fall for
    numbers, and the Brier skill score for classes. `importance` is the mean over the shuffles,
    `deviation` their standard deviation. Without rows where no shuffle is asked for.
    """
    chosen = sample(len(rows.frame), params.importance_rows, params.seed)
    table, target = rows.features.iloc[chosen], rows.target[chosen]
    used = list(model[0].kinds)
    before = _unexplained(target, predict(model, table))
    shuffles = [(name, n) for name in used for n in range(params.importance_repeats)]
    losses = list(_losses(model, table, target, shuffles, params.seed))
    by_column = np.array(losses).reshape(len(used), params.importance_repeats) - before
    if not losses:
        return pd.DataFrame(columns=["column", "importance", "deviation"])
    found = pd.DataFrame(
        {"column": used, "importance": by_column.mean(axis=1), "deviation": by_column.std(axis=1)}
    )
    return _largest_first(found, found["importance"])


def native_importances(model: Pipeline) -> pd.DataFrame:
    """Give what the model itself says of each feature; without rows where it says nothing.

    That is a forest's or a booster's importance, or a linear model's coefficient: of more than two
    classes the mean size of those of each.
    """
    estimator = model[-1]
    if hasattr(estimator, "feature_importances_"):
        values = estimator.feature_importances_
    elif hasattr(estimator, "coef_"):
        coefficients = np.atleast_2d(estimator.coef_)
        values = coefficients[0] if len(coefficients) == 1 else np.abs(coefficients).mean(axis=0)
    else:
        return pd.DataFrame(columns=["feature", "importance"])
    found = pd.DataFrame(
        {"feature": names_of(model[:-1]), "importance": np.asarray(values, dtype=float)}
    )
    return _largest_first(found, found["importance"].abs())


def _largest_first(found: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    order = (-by).argsort(kind="stable")
    return found.iloc[order].reset_index(drop=True)


def _losses(
    model: Pipeline,
    table: pd.DataFrame,
    target: np.ndarray,
    shuffles: list[tuple[str, int]],
    seed: int,
) -> Iterator[float]:
    random = np.random.default_rng(seed)
    at_once = max(1, ROWS_AT_ONCE // len(table))  # a call costs more than a few rows do
    for start in range(0, len(shuffles), at_once):
        names = [name for name, _ in shuffles[start : start + at_once]]
        parts = [slice(n * len(table), (n + 1) * len(table)) for n in range(len(names))]
        tables = pd.concat([table] * len(names), ignore_index=True)
        for name, part in zip(names, parts, strict=True):
            shuffled = table[name].to_numpy()[random.permutation(len(table))]
            tables.iloc[part, tables.columns.tolist().index(name)] = shuffled
        predicted = predict(model, tables)
        for part in parts:
            yield _unexplained(target, predicted.part(part))


def _unexplained(target: np.ndarray, predicted: Predictions) -> float:
    """Give the squared error as a share of that of the target's mean."""
    if predicted.probabilities is None:
        wanted, given = target.reshape(-1, 1), predicted.decided.reshape(-1, 1)
    else:
        wanted = (target.reshape(-1, 1) == np.array(predicted.classes, dtype=object)).astype(float)
        given = predicted.probabilities
    spread = float(((wanted - wanted.mean(axis=0)) ** 2).sum())
    return float(((wanted - given) ** 2).sum()) / (spread or 1.0)
