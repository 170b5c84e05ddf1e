"""What a model's predictions look like, as small tables: the rows of plots and of pictures.

Every table is there for both tasks, without rows where it does not apply: DVC's outputs are the
same whatever the parameters say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.predictions import Predictions
    from pipeline.schema import Schema

    Curve = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

_BINS = 10


@dataclass(frozen=True)
class Curves:
    """A table for each plot; a class is drawn against all others."""

    roc: pd.DataFrame
    precision_recall: pd.DataFrame
    calibration: pd.DataFrame
    confusion: pd.DataFrame
    residuals: pd.DataFrame


def draw_curves(
    actual: np.ndarray, predicted: Predictions, schema: Schema, most: int, seed: int
) -> Curves:
    """Give the tables of the test rows' predictions, each of `most` points of a class at most."""

    def by_class(curve: Curve, x: str, y: str) -> pd.DataFrame:
        tables = [
            pd.DataFrame({"class": name, x: points[0], y: points[1]})
            for name, is_class, probability in _classes(actual, predicted, schema)
            for points in [_thinned(curve(is_class, probability), most)]
        ]
        return _joined(tables, ["class", x, y])

    return Curves(
        roc=by_class(_roc, "false_positive_rate", "true_positive_rate"),
        precision_recall=by_class(_precision_recall, "recall", "precision"),
        calibration=by_class(_calibration, "predicted", "observed"),
        confusion=_confusion(actual, predicted, schema),
        residuals=_residuals(actual, predicted, most, seed),
    )


def _joined(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _classes(
    actual: np.ndarray, predicted: Predictions, schema: Schema
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Give the classes to draw: the positive one of two, or all; a class without rows has none."""
    if predicted.probabilities is None:
        return
    for number, name in enumerate(predicted.classes):
        is_class = actual == name
        if schema.positive in {None, name} and 0 < is_class.sum() < len(actual):
            yield name, is_class, predicted.probabilities[:, number]


def _roc(is_class: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    false_positive, true_positive, _ = metrics.roc_curve(is_class, probability)
    return false_positive, true_positive


def _precision_recall(
    is_class: np.ndarray, probability: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    precision, recall, _ = metrics.precision_recall_curve(
        is_class, probability, drop_intermediate=True
    )
    return recall[::-1], precision[::-1]


def _calibration(is_class: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean prediction and the share of the class in groups of as many rows each."""
    groups = np.array_split(np.argsort(probability, kind="stable"), min(_BINS, len(probability)))
    return (
        np.array([probability[group].mean() for group in groups]),
        np.array([is_class[group].mean() for group in groups]),
    )


def _thinned(points: tuple[np.ndarray, np.ndarray], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Leave `most` points of a curve, its two ends among them."""
    count = len(points[0])
    kept = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
    return points[0][kept], points[1][kept]


def _confusion(actual: np.ndarray, predicted: Predictions, schema: Schema) -> pd.DataFrame:
    columns = ["actual", "predicted", "rows"]
    if not schema.classes:
        return pd.DataFrame(columns=columns)
    counts = metrics.confusion_matrix(actual, predicted.decided, labels=schema.classes)
    rows = [
        (one, other, int(counts[i, j]))
        for i, one in enumerate(schema.classes)
        for j, other in enumerate(schema.classes)
    ]
    return pd.DataFrame(rows, columns=columns)


def _residuals(actual: np.ndarray, predicted: Predictions, most: int, seed: int) -> pd.DataFrame:
    if predicted.probabilities is not None:
        return pd.DataFrame(columns=["actual", "predicted", "residual"])
    rows = sample(len(actual), most, seed)
    one, other = actual[rows], predicted.decided[rows]
    return pd.DataFrame({"actual": one, "predicted": other, "residual": one - other})


def sample(count: int, most: int, seed: int) -> np.ndarray:
    """Give the numbers of at most `most` of `count` rows, in order, chosen by the seed."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
