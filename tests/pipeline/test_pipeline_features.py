"""Cleaning and encoding of raw rows, as the first steps of a fitted pipeline."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from pipeline.errors import InputError
from pipeline.features import Cleaner, build_features, names_of
from pipeline.params.featurize import Featurize
from pipeline.schema import Schema
from pipeline.steps import describe

KINDS = {"age": "numeric", "city": "categorical"}


def _schema(kinds: dict[str, str]) -> Schema:
    return Schema("classification", "y", None, None, None, kinds, ["a", "b"], "b", {}, {}, [])


def _featurize(**changes: Any) -> Featurize:
    given = {
        "numeric_impute": "median",
        "scale": False,
        "categorical_impute": "most_frequent",
        "max_categories": None,
    }
    return Featurize(**(given | changes))


def _encode(train: dict[str, Any], rows: dict[str, Any], **changes: Any) -> list[list[float]]:
    features = build_features(_schema(KINDS), _featurize(**changes)).fit(pd.DataFrame(train))
    return features.transform(pd.DataFrame(rows)).tolist()


TRAIN = {"age": [1.0, 3.0, 5.0, math.nan], "city": ["Bern", "Lima", "Lima", None]}


def test_raw_rows_are_cleaned_in_the_order_of_the_schema() -> None:
    rows = pd.DataFrame(
        {"extra": [1, 2], "city": [" Oslo ", "NA"], "age": [" 7", "?"]}, index=[4, 9]
    )
    cleaned = Cleaner(KINDS).fit(rows).transform(rows)
    expected = pd.DataFrame({"age": [7.0, math.nan], "city": ["Oslo", math.nan]}, index=[4, 9])
    pd.testing.assert_frame_equal(cleaned, expected, check_dtype=False)
    pd.testing.assert_frame_equal(Cleaner(KINDS).transform(cleaned), cleaned)


def test_missing_columns_are_named() -> None:
    with pytest.raises(InputError) as raised:
        Cleaner(KINDS).transform(pd.DataFrame({"town": ["x"], "Age": [1]}))
    assert raised.value.what == "the columns 'age', 'city' are missing"
    with pytest.raises(InputError, match=r"the column 'age' is missing \(did you mean 'Age'\?\)"):
        Cleaner(KINDS).transform(pd.DataFrame({"city": ["x"], "Age": [1]}))


def test_rows_without_names_of_columns_are_refused() -> None:
    with pytest.raises(InputError, match="a ndarray has no names of columns"):
        Cleaner(KINDS).transform(np.zeros((1, 2)))  # type: ignore[arg-type]


def test_infinite_numbers_are_refused_at_prediction_too() -> None:
    with pytest.raises(InputError, match="the column 'age' holds 1 number infinite"):
        Cleaner(KINDS).transform(pd.DataFrame({"age": ["inf"], "city": ["x"]}))


@pytest.mark.parametrize("given", [1234, 1234.0, np.int64(1234)], ids=["int", "float", "numpy"])
def test_numbers_are_refused_where_codes_were_learnt(given: float) -> None:
    cleaner = Cleaner({"zip": "categorical"}).fit(pd.DataFrame({"zip": ["01234", "20000"]}))
    for rows in (pd.DataFrame({"zip": [given]}), pd.DataFrame({"zip": ["01234", given]})):
        with pytest.raises(InputError, match="'zip' holds numbers, and the model learnt codes"):
            cleaner.transform(rows)
    known = pd.DataFrame({"zip": ["01234", math.nan]})
    assert cleaner.transform(known)["zip"].tolist()[0] == "01234"


@pytest.mark.parametrize("levels", [["1", "20"], ["1.5", "a"], ["9007199254740993"], ["1_000"]])
def test_numbers_are_taken_where_they_are_the_same_levels(levels: list[str]) -> None:
    cleaner = Cleaner({"zone": "categorical"}).fit(pd.DataFrame({"zone": levels}))
    assert cleaner.transform(pd.DataFrame({"zone": [1, 2]}))["zone"].tolist() == ["1", "2"]


def test_the_cleaner_can_be_cloned_and_names_its_features() -> None:
    copied = clone(Cleaner(KINDS))
    assert copied.get_params() == {"kinds": KINDS}
    assert copied.get_feature_names_out().tolist() == ["age", "city"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [[3.0, 0.0, 1.0]], id="median and most frequent"),
        pytest.param({"numeric_impute": "mean"}, [[3.0, 0.0, 1.0]], id="mean"),
        pytest.param({"numeric_impute": "most_frequent"}, [[1.0, 0.0, 1.0]], id="most frequent"),
        pytest.param({"categorical_impute": "own_level"}, [[3.0, 1.0, 0.0, 0.0]], id="own level"),
        pytest.param({"scale": True}, [[0.0, 0.0, 1.0]], id="scaled"),
    ],
)
def test_missing_cells_are_imputed(changes: dict[str, Any], expected: list[list[float]]) -> None:
    assert _encode(TRAIN, {"age": ["?"], "city": ["  "]}, **changes) == expected


def test_an_unseen_level_is_none_of_the_known_ones() -> None:
    assert _encode(TRAIN, {"age": [3], "city": ["Oslo"]}) == [[3.0, 0.0, 0.0]]


def test_rare_levels_share_one_feature_with_the_unseen_ones() -> None:
    train = {"age": [1.0] * 7, "city": ["a", "a", "a", "b", "b", "c", "d"]}
    rows = {"age": [1, 1, 1], "city": ["a", "c", "unseen"]}
    encoded = _encode(train, rows, max_categories=3)
    assert [row[1:] for row in encoded] == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]


def test_levels_of_a_small_share_of_the_rows_share_one_feature() -> None:
    train = {"age": [1.0] * 10, "city": ["a"] * 6 + ["b"] * 2 + ["c", "d"]}
    rows = {"age": [1, 1, 1], "city": ["b", "c", "unseen"]}
    encoded = _encode(train, rows, min_frequency=0.2)
    assert [row[1:] for row in encoded] == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]


def test_the_columns_to_learn_from_are_chosen_in_the_order_of_the_table() -> None:
    schema = _schema({"age": "numeric", "city": "categorical", "sex": "categorical"})
    features = build_features(schema, _featurize(columns=("sex", "age")))
    assert features[0].kinds == {"age": "numeric", "sex": "categorical"}
    with pytest.raises(InputError, match=r"'agee' is no feature \(did you mean 'age'\?\)"):
        build_features(schema, _featurize(columns=("agee",)))


def test_the_steps_are_told_with_what_they_have_learnt() -> None:
    train = {"age": [1.0, 3.0, 5.0, math.nan] * 2, "city": ["Bern", "Lima", "Lima", None] * 2}
    train["city"][0] = "a\nb"
    given = _featurize(scale=True, max_categories=2)
    features = build_features(_schema(KINDS), given).fit(pd.DataFrame(train))
    assert describe(features).splitlines() == [
        "1. clean: blanks and marks such as NA are missing; text in a numeric column too",
        "2. encode: 2 columns to 3 features",
        "",
        "numeric, 1 column: missing to the median; to mean 0 and deviation 1",
        "  age: missing to 3; mean 3, deviation 1.41421",
        "",
        "categorical, 1 column: missing to the most frequent; one-hot",
        "  city: missing to Lima; 1 level: Lima",
        "    rare, one feature with levels never seen: 2 levels: Bern, a b",
    ]


def test_steps_without_scaling_and_rare_levels_are_told() -> None:
    given = _featurize(categorical_impute="own_level")
    features = build_features(_schema(KINDS), given).fit(pd.DataFrame(TRAIN))
    told = describe(features)
    assert "missing to the median; not scaled\n  age: missing to 3\n" in told
    assert "missing to a level of its own; one-hot" in told
    assert "  city: missing to (missing); 3 levels: (missing), Bern, Lima\n" in told


@pytest.mark.parametrize("impute", ["most_frequent", "own_level"])
def test_a_column_that_is_empty_in_one_fold_stays_a_feature(impute: str) -> None:
    train = {"age": [math.nan, math.nan], "city": [None, None]}
    encoded = _encode(train, {"age": [3], "city": ["x"]}, categorical_impute=impute)
    assert len(encoded[0]) == 2


@pytest.mark.parametrize("kinds", [{"age": "numeric"}, {"city": "categorical"}], ids=str)
def test_tables_of_one_kind_of_columns_are_encoded(kinds: dict[str, str]) -> None:
    features = build_features(_schema(kinds), _featurize()).fit(pd.DataFrame(TRAIN))
    assert features.transform(pd.DataFrame(TRAIN)).shape == (4, len(names_of(features)))


def test_features_are_named_a_line_each() -> None:
    rows = pd.DataFrame({"a\nb": [1.0, 2.0], "city": ["x", "y"]})
    kinds = {"a\nb": "numeric", "city": "categorical"}
    features = build_features(_schema(kinds), _featurize()).fit(rows)
    names = names_of(features)
    assert names == ["numeric__a b", "categorical__city_x", "categorical__city_y"]
