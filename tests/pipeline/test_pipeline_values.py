"""Cells: missing, numbers, levels; and what columns are made of them."""

from __future__ import annotations

import datetime as dt
import decimal
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.columns import learn_columns, strange_cells
from pipeline.errors import InputError
from pipeline.values import is_missing, level_of, read_levels, read_numbers

# The same examples in every run, and no deadline that a busy machine would miss.
CALM = settings(deadline=None, database=None, derandomize=True)
MISSING = ["", "  ", "\t", "NA", " nan ", "null", "None", "N/A", None, math.nan, pd.NA, pd.NaT]


@pytest.mark.parametrize("cell", MISSING, ids=repr)
def test_a_cell_without_a_value_is_missing(cell: object) -> None:
    column = pd.Series([cell, "x"], dtype=object)
    assert is_missing(column).tolist() == [True, False]
    assert math.isnan(read_numbers(column).floats[0])
    assert not read_numbers(column).strange[0]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (" 1.5 ", 1.5),
        ("+3", 3.0),
        ("-.5e-3", -0.0005),
        ("007", 7.0),
        (True, 1.0),
        (decimal.Decimal("0.1"), 0.1),
        (np.int8(3), 3.0),
        ("0.1", 0.1),
    ],
    ids=repr,
)
def test_a_number_is_read_from_text_and_from_values(cell: object, number: float) -> None:
    numbers = read_numbers(pd.Series([cell], dtype=object))
    assert (numbers.floats.tolist(), numbers.strange.tolist()) == ([number], [False])


@pytest.mark.parametrize("cell", ["x", "1,5", "1_000", "12:30", "0x10", "true", "1 2"])
def test_other_text_is_no_number_and_counts_as_missing(cell: str) -> None:
    numbers = read_numbers(pd.Series([cell, "1"], dtype=object))
    assert np.isnan(numbers.floats).tolist() == [True, False]
    assert numbers.strange.tolist() == [True, False]


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        (" Oslo ", "Oslo"),
        (1, "1"),
        (1.0, "1"),
        ("1", "1"),
        ("01", "01"),
        (0.5, "0.5"),
        (True, "true"),
        ("TRUE", "true"),
        (np.False_, "false"),
        ("False", "false"),
        ("NA", None),
        (math.nan, None),
    ],
    ids=repr,
)
def test_levels_compare_as_text(cell: object, level: str | None) -> None:
    assert level_of(cell) == level


@CALM
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_are_the_same_as_text_as_objects_and_as_floats(values: list[float]) -> None:
    texts = pd.Series([f" {value!r} " for value in values], dtype="str")
    expected = np.array(values).tobytes()
    assert read_numbers(texts).floats.tobytes() == expected
    assert read_numbers(pd.Series(values, dtype=object)).floats.tobytes() == expected
    assert read_numbers(pd.Series(values, dtype=float)).floats.tobytes() == expected


TEXTS = st.one_of(
    st.sampled_from([*(cell for cell in MISSING if isinstance(cell, str)), "inf", "-Infinity"]),
    st.sampled_from(
        ["1_0", "+1", "1.", ".5", "1e5", "0x1", "NAN", "1d2", "1e", "\u00a01 ", "\u0661"]
    ),
    st.floats().map(repr),
    st.text(alphabet="0123456789+-.eE_ x", max_size=6),
)


@CALM
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_columns_of_text_are_read_alike_as_a_whole_and_cell_by_cell(texts: list[str]) -> None:
    whole = read_numbers(pd.Series(texts, dtype="str"))
    by_cell = read_numbers(pd.Series(texts, dtype=object))
    np.testing.assert_array_equal(whole.floats, by_cell.floats)
    np.testing.assert_array_equal(whole.strange, by_cell.strange)


@CALM
@given(st.lists(st.one_of(st.none(), st.text(max_size=5), st.integers(), st.booleans())))
def test_reading_levels_a_second_time_changes_nothing(cells: list[object]) -> None:
    once = read_levels(pd.Series(cells, dtype=object))
    twice = read_levels(pd.Series(once, dtype=object))
    assert pd.Series(once, dtype=object).equals(pd.Series(twice, dtype=object))


