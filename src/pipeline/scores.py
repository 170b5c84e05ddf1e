"""Scores, by scikit-learn's names.

Classification: `precision_weighted`, `recall_weighted` and `f1_weighted` weigh each class by its
rows; a class that is never predicted has precision 0. `roc_auc` for more than two classes is one
against the rest, weighted likewise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn import metrics

from pipeline.metric_names import CLASSIFICATION, REGRESSION

if TYPE_CHECKING:
    from pipeline.predictions import Predictions

# The one CV score that a summary shows and that variants are compared by.
PRIMARY = {"classification": "accuracy", "regression": "r2"}

_TWO = 2


def score(actual: np.ndarray, predicted: Predictions) -> dict[str, float]:
    """Score predictions against the actual values, by the metrics of the task."""
    if predicted.probabilities is None:
        return _score_numbers(actual, predicted.decided)
    return _score_classes(actual, predicted.decided, predicted.probabilities, predicted.classes)


def summarise(folds: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Give for each metric mean, standard deviation (of the folds as they are, ddof 0), folds."""
    return {
        metric: {
            "mean": float(np.mean([fold[metric] for fold in folds])),
            "std": float(np.std([fold[metric] for fold in folds])),
            **{f"fold_{number}": fold[metric] for number, fold in enumerate(folds)},
        }
        for metric in folds[0]
    }


def gaps(train: dict[str, float], test: dict[str, float]) -> dict[str, float]:
    """Give for each metric its value on the training rows minus that on the test rows."""
    return {metric: train[metric] - test[metric] for metric in test}


def _score_classes(
    actual: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray, classes: list[str]
) -> dict[str, float]:
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        actual, predicted, labels=classes, average="weighted", zero_division=0
    )
    values = (
        metrics.accuracy_score(actual, predicted),
        precision,
        recall,
        f1,
        _roc_auc(actual, probabilities, classes),
        metrics.log_loss(actual, probabilities, labels=classes),
    )
    return {name: float(value) for name, value in zip(CLASSIFICATION, values, strict=True)}


def _roc_auc(actual: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> float:
    if len(classes) == _TWO:
        return float(metrics.roc_auc_score(actual == classes[1], probabilities[:, 1]))
    return float(
        metrics.roc_auc_score(
            actual, probabilities, multi_class="ovr", average="weighted", labels=classes
        )
    )


def _score_numbers(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    values = (
        metrics.mean_squared_error(actual, predicted),
        metrics.root_mean_squared_error(actual, predicted),
        metrics.mean_absolute_error(actual, predicted),
        metrics.r2_score(actual, predicted),
    )
    return {name: float(value) for name, value in zip(REGRESSION, values, strict=True)}
