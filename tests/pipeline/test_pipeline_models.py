"""The whole pipeline in memory: tables of each kind, with each model that fits the task."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from pipeline_projects import ROOT, change
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_info

from pipeline import validation
from pipeline.cleaning import clean_rows
from pipeline.errors import InputError
from pipeline.estimators import build_estimator, fit_model
from pipeline.features import build_features
from pipeline.fitted import read_fitted, write_fitted
from pipeline.folds import split_folds
from pipeline.params.prepare import PrepareParams
from pipeline.params.section import parse_params
from pipeline.params.whole import Params
from pipeline.portable import TRUSTED_TYPES
from pipeline.predictions import Predictions, predict, tabulate
from pipeline.preparation import prepare
from pipeline.scores import CLASSIFICATION, PRIMARY, REGRESSION, gaps, score, summarise
from pipeline.tables import read_table
from pipeline.threads import threads_limited
from pipeline.threshold import apply_threshold, with_threshold
from pipeline.validation import cross_validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sklearn.pipeline import Pipeline

    from pipeline.prepared import Rows

CASES = [
    ("sample", "classification", "random_forest", 0.9),
    ("sample", "classification", "logistic_regression", 0.9),
    ("wine", "classification", "random_forest", 0.9),
    ("wine_named", "classification", "logistic_regression", 0.9),
    ("mixed", "classification", "random_forest", 0.75),
    ("mixed", "classification", "logistic_regression", 0.75),
    ("mixed", "classification", "hist_gradient_boosting", 0.75),
    ("wine_named", "classification", "hist_gradient_boosting", 0.9),
    ("mixed", "classification", "mlp", 0.75),
    ("wine_named", "classification", "mlp", 0.9),
    ("mixed", "classification", "xgboost", 0.75),
    ("wine_named", "classification", "xgboost", 0.9),
    ("diabetes", "regression", "random_forest", 0.2),
    ("diabetes", "regression", "linear_regression", 0.3),
    ("diabetes", "regression", "hist_gradient_boosting", 0.2),
    ("diabetes", "regression", "mlp", 0.3),
    ("diabetes", "regression", "xgboost", 0.2),
]
IDS = [f"{table}-{model}" for table, _, model, _ in CASES]


def _prepare(table: pd.DataFrame, params: Params) -> tuple[Rows, Rows]:
    done = prepare(table, PrepareParams(data=params.data, prepare=params.prepare))
    return done.train, done.test


def _fit(rows: Rows, params: Params) -> Pipeline:
    features = build_features(rows.schema, params.featurize).fit(rows.features)
    estimator = build_estimator(params.train, rows.schema.task, 1)
    return fit_model(features, estimator, rows.features, rows.target, cores=2)


@pytest.fixture
def case(
    request: pytest.FixtureRequest, tables: dict[str, pd.DataFrame], params: Callable[..., Params]
) -> tuple[pd.DataFrame, Params, float]:
    table, task, model, least = request.param
    extra = {"data__id": "key", "data__drop": ["unused"]} if table == "mixed" else {}
    given = params(data__target="answer", data__task=task, train__model=model, **extra)
    return tables[table], given, least


@pytest.mark.parametrize("case", CASES, ids=IDS, indirect=True)
def test_a_saved_model_predicts_raw_rows_as_the_table_of_predictions_says(
    case: tuple[pd.DataFrame, Params, float], tmp_path: Path
) -> None:
    table, params, _ = case
    train, test = _prepare(table, params)
    write_fitted(tmp_path / "model.joblib", _fit(train, params))
    model = joblib.load(tmp_path / "model.joblib")
    written = tabulate(test, predict(model, test.features))
    raw = table.iloc[written["row"]]
    assert model.predict(raw).tolist() == written["predicted"].tolist()
    read_by_pandas = pd.read_csv(io.StringIO(raw.to_csv(index=False)))
    assert model.predict(read_by_pandas).tolist() == written["predicted"].tolist()
    assert [str(value) for value in written["actual"]] == [
        str(float(value)) if params.data.task == "regression" else value for value in raw["answer"]
    ]


@pytest.mark.parametrize("case", CASES, ids=IDS, indirect=True)
def test_rows_are_predicted_a_part_at_a_time_as_they_are_together(
    case: tuple[pd.DataFrame, Params, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    table, params, _ = case
    train, _ = _prepare(table, params)
    model = _fit(train, params)
    whole = predict(model, train.features)
    parts: list[int] = []

    def watched(rows: pd.DataFrame, *given: Any) -> pd.DataFrame:
        parts.append(len(rows))
        return clean_rows(rows, *given)

    monkeypatch.setattr("pipeline.features.clean_rows", watched)
    monkeypatch.setattr("pipeline.predictions.ROWS_AT_ONCE", 64)
    found = predict(model, train.features)
    assert (max(parts), sum(parts)) == (64, len(train.frame))
    assert np.array_equal(found.decided, whole.decided)
    if whole.probabilities is not None:
        assert np.array_equal(found.probabilities, whole.probabilities)


@pytest.mark.parametrize("case", CASES, ids=IDS, indirect=True)
def test_scores_have_the_names_of_the_contract_and_make_sense(
    case: tuple[pd.DataFrame, Params, float],
) -> None:
    table, params, least = case
    rows, _ = _prepare(table, params)
    task = params.data.task
    folds = split_folds(rows, 3, 0)
    features = build_features(rows.schema, params.featurize)
    estimator = build_estimator(params.train, task, 1)
    scores = summarise(list(cross_validate(rows, features, estimator, folds, 1)))
    assert tuple(scores) == (CLASSIFICATION if task == "classification" else REGRESSION)
    values = scores[PRIMARY[task]]
    assert list(values) == ["mean", "std", "fold_0", "fold_1", "fold_2"]
    held_out = [values["fold_0"], values["fold_1"], values["fold_2"]]
    assert values["mean"] == pytest.approx(np.mean(held_out))
    assert values["std"] == pytest.approx(np.std(held_out))
    assert least < values["mean"] <= 1


@pytest.mark.parametrize("case", CASES, ids=IDS, indirect=True)
def test_skops_needs_no_type_that_was_not_reviewed(
    case: tuple[pd.DataFrame, Params, float],
) -> None:
    table, params, _ = case
    dumped = skops.io.dumps(_fit(_prepare(table, params)[0], params))
    needed = set(skops.io.get_untrusted_types(data=dumped))
    assert needed <= set(TRUSTED_TYPES)
    assert "pipeline.features.Cleaner" in needed


CHURN = Path(os.environ.get("WHEREFROM_TEST_DATA", ROOT.parent / "shared/data")) / "telco-churn.csv"


@pytest.mark.skipif(not CHURN.is_file(), reason="WHEREFROM_TEST_DATA names no folder with it")
def test_the_churn_of_real_customers_is_foreseen_with_the_defaults(
    document: dict[str, Any],
) -> None:
    data = {"path": CHURN.name, "target": "Churn", "positive": "Yes", "id": "customerID"}
    changed = change(document, {f"data.{key}": value for key, value in data.items()})
    params = parse_params(Params, changed, "params.yaml")
    train, test = _prepare(read_table(CHURN.parent, params.data), params)
    assert train.schema.kinds["TotalCharges"] == "numeric"
    assert train.frame["TotalCharges"].isna().sum() + test.frame["TotalCharges"].isna().sum() == 11
    scores = score(test.target, predict(_fit(train, params), test.features))
    assert scores["roc_auc"] >= 0.83


def test_integer_and_named_classes_give_the_same_scores(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params]
) -> None:
    given = params(data__target="answer")
    scores = []
    for name in ("wine", "wine_named"):
        train, test = _prepare(tables[name], given)
        scores.append(score(test.target, predict(_fit(train, given), test.features)))
    assert scores[0] == pytest.approx(scores[1])


def test_the_test_rows_teach_nothing(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params]
) -> None:
    given = params(data__target="answer", data__drop=["unused", "key"])
    table = tables["mixed"].copy()
    train, test = _prepare(table, given)
    cells = table.index.isin(test.frame.index)
    table.loc[cells, "age"] = [str(9000 + number) for number in range(cells.sum())]
    table.loc[cells, "city"] = "Atlantis"
    assert _prepare(table, given)[0].schema == train.schema
    before, after = _fit(train, given), _fit(_prepare(table, given)[0], given)
    assert joblib.hash(before) == joblib.hash(after)


def test_each_fold_fits_every_step_on_its_own_rows(
    tables: dict[str, pd.DataFrame],
    params: Callable[..., Params],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = params(data__target="answer", data__drop=["unused", "key"])
    rows, _ = _prepare(tables["mixed"], given)
    folds = split_folds(rows, 2, 0)
    models = []
    monkeypatch.setattr(
        validation,
        "predict",
        lambda model, held_out: models.append(model) or predict(model, held_out),
    )
    features = build_features(rows.schema, given.featurize).fit(rows.features)
    list(
        cross_validate(rows, features, build_estimator(given.train, "classification", 1), folds, 1)
    )
    medians = {float(model[0].transformers_[0][1][0].statistics_[0]) for model in models}
    ages = rows.features["age"]
    assert medians == {float(ages.iloc[fit].median()) for fit, _ in folds}


def test_a_fold_keeps_to_the_limit_of_threads(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params]
) -> None:
    seen: list[int] = []

    class Watching(DummyClassifier):  # type: ignore[misc]
        def fit(self, *given: Any) -> Watching:
            seen.extend(pool["num_threads"] for pool in threadpool_info())
            return super().fit(*given)

    given = params(data__target="answer")
    rows, _ = _prepare(tables["wine"], given)
    folds = split_folds(rows, 3, 0)
    features = build_features(rows.schema, given.featurize)
    with threads_limited(1):
        list(cross_validate(rows, features, Watching(), folds, 1))
    assert set(seen) == {1}


def test_a_fitted_forest_holds_no_count_of_cores(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params]
) -> None:
    given = params(data__target="answer")
    model = _fit(_prepare(tables["wine"], given)[0], given)
    assert model[-1].n_jobs is None


@pytest.mark.parametrize(
    ("task", "model", "right"),
    [
        ("regression", "logistic_regression", "random_forest or linear_regression or hist"),
        ("classification", "linear_regression", "random_forest or logistic_regression or hist"),
    ],
)
def test_a_model_of_the_other_task_is_refused(
    params: Callable[..., Params], task: str, model: str, right: str
) -> None:
    train = params().train.model_copy(update={"model": model})
    with pytest.raises(InputError) as raised:
        build_estimator(train, task, 1)
    assert raised.value.remedy.startswith(f"set it in params.yaml to {right}")


@pytest.mark.parametrize(
    ("positive", "threshold", "expected"),
    [
        ("b", 0.5, ["a", "a", "b"]),
        ("b", 0.3, ["a", "b", "b"]),
        ("b", 0.8, ["a", "a", "a"]),
        ("a", 0.3, ["a", "a", "b"]),
        ("a", 0.55, ["a", "b", "b"]),
    ],
)
def test_a_threshold_decides_for_the_positive_class(
    tables: dict[str, pd.DataFrame],
    params: Callable[..., Params],
    positive: str,
    threshold: float,
    expected: list[str],
) -> None:
    table = tables["sample"].replace({"benign": "a", "malignant": "b"})
    schema = _prepare(table, params(data__target="answer", data__positive=positive))[0].schema
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    predicted = Predictions(np.array(["a", "a", "b"], dtype=object), probabilities, ["a", "b"])
    assert apply_threshold(predicted, schema, threshold).decided.tolist() == expected


@pytest.mark.parametrize(
    ("table", "task", "said"),
    [("wine", "classification", "has 3 classes"), ("diabetes", "regression", "has no classes")],
)
def test_a_threshold_is_refused_where_there_are_no_two_classes(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params], table: str, task: str, said: str
) -> None:
    schema = _prepare(tables[table], params(data__target="answer", data__task=task))[0].schema
    predicted = Predictions(np.zeros(2))
    assert apply_threshold(predicted, schema, 0.5) is predicted
    with pytest.raises(InputError, match=said):
        apply_threshold(predicted, schema, 0.4)


@pytest.mark.parametrize("positive", ["benign", "malignant"])
def test_a_model_with_a_threshold_decides_as_the_evaluation_also_at_the_threshold(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params], positive: str
) -> None:
    given = params(data__target="answer", data__positive=positive)
    train, test = _prepare(tables["sample"], given)
    predicted = predict(model := _fit(train, given), test.features)
    assert predicted.probabilities is not None
    shares = predicted.probabilities[:, predicted.classes.index(positive)]
    threshold = float(shares[shares > 0.5].min())
    bare = with_threshold(model, train.schema, threshold)
    loaded = skops.io.loads(skops.io.dumps(bare), trusted=list(TRUSTED_TYPES))
    expected = apply_threshold(predicted, train.schema, threshold).decided
    assert expected.tolist() != predicted.decided.tolist()
    for one in (bare, loaded):
        assert one.predict(test.features).tolist() == expected.tolist()
        assert one.classes_.tolist() == model.classes_.tolist()
        assert np.array_equal(one.predict_proba(test.features), predicted.probabilities)


def test_predictions_carry_row_id_and_probabilities(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params]
) -> None:
    given = params(data__target="answer", data__id="key", data__drop=["unused"])
    train, test = _prepare(tables["mixed"], given)
    table = tabulate(test, predict(_fit(train, given), test.features))
    names = ["row", "id", "actual", "predicted", "probability_no", "probability_yes"]
    assert list(table.columns) == names
    assert [f"r{row}" for row in table["row"]] == table["id"].tolist()
    assert np.allclose(table["probability_no"] + table["probability_yes"], 1)


def test_a_gap_is_train_minus_test() -> None:
    assert gaps(train={"r2": 0.75}, test={"r2": 0.5}) == {"r2": 0.25}


def test_scores_do_not_depend_on_which_class_sorts_first() -> None:
    actual = np.array(["a", "b", "b", "a"], dtype=object)
    swap = {"a": "b", "b": "a"}
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.8, 0.2]])
    decided = np.array(["a", "b", "a", "a"], dtype=object)
    one = score(actual, Predictions(decided, probabilities, ["a", "b"]))
    other = score(
        np.array([swap[name] for name in actual], dtype=object),
        Predictions(
            np.array([swap[name] for name in decided], dtype=object),
            probabilities[:, ::-1],
            ["a", "b"],
        ),
    )
    assert one == pytest.approx(other)


def test_scores_of_classes_are_those_computed_by_hand() -> None:
    actual = np.array(["a", "b", "b", "a"], dtype=object)
    decided = np.array(["a", "b", "a", "a"], dtype=object)
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.8, 0.2]])
    assert score(actual, Predictions(decided, probabilities, ["a", "b"])) == pytest.approx(
        {
            "accuracy": 3 / 4,
            "precision_weighted": (2 / 3 + 1) / 2,
            "recall_weighted": (1 + 1 / 2) / 2,
            "f1_weighted": (4 / 5 + 2 / 3) / 2,
            "roc_auc": 1.0,
            "log_loss": -np.mean(np.log([0.9, 0.6, 0.4, 0.8])),
        }
    )


def test_scores_of_numbers_are_those_computed_by_hand() -> None:
    scores = score(np.array([1.0, 2.0]), Predictions(np.array([1.0, 4.0])))
    assert scores == pytest.approx({"mse": 2.0, "rmse": 2**0.5, "mae": 1.0, "r2": -7.0})


def test_text_in_a_numeric_column_of_the_test_rows_is_remarked_on(
    tables: dict[str, pd.DataFrame], params: Callable[..., Params]
) -> None:
    given = params(data__target="answer")
    table = tables["wine"].copy()
    row = _prepare(table, given)[1].frame.index[0]
    table.loc[row, "alcohol"] = "strong"
    (remark,) = _prepare(table, given)[1].schema.remarks
    assert "such as 'strong'; that counts as missing" in remark


@pytest.mark.parametrize(
    "other", [DummyClassifier(), make_pipeline(DummyClassifier())], ids=["bare", "without cleaning"]
)
def test_a_file_that_holds_another_model_is_refused(tmp_path: Path, other: object) -> None:
    joblib.dump(other, tmp_path / "model.joblib")
    with pytest.raises(InputError, match="no pipeline of this project"):
        read_fitted(tmp_path / "model.joblib")
