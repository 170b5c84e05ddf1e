"""The models that can be chosen, and how they are fitted so that cores leave no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from pipeline.errors import InputError
from pipeline.params.train import MODELS_OF_TASK

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

    from pipeline.params.train import Train

# What skops does not trust by itself in our fitted pipelines. Reviewed: the cleaning of rows, which
# is in this repository, and the tree as scikit-learn's own C code has it.
TRUSTED_TYPES = ("numpy.dtype", "pipeline.features.Cleaner", "sklearn.tree._tree.Tree")


def build_estimator(params: Train, task: str) -> Any:  # noqa: ANN401  # scikit-learn has no types
    """Build the chosen model, unfitted. Raises InputError for a model of the other task."""
    if params.model not in MODELS_OF_TASK[task]:
        models = " or ".join(MODELS_OF_TASK[task])
        what = f"{params.model} is not for {task}"
        raise InputError(what, "train.model", f"set it in params.yaml to {models}")
    builders: dict[str, Callable[[Train, str], Any]] = {
        "random_forest": _random_forest,
        "logistic_regression": _logistic_regression,
        "linear_regression": _linear_regression,
    }
    return builders[params.model](params, task)


def fit_model(
    features: Pipeline,
    estimator: Any,  # noqa: ANN401  # scikit-learn has no types
    rows: pd.DataFrame,
    target: np.ndarray,
    cores: int,
) -> Pipeline:
    """Fit the estimator on rows that the fitted `features` encode; give both as one pipeline.

    A forest may grow its trees on many cores: each tree has its own seed. It must not predict on
    many, because its trees' votes would be added up in another order, so the count is taken away.
    """
    forest = hasattr(estimator, "n_estimators")
    if forest:
        estimator.set_params(n_jobs=cores)
    estimator.fit(features.transform(rows), target)
    if forest:
        estimator.set_params(n_jobs=None)
    return Pipeline([*features.steps, ("model", estimator)])


def _random_forest(params: Train, task: str) -> Any:  # noqa: ANN401
    kind = RandomForestClassifier if task == "classification" else RandomForestRegressor
    return kind(**params.random_forest.model_dump(), random_state=params.seed)


def _logistic_regression(params: Train, task: str) -> Any:  # noqa: ANN401, ARG001
    return LogisticRegression(**params.logistic_regression.model_dump(), random_state=params.seed)


def _linear_regression(params: Train, task: str) -> Any:  # noqa: ANN401, ARG001
    return LinearRegression(**params.linear_regression.model_dump())
