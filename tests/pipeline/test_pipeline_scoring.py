"""Tables of any size, predicted part by part, and what of them the model cannot take as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from pipeline.chunks import read_chunks
from pipeline.errors import InputError
from pipeline.features import build_features
from pipeline.fitted import write_fitted
from pipeline.params.featurize import Featurize
from pipeline.predictions import ROWS_AT_ONCE, predict
from pipeline.schema import Schema
from pipeline.scoring import Scorer, columns_needed, header_of, read_model

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"age": "numeric", "city": "categorical"}
SCHEMA = Schema("classification", "y", "key", None, None, KINDS, ["a", "b"], "b", {}, {}, [])
ROWS = ROWS_AT_ONCE * 2 + 5


@pytest.fixture(scope="module")
def model() -> Pipeline:
    """A model that knows ages and two cities."""
    rows = pd.DataFrame({"age": ["1", "2", "8", "9"] * 5, "city": ["Ulm", "Bonn"] * 10})
    options = {"numeric_impute": "median", "scale": True, "max_categories": None}
    features = build_features(SCHEMA, Featurize(**options, categorical_impute="most_frequent"))
    learnt = Pipeline([*features.steps, ("model", LogisticRegression())])
    return learnt.fit(rows, ["a", "a", "b", "b"] * 5)


def _table(rows: int) -> pd.DataFrame:
    numbers = np.arange(rows)
    cities = np.where(numbers % 3 == 0, "Ulm", "Bonn")
    return pd.DataFrame(
        {"key": [f"k{n}" for n in numbers], "age": (numbers % 11).astype(str), "city": cities}
    )


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_a_table_is_read_in_parts_of_one_size(tmp_path: Path, name: str) -> None:
    table = _table(ROWS)
    table.loc[3, "city"] = "Ulm\non the Danube"
    if name.endswith("csv"):
        table.to_csv(tmp_path / name, index=False)
    else:
        table.to_parquet(tmp_path / name, row_group_size=1000)

    parts = list(read_chunks(tmp_path / name, ["city", "age"], None))

    assert [len(part) for part in parts] == [ROWS_AT_ONCE, ROWS_AT_ONCE, 5]
    pd.testing.assert_frame_equal(
        pd.concat(parts), table[["city", "age"]], check_index_type=False, check_dtype=False
    )


def test_a_group_of_rows_is_not_read_at_once(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": np.random.default_rng(0).random(2_000_000)})
    table.to_parquet(tmp_path / "table.parquet", row_group_size=len(table), compression=None)
    before = pa.total_allocated_bytes()

    parts = read_chunks(tmp_path / "table.parquet", ["a"], None)

    assert len(next(parts)) == ROWS_AT_ONCE
    assert pa.total_allocated_bytes() - before < table["a"].nbytes / 2


def test_parts_are_predicted_as_the_whole(model: Pipeline) -> None:
    table = _table(ROWS)
    scorer = Scorer(model, SCHEMA, 0.6, "t.csv")

    starts = range(0, ROWS, ROWS_AT_ONCE)
    found = pd.concat([scorer.score(table.iloc[s : s + ROWS_AT_ONCE]) for s in starts])

    whole = predict(model, table)
    assert whole.probabilities is not None
    assert found["key"].tolist() == table["key"].tolist()
    assert found["probability_b"].tolist() == whole.probabilities[:, 1].tolist()
    assert (found["predicted"] == "b").tolist() == (whole.probabilities[:, 1] > 0.6).tolist()
    scorer.check()
    assert (scorer.rows, scorer.remarks()) == (ROWS, [])


def test_numbers_have_the_row_where_no_column_names_it(model: Pipeline) -> None:
    table = _table(5)
    schema = replace(SCHEMA, task="regression", id=None, classes=[], positive=None)
    numbers = Pipeline([*model.steps[:-1], ("model", LinearRegression())]).fit(table, range(5))
    scorer = Scorer(numbers, schema, 0.5, "t.csv")

    found = scorer.score(table.iloc[2:])

    assert found["row"].tolist() == [2, 3, 4]
    assert found["predicted"].tolist() == numbers.predict(table.iloc[2:]).tolist()
    assert list(found) == ["row", "predicted"]


def test_all_columns_that_are_missing_are_named(model: Pipeline) -> None:
    with pytest.raises(InputError) as raised:
        columns_needed(["town", "key"], model, SCHEMA, "t.csv")
    assert raised.value.what == "the columns 'age', 'city' are missing"
    with pytest.raises(InputError, match=r"the column 'key' is missing \(did you mean 'Key'\?\)"):
        columns_needed(["Key", "age", "city"], model, SCHEMA, "t.csv")
    assert columns_needed(["y", "city", "age"], model, replace(SCHEMA, id=None), "") == list(KINDS)


def test_a_model_of_another_scikit_learn_is_refused(
    tmp_path: Path, model: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fitted(tmp_path / "model.joblib", model)
    assert list(read_model(tmp_path / "model.joblib").named_steps) == list(model.named_steps)
    monkeypatch.setattr("sklearn.base.__version__", "1.2.3")
    write_fitted(tmp_path / "model.joblib", model)
    monkeypatch.undo()
    with pytest.raises(InputError, match=r"scikit-learn 1\.2\.3 has fitted it, and"):
        read_model(tmp_path / "model.joblib")


def test_a_header_that_cannot_be_read_is_mended_in_the_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("age;city\n1;Ulm\n")
    with pytest.raises(InputError, match="its separator seems to be ';'") as raised:
        header_of(tmp_path / "t.csv", None, "t.csv")
    assert "params.yaml" not in str(raised.value)


def test_what_is_taken_otherwise_than_it_is_is_said_for_the_whole_table(model: Pipeline) -> None:
    scorer = Scorer(model, SCHEMA, 0.5, "t.csv")
    for ages, cities in ((["1", "?"], ["Ulm", "Rom"]), (["n.n.", "4"], ["NA", "Rom"])):
        scorer.score(pd.DataFrame({"key": ["k", "l"], "age": ages, "city": cities}))

    scorer.check()

    assert scorer.remarks() == [
        "column 'age' is numeric, and 2 values, such as '?', cannot be read so: missing",
        "column 'city' has 2 values that no training row had, such as 'Rom': a rare level, or none",
    ]


def test_a_column_without_a_number_is_refused(model: Pipeline) -> None:
    scorer = Scorer(model, SCHEMA, 0.5, "t.csv")
    scorer.score(pd.DataFrame({"key": ["k", "l"], "age": ["old", "NA"], "city": ["Ulm", "Ulm"]}))

    with pytest.raises(InputError) as raised:
        scorer.check()

    assert raised.value.what == (
        "the column 'age' (such as 'old') holds no number, and was learnt as one"
    )


def test_values_that_are_no_plain_ones_are_refused(model: Pipeline) -> None:
    dates = pd.to_datetime(["2026-01-01"])
    with pytest.raises(InputError, match="the column 'age' holds values of the kind datetime64"):
        Scorer(model, SCHEMA, 0.5, "t.parquet").score(
            pd.DataFrame({"key": ["k"], "age": dates, "city": ["Ulm"]})
        )


def test_numbers_that_are_not_finite_are_refused_as_those_of_the_table(model: Pipeline) -> None:
    rows = pd.DataFrame({"key": ["k"], "age": ["1e99"], "city": ["Ulm"]})

    with pytest.raises(InputError, match="column 'age' holds 1 number infinite") as raised:
        Scorer(model, SCHEMA, 0.5, "t.csv").score(rows)

    assert str(raised.value).startswith("t.csv: ")
    assert raised.value.remedy == "correct them, or leave them blank"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("age,city\n", "the table has columns and no rows"),
        ("age,city\n1\n", "the file cannot be read as a table"),
        (b"age,city\n1,\xe9\n", "the file is not UTF-8 text"),
    ],
    ids=["no rows", "too few cells", "another encoding"],
)
def test_a_text_that_is_no_table_is_refused(tmp_path: Path, text: str | bytes, what: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=what):
        list(read_chunks(path, ["age", "city"], None))


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    _table(0).to_parquet(tmp_path / "table.parquet")
    assert pq.read_schema(tmp_path / "table.parquet").names[0] == "key"
    with pytest.raises(InputError, match="the table has columns and no rows"):
        list(read_chunks(tmp_path / "table.parquet", ["age", "city"], None))
