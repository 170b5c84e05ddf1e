"""Names and values in the form that MLflow takes, and nothing lost in silence."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils import validation  # noqa: TID251 - what refuses keys says what it takes

from wherefrom import keys

ODD = [
    "a+b",
    "f(x)",
    "a[0]",
    "a/",
    "/a",
    "a//b",
    "..",
    ".",
    "../a",
    "./a",
    "a/../b",
    "",
    " ",
    "é",
    "a\nb",
    "x" * 251,
    "x" * 5000,
    "a=b",
    "é" * 300,
    "a/./b",
    "...",
    "a" * 249 + "/",
    "/",
]


def accepted(name: str) -> None:
    """Ask MLflow itself, by what it calls before it takes a key."""
    validation._validate_tag_name(name)
    validation._validate_metric_name(name)
    validation._validate_param_name(name)
    validation._validate_length_limit("key", keys.MAX_KEY, name)


@pytest.mark.parametrize("name", ODD, ids=[str(i) for i in range(len(ODD))])
def test_an_odd_key_is_escaped_to_one_that_mlflow_takes(name: str) -> None:
    accepted(keys.key(name))


@given(st.text(max_size=300))
def test_any_key_is_escaped_to_one_that_mlflow_takes(name: str) -> None:
    accepted(keys.key(name))


@given(st.text("./a ", max_size=12))
def test_any_key_that_looks_like_a_path_is_escaped_to_one_that_mlflow_takes(name: str) -> None:
    accepted(keys.key(name))


@pytest.mark.parametrize(
    "name", ["train.lr", "dvc.data.a/b c.csv", "config/a.toml:x", "a_b-c", "x" * 250]
)
def test_a_key_that_mlflow_takes_stays_as_it_is(name: str) -> None:
    assert keys.key(name) == name


def test_long_keys_stay_different_and_end_in_their_own_hash() -> None:
    one, two = keys.key("x" * 300 + "1"), keys.key("x" * 300 + "2")

    assert one != two
    assert len(one) == len(two) == keys.MAX_KEY


@pytest.mark.parametrize(("one", "two"), [("a+b", "a(b"), ("a/", "a"), (".", ".."), ("", ".")])
def test_different_odd_keys_stay_different(one: str, two: str) -> None:
    assert keys.key(one) != keys.key(two)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1e-07, "1e-07"),
        (None, "None"),
        (True, "True"),
        ("no", "no"),
        ([1, "a", None], '[1, "a", null]'),
        ({"a": 1}, '{"a": 1}'),
        ((1, 2), "[1, 2]"),
    ],
)
def test_a_parameter_is_written_as_mlflow_would_and_a_collection_as_json(
    value: object, text: str
) -> None:
    assert keys.param(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (1, "1"), ("A", "A")]
)
def test_a_tag_writes_booleans_as_filters_are_typed(value: object, text: str) -> None:
    assert keys.tag(value) == text


@pytest.mark.parametrize(
    ("write", "limit"),
    [(keys.param, keys.MAX_PARAM), (keys.tag, keys.MAX_TAG)],
    ids=["param", "tag"],
)
def test_a_value_that_is_too_long_says_that_it_was_cut(write: Any, limit: int) -> None:
    assert write("x" * limit) == "x" * limit
    assert len(write("x" * (limit + 1))) == limit
    assert write("x" * (limit + 1)).endswith("(cut; the whole is in the artifacts)")


@pytest.mark.parametrize("value", [0, 1, -1.5, 1e308, 10**18])
def test_a_finite_number_is_a_metric(value: float) -> None:
    assert keys.is_metric(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, True, None, "1", [1]])
def test_anything_else_is_no_metric(value: object) -> None:
    assert not keys.is_metric(value)


def test_a_whole_number_that_no_float_can_hold_is_no_metric() -> None:
    assert not keys.is_metric(10**400)
