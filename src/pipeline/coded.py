"""Classes by name for a classifier that knows only the numbers 0, 1, 2, ..., as XGBoost does."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class CodedClasses(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that learns and predicts names, by one that learns their numbers.

    `estimator` is fitted in place: what it reports while it learns would be lost with a copy.
    """

    def __init__(self, estimator: Any) -> None:  # noqa: ANN401  # the same
        """Keep the classifier, unchanged, as scikit-learn's `clone` asks for."""
        self.estimator = estimator

    def fit(self, rows: np.ndarray, target: np.ndarray, **options: Any) -> CodedClasses:  # noqa: ANN401
        """Fit the classifier on the numbers of the classes; `options` are for its own `fit`."""
        self.classes_, codes = np.unique(target, return_inverse=True)
        self.estimator.fit(rows, codes, **options)
        return self

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        """Give the probabilities, rows by classes; those of 32 bits do not quite add up to 1."""
        shares = np.asarray(self.estimator.predict_proba(rows), dtype=float)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Give the name of the most probable class of each row."""
        return np.asarray(self.classes_[self.predict_proba(rows).argmax(axis=1)])

    @property
    def feature_importances_(self) -> np.ndarray:
        """The classifier's own."""
        return np.asarray(self.estimator.feature_importances_)
