"""Targets, the split in training and test rows, and the folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.folds import split_folds
from pipeline.params.prepare import Data, Prepare
from pipeline.splits import split_rows
from pipeline.targets import choose_positive, read_target


def _data(**changes: Any) -> Data:
    given = {"path": "t.csv", "target": "y", "task": "classification", "id": None, "drop": ()}
    return Data(**(given | changes))


UNFIT = [
    pytest.param("classification", ["a"] * 9, "has one value only, 'a'", id="one class"),
    pytest.param("regression", ["1", "1.0"], "has one value only", id="one number"),
    pytest.param("classification", ["a", "", "b"], "lacks 1 value", id="one missing"),
    pytest.param("regression", [1.0, None, np.nan], "lacks 2 values", id="two missing"),
    pytest.param("regression", ["1", "x", "2"], "1 value of the target 'y' cannot", id="text"),
    pytest.param("regression", ["1", "inf"], "holds 1 number infinite", id="infinite"),
    pytest.param(
        "classification", np.linspace(0, 1, 90), "task in params.yaml to regression", id="fractions"
    ),
    pytest.param("regression", ["1", "1e308"], "or beyond 3.40e+38", id="too large for a tree"),
    pytest.param("classification", pd.to_datetime(["2020-01-01"]), "of the kind", id="dates"),
]


@pytest.mark.parametrize(("task", "cells", "said"), UNFIT)
def test_an_unfit_target_is_refused(task: str, cells: object, said: str) -> None:
    with pytest.raises(InputError) as raised:
        read_target(pd.Series(cells), _data(task=task))
    assert said in str(raised.value)
    assert raised.value.where == "t.csv"
    assert "data.drop" not in raised.value.remedy


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([0, 1, 1], id="integers"),
        pytest.param(["0", " 1", "1 "], id="text"),
        pytest.param([0.0, 1.0, 1.0], id="floats"),
    ],
)
def test_classes_are_text_whatever_they_are_stored_as(cells: list[object]) -> None:
    assert read_target(pd.Series(cells), _data()).tolist() == ["0", "1", "1"]


def test_many_whole_numbers_may_be_classes() -> None:
    assert len(set(read_target(pd.Series(range(90)), _data()))) == 90


@pytest.mark.parametrize(
    ("classes", "given", "positive"),
    [
        (["a", "b"], None, "b"),
        (["a", "b"], "a", "a"),
        (["0", "1"], 0, "0"),
        (["false", "true"], True, "true"),
        (["a", "b", "c"], None, None),
    ],
)
def test_the_positive_class_is_the_named_one_or_the_second(
    classes: list[str], given: Any, positive: str | None
) -> None:
    assert choose_positive(classes, given, "t.csv") == positive


@pytest.mark.parametrize(
    ("classes", "given", "said"),
    [
        (["benign", "malignant"], "malignent", "did you mean 'malignant'?"),
        (["a", "b", "c"], "a", "for two classes; the target has 3"),
    ],
)
def test_a_positive_class_that_cannot_be_is_refused(
    classes: list[str], given: str, said: str
) -> None:
    with pytest.raises(InputError) as raised:
        choose_positive(classes, given, "t.csv")
    assert said in raised.value.what


def test_the_split_is_stratified_in_order_and_repeatable() -> None:
    target = np.array(["a"] * 80 + ["b"] * 20, dtype=object)
    params = Prepare(test_size=0.25, seed=1)
    train, test = split_rows(target, "classification", params, "t.csv")
    assert (target[test] == "b").sum() == 5
    assert sorted([*train, *test]) == list(range(100))
    assert (np.all(np.diff(train) > 0), np.all(np.diff(test) > 0)) == (True, True)
    again = split_rows(target, "classification", params, "t.csv")
    assert np.array_equal(again[1], test)
    other = split_rows(target, "classification", Prepare(test_size=0.25, seed=2), "t.csv")
    assert not np.array_equal(other[1], test)


@pytest.mark.parametrize(
    ("task", "target", "size", "said"),
    [
        pytest.param("classification", "aaaab", 0.4, "class 'b' of the target has one", id="one"),
        pytest.param("classification", "a" * 50 + "bb", 0.2, "no test row of the class", id="rare"),
        pytest.param("classification", "aabbcc", 0.2, "4 rows to train on and 2 to", id="classes"),
        pytest.param("regression", "123456", 0.01, "5 rows to train on and 1 to", id="small test"),
        pytest.param("regression", "123456", 0.9, "0 rows to train on and 6 to", id="no training"),
    ],
)
def test_a_split_that_leaves_too_little_is_refused(
    task: str, target: str, size: float, said: str
) -> None:
    cells = np.array(list(target), dtype=object)
    with pytest.raises(InputError) as raised:
        split_rows(cells, task, Prepare(test_size=size, seed=1), "t.csv")
    assert said in str(raised.value)


def test_each_row_is_held_out_once_and_each_fold_has_every_class() -> None:
    target = np.array(["a"] * 27 + ["b"] * 3, dtype=object)
    for seed in range(5):
        folds = split_folds(target, "classification", 3, seed)
        assert sorted(row for _, held_out in folds for row in held_out) == list(range(30))
        assert [set(target[held_out]) for _, held_out in folds] == [{"a", "b"}] * 3


@pytest.mark.parametrize(
    ("task", "target", "said"),
    [
        ("classification", ["a"] * 9 + ["b"] * 4, "5 folds, and the class 'b' has 4 training rows"),
        ("regression", [1.0] * 9, "5 folds of at least 2 rows, and there are 9 training rows"),
    ],
)
def test_fewer_rows_than_folds_are_refused(task: str, target: list[Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        split_folds(np.array(target, dtype=object), task, 5, 0)
    assert raised.value.what == said
    assert "set train.folds in params.yaml to 4 or less" in raised.value.remedy
