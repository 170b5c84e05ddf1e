"""The models that can be chosen, and how they are fitted so that cores leave no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline

from pipeline.coded import CodedClasses
from pipeline.errors import InputError
from pipeline.learning import learn, untold
from pipeline.params.train import INSTALL_XGBOOST, MODELS_OF_TASK

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

    from pipeline.learning import Learnt
    from pipeline.params.train import Train


def build_estimator(params: Train, task: str, threads: int) -> Any:  # noqa: ANN401  # scikit-learn has no types
    """Build the chosen model, unfitted; `threads` are for a model that starts its own.

    Raises InputError for a model of the other task, or one that is not installed.
    """
    if params.model not in MODELS_OF_TASK[task]:
        models = " or ".join(MODELS_OF_TASK[task])
        what = f"{params.model} is not for {task}"
        raise InputError(what, "train.model", f"set it in params.yaml to {models}")
    if params.model == "xgboost":
        return _xgboost(params, task, threads)
    kinds: dict[str, dict[str, Callable[..., Any]]] = {
        "random_forest": {
            "classification": RandomForestClassifier,
            "regression": RandomForestRegressor,
        },
        "logistic_regression": {"classification": LogisticRegression},
        "linear_regression": {"regression": LinearRegression},
        "hist_gradient_boosting": {
            "classification": HistGradientBoostingClassifier,
            "regression": HistGradientBoostingRegressor,
        },
        "mlp": {"classification": MLPClassifier, "regression": MLPRegressor},
    }
    seeded = {} if params.model == "linear_regression" else {"random_state": params.seed}
    return kinds[params.model][task](**params.chosen.model_dump(), **seeded)


def fit_model(
    features: Pipeline,
    estimator: Any,  # noqa: ANN401  # scikit-learn has no types
    rows: pd.DataFrame,
    target: np.ndarray,
    *,
    cores: int,
    learnt: Learnt = untold,
) -> Pipeline:
    """Fit the estimator on rows that the fitted `features` encode; give both as one pipeline."""
    learn(estimator, features.transform(rows), target, cores, learnt)
    return Pipeline([*features.steps, ("model", estimator)])


def _xgboost(params: Train, task: str, threads: int) -> Any:  # noqa: ANN401
    try:
        import xgboost  # noqa: PLC0415  # an optional package
    except ImportError as error:
        what = "XGBoost is not installed"
        remedy = f"run `{INSTALL_XGBOOST}`, or choose another model in params.yaml"
        raise InputError(what, "train.model", remedy) from error
    kind = xgboost.XGBClassifier if task == "classification" else xgboost.XGBRegressor
    model = kind(**params.xgboost.model_dump(), random_state=params.seed, n_jobs=threads)
    return CodedClasses(model) if task == "classification" else model
