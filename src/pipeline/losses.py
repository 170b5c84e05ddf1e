"""The loss of each iteration, as a fitted model remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.coded import CodedClasses

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def losses(model: Pipeline) -> pd.DataFrame:
    """Give a table of iteration and loss on the training rows; without rows where there is none."""
    values = _remembered(model[-1])
    return pd.DataFrame({"iteration": np.arange(1, len(values) + 1), "loss": values})


def _remembered(estimator: Any) -> np.ndarray:  # noqa: ANN401  # scikit-learn has no types
    inner = estimator.estimator if isinstance(estimator, CodedClasses) else estimator
    if hasattr(inner, "train_score_"):
        return np.asarray(-inner.train_score_[1:])  # the first is before any tree
    if hasattr(inner, "loss_curve_"):
        return np.asarray(inner.loss_curve_, dtype=float)
    if hasattr(inner, "evals_result"):
        ((found,),) = (metrics.values() for metrics in inner.evals_result().values())
        return np.asarray(found, dtype=float)
    return np.array([], dtype=float)
