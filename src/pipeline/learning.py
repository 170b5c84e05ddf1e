"""Fitting: what each kind of model needs to leave no trace of cores, and to tell of its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor

from pipeline.coded import CodedClasses
from pipeline.predictions import diverged

if TYPE_CHECKING:
    from collections.abc import Callable

    Learnt = Callable[[int, float], None]
    """Told of each iteration: its number, and the loss on the rows that are learnt from."""

FORESTS = (RandomForestClassifier, RandomForestRegressor)
BOOSTED = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
NETWORKS = (MLPClassifier, MLPRegressor)


def untold(_iteration: int, _loss: float) -> None:
    """Hear of an iteration, and do nothing about it."""


def learn(
    estimator: Any,  # noqa: ANN401  # scikit-learn has no types
    features: np.ndarray,
    target: np.ndarray,
    cores: int,
    learnt: Learnt = untold,
) -> None:
    """Fit the estimator in place; `cores` are used where they cannot change a sum."""
    if isinstance(estimator, FORESTS):
        _learn_forest(estimator, features, target, cores)
    elif isinstance(estimator, BOOSTED):
        _learn_boosted(estimator, features, target, learnt)
    elif isinstance(estimator, NETWORKS):
        _learn_network(estimator, features, target, learnt)
    elif _is_xgboost(estimator):
        _learn_xgboost(estimator, features, target, learnt)
    else:
        estimator.fit(features, target)


def _learn_forest(estimator: Any, features: np.ndarray, target: np.ndarray, cores: int) -> None:  # noqa: ANN401
    """Grow trees on many cores: each has its own seed.

    A forest must not predict on many, because its trees' votes would be added up in another order,
    so the count is taken away.
    """
    estimator.set_params(n_jobs=cores).fit(features, target)
    estimator.set_params(n_jobs=None)


def _learn_boosted(
    estimator: Any,  # noqa: ANN401
    features: np.ndarray,
    target: np.ndarray,
    learnt: Learnt,
) -> None:
    """Fit, tell of the losses afterwards, and take away the count of threads.

    The loss of an iteration is kept only where fitting may stop early: it may, by the loss on all
    rows, after more iterations without a gain than there are. See docs/decisions/0013.
    """
    estimator.set_params(
        early_stopping=True,
        scoring="loss",
        validation_fraction=None,
        n_iter_no_change=estimator.max_iter,
    )
    estimator.fit(features, target)
    estimator._bin_mapper.n_threads = 1  # noqa: SLF001  # min(OpenMP's limit, cores) else
    for iteration, gain in enumerate(estimator.train_score_[1:], start=1):
        learnt(iteration, -float(gain))


def _learn_network(
    estimator: Any,  # noqa: ANN401
    features: np.ndarray,
    target: np.ndarray,
    learnt: Learnt,
) -> None:
    """Fit an epoch at a time, until the loss has not fallen for long.

    When to stop is decided by the rule of its `fit`, which tells of no epoch before the last one.
    From the second epoch on the losses are not those of `fit`: an epoch of its own shuffles the
    rows by the seed anew.

    Numbers are learnt with mean 0 and deviation 1, and the last layer, which is linear, is scaled
    back: a network hardly learns to predict hundreds of thousands.
    """
    classes = is_classifier(estimator)
    options = {"classes": np.unique(target)} if classes else {}
    mean, deviation = (0.0, 1.0) if classes else (target.mean(), target.std() or 1.0)
    wanted = target if classes else (target - mean) / deviation
    best, waited = np.inf, 0
    for iteration in range(1, estimator.max_iter + 1):
        try:
            with np.errstate(all="ignore"):  # what comes of it is said below
                estimator.partial_fit(features, wanted, **options)
        except ValueError as error:  # features and target are finite: the weights were not
            raise diverged() from error
        learnt(iteration, float(estimator.loss_))
        waited = waited + 1 if estimator.loss_ > best - estimator.tol else 0
        best = min(best, estimator.loss_)
        if waited > estimator.n_iter_no_change:
            break
    if not classes:
        estimator.coefs_[-1] *= deviation
        estimator.intercepts_[-1] = estimator.intercepts_[-1] * deviation + mean


def _is_xgboost(estimator: object) -> bool:
    inner = estimator.estimator if isinstance(estimator, CodedClasses) else estimator
    return type(inner).__module__.startswith("xgboost.")


def _learn_xgboost(
    estimator: Any,  # noqa: ANN401
    features: np.ndarray,
    target: np.ndarray,
    learnt: Learnt,
) -> None:
    from xgboost.callback import TrainingCallback  # noqa: PLC0415  # an optional package

    class Watching(TrainingCallback):  # type: ignore[misc]  # no types where it is not installed
        def after_iteration(self, model: object, epoch: int, evals_log: Any) -> bool:  # noqa: ANN401, ARG002
            ((losses,),) = (metrics.values() for metrics in evals_log.values())
            learnt(epoch + 1, float(losses[-1]))
            return False

    inner = estimator.estimator if isinstance(estimator, CodedClasses) else estimator
    inner.set_params(callbacks=[Watching()])
    codes = np.unique(target, return_inverse=True)[1] if inner is not estimator else target
    estimator.fit(features, target, eval_set=[(features, codes)], verbose=False)
    inner.set_params(callbacks=None)
