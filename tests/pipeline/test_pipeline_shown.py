"""What is shown of a model: curves, importances, pictures; and predictions of unlabelled rows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import yaml
from pipeline_projects import OF_MIXED, ROOT, Project
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from pipeline.curves import draw_curves, sample
from pipeline.errors import InputError
from pipeline.features import build_features
from pipeline.header import check_unlabelled
from pipeline.importances import native_importances, permutation_importances
from pipeline.params.evaluate import Evaluate
from pipeline.params.featurize import Featurize
from pipeline.params.prepare import Data, Prepare, PrepareParams
from pipeline.pictures import write_pictures
from pipeline.predictions import Predictions
from pipeline.preparation import prepare
from pipeline.prepared import Rows
from pipeline.schema import Schema
from pipeline.submission import predict_unlabelled
from pipeline.tables import read_unlabelled

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 300
RANDOM = np.random.default_rng(0)
X, NOISE = RANDOM.normal(size=ROWS), RANDOM.normal(size=ROWS)
KINDS = {"x": "numeric", "noise": "numeric"}
FEATURIZE = Featurize(
    numeric_impute="median", scale=True, categorical_impute="own_level", max_categories=None
)


def _schema(classes: list[str], positive: str | None = None, key: str | None = None) -> Schema:
    task = "classification" if classes else "regression"
    return Schema(task, "y", key, None, None, KINDS, classes, positive, {}, {}, [])


def _rows(target: np.ndarray, schema: Schema) -> Rows:
    return Rows(pd.DataFrame({"x": X, "noise": NOISE, "y": target}), schema)


def _fit(rows: Rows, estimator: Any) -> Pipeline:
    features = build_features(rows.schema, FEATURIZE).fit(rows.features)
    estimator.fit(features.transform(rows.features), rows.target)
    return Pipeline([*features.steps, ("model", estimator)])


TWO = _rows(np.where(X > 0, "yes", "no").astype(object), _schema(["no", "yes"], "yes"))
THREE = _rows(
    np.select([X < -0.5, X > 0.5], ["a", "c"], "b").astype(object), _schema(["a", "b", "c"])
)
NUMBERS = _rows(100 + 5 * X, _schema([]))
EXACT = Predictions(
    np.array(["yes", "no", "yes", "no"], dtype=object),
    np.array([[0.1, 0.9], [0.4, 0.6], [0.3, 0.7], [0.8, 0.2]]),
    ["no", "yes"],
)
ACTUAL = np.array(["yes", "yes", "no", "no"], dtype=object)


def test_curves_of_two_classes_are_those_of_the_positive_one() -> None:
    curves = draw_curves(ACTUAL, EXACT, _schema(["no", "yes"], "yes"), 100, 0)
    assert set(curves.roc["class"]) == {"yes"}
    assert curves.roc[["false_positive_rate", "true_positive_rate"]].to_numpy().tolist() == [
        *([0, 0], [0, 0.5], [0.5, 0.5], [0.5, 1], [1, 1])
    ]
    assert curves.precision_recall.iloc[-1][["recall", "precision"]].tolist() == [1, 0.5]
    assert curves.calibration[["predicted", "observed"]].to_numpy().tolist() == [
        *([0.2, 0], [0.6, 1], [0.7, 0], [0.9, 1])
    ]
    assert len(curves.residuals) == 0


def test_a_confusion_matrix_counts_what_was_decided() -> None:
    counts = draw_curves(ACTUAL, EXACT, _schema(["no", "yes"], "yes"), 100, 0).confusion
    assert counts.to_numpy().tolist() == [
        *(["no", "no", 1], ["no", "yes", 1], ["yes", "no", 1], ["yes", "yes", 1])
    ]


def test_each_of_many_classes_has_a_curve_of_few_points() -> None:
    model = _fit(THREE, LogisticRegression(C=0.001))
    shares = model.predict_proba(THREE.features)
    predicted = Predictions(model.predict(THREE.features), shares, ["a", "b", "c"])
    roc = draw_curves(THREE.target, predicted, THREE.schema, 7, 0).roc
    assert roc.groupby("class").size().max() <= 7
    ends = roc.groupby("class")[["false_positive_rate", "true_positive_rate"]].agg(["min", "max"])
    assert ends.to_numpy().tolist() == [[0, 1, 0, 1]] * 3


def test_of_numbers_there_are_residuals_and_no_other_rows() -> None:
    curves = draw_curves(np.arange(50.0), Predictions(np.zeros(50)), _schema([]), 10, 0)
    assert len(curves.residuals) == 10
    assert (curves.residuals["residual"] == curves.residuals["actual"]).all()
    assert [len(curves.roc), len(curves.calibration), len(curves.confusion)] == [0, 0, 0]
    assert list(curves.roc.columns) == ["class", "false_positive_rate", "true_positive_rate"]


def test_a_sample_is_in_order_and_chosen_by_the_seed() -> None:
    assert sample(3, 10, 0).tolist() == [0, 1, 2]
    chosen = sample(1000, 10, 1)
    assert np.all(np.diff(chosen) > 0)
    assert chosen.tolist() == sample(1000, 10, 1).tolist() != sample(1000, 10, 2).tolist()


@pytest.mark.parametrize(
    ("rows", "estimator"),
    [
        pytest.param(TWO, LogisticRegression(), id="two classes"),
        pytest.param(THREE, LogisticRegression(), id="three classes"),
        pytest.param(NUMBERS, LinearRegression(), id="numbers"),
    ],
)
def test_shuffling_the_column_that_matters_costs_and_another_does_not(
    rows: Rows, estimator: Any
) -> None:
    found = permutation_importances(_fit(rows, estimator), rows, Evaluate(threshold=0.5))
    assert found["column"].tolist() == ["x", "noise"]
    assert found["importance"][0] > 0.5
    assert abs(found["importance"][1]) < 0.02
    native = native_importances(_fit(rows, estimator))
    assert native["feature"].tolist() == ["numeric__x", "numeric__noise"]


def test_an_importance_is_the_fall_of_r2() -> None:
    model = _fit(NUMBERS, LinearRegression())
    found = permutation_importances(
        model, NUMBERS, Evaluate(threshold=0.5, importance_repeats=200, importance_rows=ROWS)
    )
    assert found["importance"][0] == pytest.approx(2, rel=0.02)  # twice the variance, unexplained


def test_many_shuffles_are_predicted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _fit(TWO, LogisticRegression())
    whole = permutation_importances(model, TWO, Evaluate(threshold=0.5))
    monkeypatch.setattr("pipeline.importances.ROWS_AT_ONCE", 350)
    pd.testing.assert_frame_equal(
        permutation_importances(model, TWO, Evaluate(threshold=0.5)), whole
    )


def test_any_name_may_be_that_of_a_column(tmp_path: Path) -> None:
    names = {"x": "self", "noise": "$a_$"}
    schema = replace(
        TWO.schema, kinds=dict.fromkeys(names.values(), "numeric"), classes=["$b_$", "yes"]
    )
    frame = TWO.frame.rename(columns=names).replace({"no": "$b_$"})
    rows = Rows(frame, schema)
    model = _fit(rows, LogisticRegression())
    predicted = Predictions(rows.target, model.predict_proba(rows.features), ["$b_$", "yes"])
    drawn = _pictures(tmp_path, rows, LogisticRegression(), predicted)
    assert {"confusion", "permutation_importances"} < set(drawn)


def test_no_shuffle_gives_no_rows() -> None:
    model = _fit(TWO, LogisticRegression())
    found = permutation_importances(model, TWO, Evaluate(threshold=0.5, importance_repeats=0))
    assert (len(found), list(found.columns)) == (0, ["column", "importance", "deviation"])


def _pictures(folder: Path, rows: Rows, estimator: Any, predicted: Predictions) -> dict[str, bytes]:
    model = _fit(rows, estimator)
    curves = draw_curves(rows.target, predicted, rows.schema, 50, 0)
    importances = permutation_importances(model, rows, Evaluate(threshold=0.5))
    write_pictures(folder, curves, importances, native_importances(model))
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


def test_pictures_are_those_of_the_task_without_a_trace_of_who_drew_them(tmp_path: Path) -> None:
    model = _fit(TWO, LogisticRegression())
    shares = model.predict_proba(TWO.features)
    predicted = Predictions(model.predict(TWO.features), shares, ["no", "yes"])
    drawn = _pictures(tmp_path, TWO, LogisticRegression(), predicted)
    assert set(drawn) == {
        *("roc", "precision_recall", "calibration", "confusion"),
        *("permutation_importances", "native_importances"),
    }
    assert all(content.startswith(b"\x89PNG") for content in drawn.values())
    assert not any(b"atplotlib" in content for content in drawn.values())
    again = _pictures(tmp_path / "again", TWO, LogisticRegression(), predicted)
    assert again == drawn
    numbers = Predictions(_fit(NUMBERS, LinearRegression()).predict(NUMBERS.features))
    drawn = _pictures(tmp_path / "again", NUMBERS, LinearRegression(), numbers)
    assert set(drawn) == {
        *("predicted_actual", "residuals", "permutation_importances", "native_importances"),
    }


TABLE = pd.DataFrame({"key": ["k1", "k2"], "x": ["-9", "9"], "noise": ["0", ""]})


@pytest.mark.parametrize(
    ("rows", "key", "submit", "expected"),
    [
        pytest.param(TWO, "key", "prediction", {"key": ["k1", "k2"], "y": ["no", "yes"]}, id="ids"),
        pytest.param(TWO, None, "prediction", {"row": [0, 1], "y": ["no", "yes"]}, id="no ids"),
        pytest.param(TWO, "key", "probability", {"key": ["k1", "k2"], "y": [0, 1]}, id="share"),
        pytest.param(
            THREE,
            "key",
            "probability",
            {"key": ["k1", "k2"], "a": [1, 0], "b": [0, 0], "c": [0, 1]},
            id="shares of three",
        ),
    ],
)
def test_unlabelled_rows_are_predicted_under_the_names_of_the_params(
    rows: Rows, key: str | None, submit: Any, expected: dict[str, list[Any]]
) -> None:
    schema = _schema(rows.schema.classes, rows.schema.positive, key)
    params = Evaluate(threshold=0.5, submit=submit)
    model = _fit(rows, LogisticRegression(C=1000))
    written = predict_unlabelled(model, TABLE, schema, params, "t.csv")
    assert list(written.columns) == list(expected)
    for name, values in expected.items():
        share = isinstance(written[name][0], float)
        assert written[name].tolist() == (pytest.approx(values, abs=0.01) if share else values)


def test_no_column_of_a_submission_takes_anothers_place() -> None:
    params = Evaluate(threshold=0.5, submit="probability")
    three = replace(THREE.schema, id="a")
    table = TABLE.rename(columns={"key": "a"})
    model = _fit(THREE, LogisticRegression())
    written = predict_unlabelled(model, table, three, params, "t.csv")
    assert list(written.columns) == ["a", "predicted_a", "b", "c"]
    assert written["a"].tolist() == ["k1", "k2"]
    model = _fit(NUMBERS, LinearRegression())
    numbers = replace(NUMBERS.schema, target="row")
    written = predict_unlabelled(model, TABLE, numbers, Evaluate(threshold=0.5), "t.csv")
    assert list(written.columns) == ["row", "predicted_row"]


@pytest.mark.parametrize("cells", [["True", "False "], [True, False]], ids=["text", "booleans"])
def test_booleans_are_submitted_as_they_are_in_the_table(cells: list[Any]) -> None:
    table = pd.DataFrame({"x": range(40), "y": cells * 20})
    data = Data(path="t.csv", target="y", task="classification", id=None, drop=())
    params = PrepareParams(data=data, prepare=Prepare(test_size=0.5, seed=0))
    schema = prepare(table, params).train.schema
    assert (schema.classes, schema.positive) == (["false", "true"], "true")
    rows = Rows(TWO.frame.replace({"yes": "true", "no": "false"}), replace(schema, kinds=KINDS))
    model = _fit(rows, LogisticRegression())
    written = predict_unlabelled(model, TABLE, rows.schema, Evaluate(threshold=0.5), "t.csv")
    assert written["y"].tolist() == ["False", "True"]


def test_unlabelled_rows_without_the_id_are_refused() -> None:
    params = Evaluate(threshold=0.5)
    with pytest.raises(InputError, match=r"'kay', which names a row, is missing \(did you mean"):
        predict_unlabelled(
            _fit(TWO, LogisticRegression()),
            TABLE,
            _schema(["no", "yes"], "yes", "kay"),
            params,
            "t",
        )


def test_an_empty_file_is_no_table_and_gives_no_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").touch()
    assert read_unlabelled(tmp_path / "t.csv", None) is None
    written = predict_unlabelled(
        _fit(TWO, LogisticRegression()), None, TWO.schema, Evaluate(threshold=0.5), "t.csv"
    )
    assert (len(written), list(written.columns)) == (0, ["row", "y"])


def test_an_unlabelled_table_that_lacks_a_column_is_refused_before_anything_runs() -> None:
    data = Data(path="a.csv", target="y", task="regression", id="key", drop=(), unlabelled="b.csv")
    learnt = ["x", "noise"]
    check_unlabelled(["noise", "x", "key"], learnt, data)
    for names, lacking in ((["x", "noise"], "key"), (["key", "Noise", "x"], "noise")):
        with pytest.raises(InputError, match=f"no column is called '{lacking}'") as raised:
            check_unlabelled(names, learnt, data)
        assert raised.value.where == "b.csv"
    with pytest.raises(InputError, match="more than one column is called 'x'"):
        check_unlabelled(["x", "x", "noise", "key"], learnt, data)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("x,noise\n", "columns and no rows", id="no rows"),
        pytest.param("x,x\n1,2\n", "more than one column is called 'x'", id="a name twice"),
        pytest.param(None, "correct data.unlabelled", id="no file"),
    ],
)
def test_an_unlabelled_table_that_is_none_is_refused(
    tmp_path: Path, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError) as raised:
        read_unlabelled(tmp_path / "t.csv", None)
    assert said in str(raised.value)


def test_a_table_of_unlabelled_rows_gives_a_file_that_the_stage_names(
    finished: Project, tables: dict[str, pd.DataFrame]
) -> None:
    rows = tables["mixed"].drop(columns="answer").head(5)
    rows["height"] = "12,5"
    before = finished.outputs()
    assert before["results/submission.csv"] == b"key,answer\n"
    finished.write({"data.unlabelled": finished.table(rows, "data/raw/new.csv"), **OF_MIXED})
    done = finished.run("check", "evaluate")
    remark, told = done.stderr.splitlines()
    assert "'height' is numeric, and 5 values in the unlabelled rows cannot be read so" in remark
    assert told == "evaluate: 5 rows predicted: results/submission.csv"
    written = pd.read_csv(finished.root / "results/submission.csv")
    assert written["key"].tolist() == ["r0", "r1", "r2", "r3", "r4"]
    assert set(written["answer"]) <= {"yes", "no"}
    after = finished.outputs()
    assert {path for path in after if after[path] != before.get(path)} == {"results/submission.csv"}


def test_every_plot_of_dvc_yaml_has_a_table_with_its_columns(finished: Project) -> None:
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
    own = {path.stem for path in (ROOT / ".dvc/plots").iterdir()}
    drawn = set()
    for plot in declared:
        ((name, given),) = plot.items()
        assert re.fullmatch(r"[\w ]+", name)  # DVC makes it a part of a script
        ((path, column),) = given["y"].items()
        table = pd.read_csv(finished.root / path)
        assert {given["x"], column} <= set(table.columns)
        assert given["template"] in {*own, "simple", "scatter", "bar_horizontal_sorted"}
        drawn.add(path)
    tables = {f"results/plots/{p.name}" for p in (finished.root / "results/plots").iterdir()}
    assert drawn == tables
    used = {given["template"] for plot in declared for given in plot.values()}
    assert own <= used
    for name in own:
        assert json.loads((ROOT / f".dvc/plots/{name}.json").read_text())["$schema"]
