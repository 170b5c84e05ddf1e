"""YAML scalars mean what they mean to DVC."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from pipeline.yaml12 import parse_yaml

SCALARS = [
    "no",
    "yes",
    "on",
    "off",
    "y",
    "n",
    "True",
    "TRUE",
    "true",
    "tRue",
    "false",
    "~",
    "null",
    "NULL",
    "Null",
    "nULL",
    "1",
    "-1",
    "+1",
    "1_000",
    "0o17",
    "017",
    "0x1F",
    "0b11",
    "1e-07",
    "1E5",
    "-1e+3",
    "1.5",
    "-.5",
    ".5",
    "1.",
    "1.e3",
    "1_0.5",
    ".inf",
    "-.INF",
    ".Inf",
    "12:30:45",
    "1:30",
    "'1'",
    '"no"',
    "text",
    "0.1.2",
    "1e",
    "0x",
    "-",
]


@pytest.mark.parametrize("scalar", SCALARS)
def test_a_scalar_is_what_dvc_reads(scalar: str) -> None:
    document = f"key: {scalar}\n" if scalar != "-" else 'key: "-"\n'
    expected = YAML(typ="safe", pure=True).load(document)["key"]
    actual = parse_yaml(document, "params.yaml")
    assert actual == {"key": expected}
    assert type(actual["key"]) is type(expected)


def test_nan_is_a_number() -> None:
    value = parse_yaml("key: .nan\n", "params.yaml")
    assert isinstance(value["key"], float)
    assert value["key"] != value["key"]  # what NaN is


def test_anchors_and_merges_work() -> None:
    merged = parse_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", "params.yaml")
    assert merged == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}