KINDS = [
    pytest.param(pd.Series(["1", " 2 ", "", "NA"] * 9), "numeric", id="text numbers and blanks"),
    pytest.param(pd.Series([1, 2, None] * 9, dtype="Int64"), "numeric", id="nullable integers"),
    pytest.param(pd.Series([1.5, None, 2] * 9), "numeric", id="floats"),
    pytest.param(pd.Series([7] * 9), "numeric", id="constant"),
    pytest.param(pd.Series([decimal.Decimal("1.5")] * 9), "numeric", id="decimals"),
    pytest.param(pd.Series(["1", "2", "x"] * 9), "categorical", id="codes"),
    pytest.param(pd.Series(["True", "false", ""] * 9), "categorical", id="text booleans"),
    pytest.param(pd.Series([True, False] * 9), "categorical", id="booleans"),
    pytest.param(
        pd.Series([True, None] * 9, dtype="boolean"), "categorical", id="nullable booleans"
    ),
    pytest.param(
        pd.Series(["b", "a"] * 9, dtype="category"), "categorical", id="pandas categories"
    ),
]


@pytest.mark.parametrize(("column", "kind"), KINDS)
def test_a_column_is_numeric_if_every_value_is_a_number(column: pd.Series, kind: str) -> None:
    learnt = learn_columns(pd.DataFrame({"c": column}), ["c"], "t.csv")
    assert learnt.kinds == {"c": kind}
    assert learnt.remarks == []


def test_missing_cells_are_counted_by_column() -> None:
    rows = pd.DataFrame({"a": ["1", " ", "NA"], "b": ["x", "y", "z"]})
    assert learn_columns(rows, ["a", "b"], "t.csv").missing == {"a": 2}


def test_a_column_without_values_is_left_out_and_said_so() -> None:
    rows = pd.DataFrame({"void": ["", "NA"], "x": ["1", "2"]})
    learnt = learn_columns(rows, ["void", "x"], "t.csv")
    assert list(learnt.kinds) == ["x"]
    assert learnt.remarks == ["column 'void' is left out: no training row has a value in it"]


def test_columns_without_any_value_are_refused() -> None:
    with pytest.raises(InputError, match="no column has a value to learn from"):
        learn_columns(pd.DataFrame({"a": ["", ""], "b": [None, None]}), ["a", "b"], "t.csv")


def test_a_typing_error_among_numbers_is_pointed_out() -> None:
    rows = pd.DataFrame({"a": [*map(str, range(99)), "12 5"]})
    (remark,) = learn_columns(rows, ["a"], "t.csv").remarks
    assert "categorical because 1 of its 100 values" in remark
    assert "'12 5'" in remark


def test_numbers_with_a_decimal_comma_are_pointed_out() -> None:
    rows = pd.DataFrame({"a": ["3", " -12,5 ", "", "1.200,25"], "b": ["1,5", "1,5", "2,x", "3"]})
    (remark,) = learn_columns(rows, ["a", "b"], "t.csv").remarks
    assert "column 'a' holds numbers with a decimal comma, such as ' -12,5 '" in remark


def test_dates_that_become_categories_are_pointed_out() -> None:
    rows = pd.DataFrame({"when": ["2026-01-31", "", "2026-02-01T10:00"], "code": ["1a", "2", "3"]})
    (remark,) = learn_columns(rows, ["when", "code"], "t.csv").remarks
    assert "column 'when' holds dates, such as '2026-01-31'" in remark


def test_text_in_a_numeric_column_of_the_test_rows_is_pointed_out() -> None:
    rows = pd.DataFrame({"a": ["1", "?", ""], "b": ["?", "?", "?"]})
    (remark,) = strange_cells(rows, {"a": "numeric", "b": "categorical"}, "test")
    assert "column 'a' is numeric, and 1 value in the test rows" in remark


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        pytest.param([1.0, math.inf, -math.inf], "2 numbers", id="infinite floats"),
        pytest.param(["1", "inf"], "1 number", id="infinite text"),
        pytest.param([1, 10**39], "1 number", id="too large for a tree"),
    ],
)
def test_non_finite_numbers_are_refused_with_column_and_count(
    cells: list[object], count: str
) -> None:
    with pytest.raises(InputError) as raised:
        learn_columns(pd.DataFrame({"speed": cells}), ["speed"], "t.csv")
    assert f"the column 'speed' holds {count} infinite" in raised.value.what
    assert "data.drop" in raised.value.remedy


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(pd.to_datetime(["2020-01-01", None]), id="timestamps"),
        pytest.param(pd.to_timedelta(["1h", "2h"]), id="durations"),
        pytest.param([dt.date(2020, 1, 1), None], id="dates"),
        pytest.param([[1], [2]], id="lists"),
        pytest.param([1j, 2j], id="complex numbers"),
        pytest.param([b"a", b"b"], id="bytes"),
    ],
)
def test_columns_of_other_things_are_refused(cells: object) -> None:
    with pytest.raises(InputError, match="holds values of the kind") as raised:
        learn_columns(pd.DataFrame({"when": cells}), ["when"], "t.csv")
    assert "data.drop" in raised.value.remedy
