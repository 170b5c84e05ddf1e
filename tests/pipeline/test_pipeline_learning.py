"""How each kind of model learns: its loss by iteration, and no trace of cores or threads."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from pipeline_projects import change
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline

from pipeline.coded import CodedClasses
from pipeline.errors import InputError
from pipeline.estimators import build_estimator
from pipeline.learning import learn
from pipeline.losses import losses
from pipeline.params.section import ParamsError
from pipeline.params.whole import check_params
from pipeline.predictions import predict
from pipeline.threads import threads_limited

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.params.whole import Params

ITERATIVE = ("hist_gradient_boosting", "mlp", "xgboost")
RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(300, 5))
NUMBERS = 50_000 + 9_000 * FEATURES[:, 0] + RANDOM.normal(size=300)
CLASSES = np.where(FEATURES[:, 0] + RANDOM.normal(size=300) / 3 > 0, "yes", "no").astype(object)
TARGETS = {"classification": CLASSES, "regression": NUMBERS}


@pytest.fixture
def learning(params: Callable[..., Params]) -> Callable[..., tuple[Any, list[tuple[int, float]]]]:
    """Give a function that fits a model: the fitted model, and what was told of its iterations."""

    def fit(model: str, task: str, cores: int = 1, **changes: Any) -> Any:
        train = params(train__model=model, **changes).train
        estimator = build_estimator(train, task, 1)
        told: list[tuple[int, float]] = []
        learn(estimator, FEATURES, TARGETS[task], cores, lambda *one: told.append(one))
        return estimator, told

    return fit


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("model", ITERATIVE)
def test_a_model_that_learns_in_iterations_tells_of_a_loss_that_falls(
    learning: Callable[..., Any], model: str, task: str
) -> None:
    _, told = learning(model, task)
    assert [iteration for iteration, _ in told] == list(range(1, len(told) + 1))
    assert len(told) >= 10
    assert told[-1][1] < told[0][1] / 1.2


def test_the_last_loss_of_boosting_is_that_of_the_fitted_model(
    learning: Callable[..., Any],
) -> None:
    for model in ("hist_gradient_boosting", "xgboost"):
        fitted, told = learning(model, "classification")
        expected = log_loss(CLASSES, fitted.predict_proba(FEATURES))
        assert told[-1][1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("model", ["random_forest", "logistic_regression"])
def test_other_models_tell_of_none(learning: Callable[..., Any], model: str) -> None:
    assert learning(model, "classification")[1] == []


def test_a_network_stops_when_its_loss_has_not_fallen_for_long(
    learning: Callable[..., Any],
) -> None:
    fast = {"train__mlp__learning_rate_init": 0.3, "train__mlp__max_iter": 200}
    _, told = learning("mlp", "classification", train__mlp__n_iter_no_change=3, **fast)
    losses = [loss for _, loss in told]
    falls = [loss < min(losses[:i], default=9) - 1e-4 for i, loss in enumerate(losses)]
    assert len(losses) < 200
    assert falls[-4:] == [False] * 4
    assert all(any(falls[i : i + 4]) for i in range(len(falls) - 4))


def test_a_network_predicts_large_numbers(learning: Callable[..., Any]) -> None:
    fitted, _ = learning("mlp", "regression")
    assert fitted.score(FEATURES, NUMBERS) > 0.8


def test_a_network_learns_a_target_that_is_the_same_in_all_rows(
    params: Callable[..., Params],
) -> None:
    network = build_estimator(params(train__model="mlp").train, "regression", 1)
    learn(network, FEATURES, np.full(300, 7.0), 1, lambda _iteration, _loss: None)
    assert network.predict(FEATURES).mean() == pytest.approx(7, abs=0.5)


@pytest.mark.parametrize(
    ("model", "rate"), [("xgboost", {"learning_rate": 5.0}), ("mlp", {"learning_rate_init": 1e300})]
)
def test_a_model_that_diverges_is_one_message(
    params: Callable[..., Params], model: str, rate: dict[str, float]
) -> None:
    changes = {f"train__{model}__{key}": value for key, value in rate.items()}
    many = {"train__xgboost__n_estimators": 150, "train__mlp__max_iter": 200}
    train = params(train__model=model, **many, **changes).train
    estimator = build_estimator(train, "regression", 1)

    def fit_and_predict() -> None:
        learn(estimator, FEATURES, NUMBERS, 1, lambda _iteration, _loss: None)
        predict(estimator, pd.DataFrame(FEATURES))

    with pytest.raises(InputError, match="the model diverged"):
        fit_and_predict()


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("model", ["random_forest", *ITERATIVE])
def test_a_fitted_model_holds_no_trace_of_cores_or_threads(
    learning: Callable[..., Any], model: str, task: str
) -> None:
    hashes = set()
    for count in (1, 2):
        with threads_limited(count):
            hashes.add(joblib.hash(learning(model, task, cores=count)[0]))
    assert len(hashes) == 1


def test_coded_classes_learn_and_predict_names(learning: Callable[..., Any]) -> None:
    fitted, _ = learning("xgboost", "classification")
    assert isinstance(fitted, CodedClasses)
    assert (fitted.predict(FEATURES) == CLASSES).mean() > 0.8
    assert np.allclose(fitted.predict_proba(FEATURES).sum(axis=1), 1, atol=1e-15)
    assert fitted.feature_importances_.argmax() == 0
    assert not hasattr(clone(fitted), "classes_")


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("model", [*ITERATIVE, "random_forest"])
def test_a_fitted_model_remembers_the_losses_that_it_told_of(
    learning: Callable[..., Any], model: str, task: str
) -> None:
    fitted, told = learning(model, task)
    table = losses(Pipeline([("model", fitted)]))
    assert list(table.columns) == ["iteration", "loss"]
    assert list(table.itertuples(index=False, name=None)) == told


def test_xgboost_that_is_not_installed_is_one_message_before_anything_runs(
    tmp_path: Path,
    document: dict[str, Any],
    params: Callable[..., Params],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = params(train__model="xgboost").train
    (tmp_path / "params.yaml").write_text(
        yaml.safe_dump(change(document, {"train.model": "xgboost"})), encoding="utf-8"
    )
    assert check_params(tmp_path / "params.yaml").train.model == "xgboost"
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "xgboost", raising=False)
    sys.path_importer_cache.clear()
    with pytest.raises(ParamsError) as raised:
        check_params(tmp_path / "params.yaml")
    (problem,) = raised.value.problems
    said = "train.model: XGBoost is not installed; run `uv pip install xgboost`"
    assert str(problem) == said
    with pytest.raises(InputError, match="XGBoost is not installed"):
        build_estimator(chosen, "classification", 1)
