"""Targets, the split in training and test rows, and the folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.folds import split_folds
from pipeline.order import Order, read_order
from pipeline.params.prepare import Data, Prepare, PrepareParams
from pipeline.preparation import Prepared, prepare
from pipeline.prepared import Rows
from pipeline.profile import profile
from pipeline.schema import Schema
from pipeline.splits import split_rows
from pipeline.targets import choose_positive, read_target


def _data(**changes: Any) -> Data:
    given = {"path": "t.csv", "target": "y", "task": "classification", "id": None, "drop": ()}
    return Data(**(given | changes))


UNFIT = [
    pytest.param("classification", ["a"] * 9, "has one value only, 'a'", id="one class"),
    pytest.param("regression", ["1", "1.0"], "has one value only, 1.0\n", id="one number"),
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
        (["0", "1"], 1.0, "1"),
        (["0.0", "1.0"], 0.0, "0.0"),
        (["0.0", "1.0"], 1, "1.0"),
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
        (["0.0", "1.0"], 2, "data.positive is '2', which is no class"),
        (["a", "b", "c"], "a", "for two classes; the target has 3"),
    ],
)
def test_a_positive_class_that_cannot_be_is_refused(
    classes: list[str], given: str | int, said: str
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


def test_rows_of_one_moment_are_all_test_rows_and_refused() -> None:
    target, order = np.array(list("ab" * 5), dtype=object), Order(moments=np.zeros(10))
    with pytest.raises(InputError, match="leaves 0 rows to train on and 10 to test on"):
        split_rows(target, "classification", Prepare(test_size=0.2, seed=1), "t.csv", order)


def _rows(target: list[Any] | np.ndarray, group: Any = None, moments: Any = None) -> Rows:
    target = np.array(target, dtype=object)
    classes = [] if isinstance(target[0], float) else sorted(set(target.tolist()))
    task = "classification" if classes else "regression"
    columns = {"y": target, "g": group, "t": moments}
    frame = pd.DataFrame({name: cells for name, cells in columns.items() if cells is not None})
    names = (None if group is None else "g", None if moments is None else "t")
    return Rows(frame, Schema(task, "y", None, *names, {}, classes, None, {}, {}, []))


def test_each_row_is_held_out_once_and_each_fold_has_every_class() -> None:
    target = np.array(["a"] * 27 + ["b"] * 3, dtype=object)
    for seed in range(5):
        folds = split_folds(_rows(target), 3, seed)
        assert sorted(row for _, held_out in folds for row in held_out) == list(range(30))
        assert [set(target[held_out]) for _, held_out in folds] == [{"a", "b"}] * 3


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (["a"] * 9 + ["b"] * 4, "5 folds, and the class 'b' has 4 training rows"),
        ([1.0] * 9, "5 folds, and there are 9 training rows, where each fold needs 2"),
    ],
)
def test_fewer_rows_than_folds_are_refused(target: list[Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        split_folds(_rows(target), 5, 0)
    assert raised.value.what == said
    assert "set train.folds in params.yaml to 4 or less" in raised.value.remedy


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (_rows(["a"] * 9 + ["b"]), "the class 'b' has 1 training row"),
        (_rows(["a", "b"] * 5, ["one"] * 10), "the training rows are of 1 group"),
    ],
    ids=["class", "group"],
)
def test_what_no_number_of_folds_mends_is_not_said_to_be_mended_by_it(
    rows: Rows, said: str
) -> None:
    with pytest.raises(InputError) as raised:
        split_folds(rows, 5, 0)
    assert raised.value.what == f"5 folds, and {said}"
    assert "train.folds" not in raised.value.remedy


@pytest.mark.parametrize("target", [["a", "b"] * 30, [1.0, 2.0] * 30], ids=["classes", "numbers"])
def test_a_group_is_held_out_in_one_fold(target: list[Any]) -> None:
    groups = np.repeat(list("abcdefghijkl"), 5)
    folds = split_folds(_rows(target, groups), 4, 0)
    for fit, held_out in folds:
        assert not set(groups[fit]) & set(groups[held_out])
    assert sorted(row for _, held_out in folds for row in held_out) == list(range(60))
    with pytest.raises(InputError, match="the training rows are of 2 groups"):
        split_folds(_rows(target, ["a", "b"] * 30), 4, 0)


def test_in_the_order_of_time_a_fold_is_scored_on_what_comes_after_it() -> None:
    folds = split_folds(_rows(["a", "b"] * 30, moments=range(60)), 4, 0)
    assert [fit.max() < held_out.min() for fit, held_out in folds] == [True] * 4
    assert folds[-1][1].max() == 59


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_rows_of_one_moment_are_not_both_fitted_to_and_scored(task: str) -> None:
    table = pd.DataFrame({"x": range(160), "y": [0, 1] * 80})
    table["t"] = [f"2026-01-{1 + row // 18:02d}" + "T00:00" * (row % 2) for row in range(160)]
    table = table.sample(frac=1, random_state=0).reset_index(drop=True).astype("str")
    train = _prepared(table, time="t", task=task).train
    days = pd.to_datetime(train.frame["t"], format="ISO8601").to_numpy()
    folds = split_folds(train, 3, 0)
    assert all(days[fit].max() < days[held_out].min() for fit, held_out in folds)
    assert [len(held_out) for _, held_out in folds] == [36, 18, 36]


@pytest.mark.parametrize(
    ("moments", "folds", "said"),
    [
        pytest.param(range(11), 5, "fitted on 6 rows and scored on 1", id="few rows"),
        pytest.param([0] * 40, 3, "fitted on 0 rows and scored on 0", id="one moment"),
    ],
)
def test_a_fold_of_time_without_rows_to_score_is_refused(
    moments: Any, folds: int, said: str
) -> None:
    with pytest.raises(InputError, match=f"fold 1 is {said}"):
        split_folds(_rows([float(row) for row in range(len(moments))], moments=moments), folds, 0)


def test_a_fold_that_lacks_a_class_is_refused() -> None:
    with pytest.raises(InputError, match="fold 1 is fitted on rows without the class 'b'"):
        split_folds(_rows(["a"] * 30 + ["b"] * 30, moments=range(60)), 4, 0)


def _table(rows: int = 40) -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=rows // 2).strftime("%Y-%m-%d").repeat(2)
    frame = pd.DataFrame(
        {
            "x": range(rows),
            "who": np.repeat(list("abcdefgh"), rows // 8),
            "day": days,
            "y": ["no", "yes"] * (rows // 2),
        }
    )
    return frame.sample(frac=1, random_state=0).reset_index(drop=True).astype("str")


def _prepared(table: pd.DataFrame, size: float | None = None, **data: Any) -> Prepared:
    params = Prepare(test_size=0.25, seed=1, train_size=size)
    return prepare(table, PrepareParams(data=_data(**data), prepare=params))


def test_rows_of_a_group_are_on_one_side_and_the_group_is_not_learnt_from() -> None:
    done = _prepared(_table(), group="who")
    train, test = set(done.train.frame["who"]), set(done.test.frame["who"])
    assert (len(train), len(test)) == (6, 2)
    assert not train & test
    assert done.train.groups is not None
    assert done.train.schema.features == ["x", "day"]


def test_the_latest_rows_are_the_test_rows_and_all_are_in_order_of_time() -> None:
    table = _table()
    table.loc[table["day"] == "2026-01-16", "day"] = "2026-01-15"
    done = _prepared(table, time="day")
    days = [table["day"][side.frame.index] for side in (done.train, done.test)]
    assert days[0].max() == "2026-01-14"
    assert days[1].min() == "2026-01-15"  # all four rows of that day, where the cut falls
    assert all(side.is_monotonic_increasing for side in days)
    assert done.train.schema.features == ["x", "who"]


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(["9", "10", "8", "7"], id="numbers as text"),
        pytest.param(["2026-01-09", "2026-01-10T00:00:01", "2026-01-08", "2025-12-31"], id="text"),
        pytest.param(pd.to_datetime(["2026-03-03", "2026-03-04", "2026-03-02", "2026-03-01"])),
    ],
)
def test_time_is_read_from_numbers_and_from_dates(moments: Any) -> None:
    table = pd.DataFrame({"t": moments, "y": list("abab")})
    order = read_order(table, _data(time="t"))
    assert order.moments is not None
    assert order.moments.argsort().tolist() == [3, 2, 0, 1]


@pytest.mark.parametrize(
    ("moments", "said"),
    [(["x", "2026-01-01"], "be read, 'x'\n"), (["", "2026-01-01"], "lacks 1 value")],
)
def test_a_time_that_is_none_is_refused(moments: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_order(pd.DataFrame({"t": moments}), _data(time="t"))


def test_a_table_of_one_group_cannot_be_split() -> None:
    with pytest.raises(InputError, match="all rows are of one group, 'a'"):
        _prepared(_table().assign(who="a"), group="who")


def test_a_part_of_the_training_rows_leaves_the_test_rows_as_they_are() -> None:
    whole, part = _prepared(_table()), _prepared(_table(), size=0.5)
    assert part.test.frame.equals(whole.test.frame)
    assert part.train.schema.rows == {"train": 15, "test": 10}
    assert set(part.train.frame.index) < set(whole.train.frame.index)
    assert set(part.train.target) == {"no", "yes"}


def test_a_part_of_rows_in_time_is_the_latest() -> None:
    whole, part = _prepared(_table(), time="day"), _prepared(_table(), size=0.5, time="day")
    assert part.train.frame.index.tolist() == whole.train.frame.index[-15:].tolist()


def test_too_small_a_part_is_refused() -> None:
    with pytest.raises(InputError, match=r"prepare.train_size 0.01 takes 0 of 30 training rows"):
        _prepared(_table(), size=0.01)


@pytest.mark.parametrize(
    ("wanted", "rows", "said"),
    [("keep", 42, "would leave them out"), ("drop", 40, "left them out")],
)
def test_repeated_rows_are_counted_and_dropped_if_asked(wanted: Any, rows: int, said: str) -> None:
    table = pd.concat([_table(), _table().head(2)], ignore_index=True)
    table["key"] = range(42)  # what names a row does not make it another one
    params = Prepare(test_size=0.25, seed=1, duplicates=wanted)
    done = prepare(table, PrepareParams(data=_data(id="key"), prepare=params))
    assert (done.table_rows, done.duplicates) == (42, 2)
    assert sum(done.train.schema.rows.values()) == rows
    remark = f"2 rows repeat an earlier one; prepare.duplicates: drop {said}"
    assert done.train.schema.remarks[-1] == remark


@pytest.mark.parametrize("key", ["time", "group"])
def test_rows_of_another_time_or_group_are_no_duplicates(key: Any) -> None:
    table = pd.DataFrame({"x": "1", "kept": [*range(20)] * 2, "y": ["no", "yes"] * 20})
    table = table.astype("str")
    params = Prepare(test_size=0.25, seed=1, duplicates="drop")
    data = _data(**{key: "kept"})
    assert prepare(table, PrepareParams(data=data, prepare=params)).duplicates == 20


def test_columns_are_what_params_say_they_are() -> None:
    table = _table()
    table.loc[table.index[:3], "x"] = "?"
    done = _prepared(table, numeric=("x",))
    assert done.train.schema.kinds["x"] == "numeric"
    assert any("'x' is numeric, and" in remark for remark in done.train.schema.remarks)
    done = _prepared(_table(), categorical=("x",))
    assert done.train.schema.kinds["x"] == "categorical"
    assert set(done.train.frame["x"]) < set(_table()["x"])


def test_a_profile_tells_rows_columns_and_the_target() -> None:
    table = _table()
    done = _prepared(table, drop=("day",))
    told = profile(done.train, done.test, done.table_rows, done.duplicates)
    numbers = done.train.frame["x"]
    assert told == {
        "rows": {"table": 40, "duplicates": 0, "train": 30, "test": 10},
        "columns": {
            "x": {
                "kind": "numeric",
                "missing": 0,
                "min": numbers.min(),
                "quarter": numbers.quantile(0.25),
                "median": numbers.median(),
                "three_quarters": numbers.quantile(0.75),
                "max": numbers.max(),
            },
            "who": {"kind": "categorical", "missing": 0, "levels": 8},
        },
        "target": {
            "name": "y",
            "task": "classification",
            "train": {"no": 15, "yes": 15},
            "test": {"no": 5, "yes": 5},
        },
    }
