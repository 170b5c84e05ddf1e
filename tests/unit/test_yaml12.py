"""The YAML of both our loaders equals DVC's: ruamel.yaml, YAML 1.2, the safe kind."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

import pipeline.yaml12
import wherefrom.yaml12
from pipeline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Reader:
    """One of the loaders: what it reads a text with, what it raises, what it is made of."""

    load: Callable[[str], Any]
    refusal: type[Exception]
    loader: type


READERS = {
    "wherefrom": Reader(wherefrom.yaml12.load, yaml.YAMLError, wherefrom.yaml12.Loader),
    "pipeline": Reader(
        lambda text: pipeline.yaml12.parse_yaml(text, "params.yaml"),
        InputError,
        pipeline.yaml12._Loader,
    ),
}
both = pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())

_SCALARS = """
no yes No YES on off On OFF y n Y N true True TRUE false False FALSE tRUE fALSE
~ null Null NULL nULL None none nil
0 -0 +0 00 007 010 09 1 -1 +1 1_000 1__0 _1 123456789012345678901234567890
0b0 0b11 -0b1_0 0b_1 0b2 0b 0o0 0o17 -0o17 0o_7 0o9 0o 0x0 0x1F -0x1f +0xAb 0x_f 0xG 0x 0X1F 0B1
1.0 -1.5 +1.5 1. 0. .5 -.5 +.5 0_0.0_1 1._5 1.2.3 . .. ... 1.e5 1.5e3 1.5E-3
1e5 1E5 1e+5 1e-5 1e-07 -1e-07 1e 1e- e5 .5e3 .5e+3 .5e-3 1_0e2 1e1000 -1e1000 1e-1000
.inf .Inf .INF -.inf +.inf .iNF inf -inf .nan .NaN .NAN -.nan nan
12:30:45 1:30 190:20:30 190:20:30.15 1:2:3 12:30
1.2.3.4 v1.2 1-2 1/2 1,5 1;5 3% -a +a -- --- a-b a_b a.b .a _ __ é ☺ 日本 a\u00a0b
2020-1-1 20200101 2020-01 2020-01-01x 2020_01_01
/a/b C:/x a:b http://a.b/c?d=e#f a#b $x <a> (a) a=b == =b <<x
"""

DATES = {
    "date": "2020-01-31",
    "time_utc": "2020-01-31T12:30:45Z",
    "time_space": "2020-01-31 12:30:45",
    "time_zone": "2020-01-31T12:30:45.5+02:00",
}

DOCUMENTS = {
    "empty": "",
    "comment_only": "# nothing\n",
    "empty_values": "a:\nb: ''\nc: \"\"\nd: []\ne: {}\n",
    "quoted": "a: 'no'\nb: \"1e-07\"\nc: '12:30:45'\nd: \"\\u263A\\n\"\n",
    "block_texts": "a: |\n  x\n   y\nb: >-\n  x\n  y\n",
    "odd_keys": "2: a\n1.5: b\ntrue: c\nnull: d\nno: e\n1e-07: f\n12:30: g\n",
    "nested": "a: {b: [1, {c: no}], d: [[1e-07]]}\n",
    "anchors": "a: &x [1, 2]\nb: *x\n",
    "merge": "a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n",
    "merge_last": "a: &x {k: 1}\nb:\n  k: 3\n  <<: *x\n",
    "merge_list": "a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y], m: 4}\n",
    "explicit_tags": "a: !!int '3'\nb: !!float 3\nc: !!str 3\nd: !!bool true\n",
    "byte_order_mark": "\ufeffa: 1\n",
    "windows_lines": "a: 1\r\nb: no\r\n",
    "flow_over_lines": "a: [1,\n  no,\n  1e-07]\n",
}

WRONG = {
    "unclosed_list": "a: [1",
    "unclosed_text": 'a: "1',
    "tab_indent": "a:\n\tb: 1\n",
    "two_values": "a: b: c\n",
    "unknown_tag": "a: !python/object:os.system x\n",
    "two_documents": "a: 1\n---\nb: 2\n",
    "unknown_alias": "a: *x\n",
    "control_character": "a: \x07\n",
    "merge_of_a_scalar": "a: {<<: 1}\n",
    "key_is_a_list": "? [a]\n: 2\n",
    "key_is_a_mapping": "? {a: 1}\n: 2\n",
    "yaml_1_1": "%YAML 1.1\n---\na: no\n",
    "no_truth": "a: !!bool x\n",
    "no_time": "a: !!timestamp x\n",
    "no_digits": "a: -_\n",
    "no_binary_digits": "a: 0b_\n",
    "no_hex_digits": "a: 0x_\n",
    "no_float_digits": "a: ._\n",
    "an_empty_integer": "a: !!int ''\n",
    "more_digits_than_python_reads": "a: " + "9" * 5000 + "\n",
}

DUPLICATES = {
    "block": "a: 1\nb: 2\na: 3\n",
    "flow": "{a: 1, a: 1}",
    "nested": "x:\n  y: {a: 1, a: 2}\n",
    "in_a_list": "- {a: 1, a: 2}\n",
    "quoted_and_plain": "a: 1\n'a': 2\n",
    "merges": "a: {<<: {b: 1}, <<: {c: 1}}\n",
    "equal_numbers": "1: a\n1.0: b\n",
}


def dvcs(text: str) -> Any:
    return YAML(typ="safe").load(text)


def dumped(value: object) -> str:
    """Write a value as DVC writes `dvc.lock`."""
    writer, stream = YAML(), io.StringIO()
    writer.default_flow_style = False
    writer.dump(value, stream)
    return stream.getvalue()


def assert_same(ours: Any, theirs: Any) -> None:
    """Compare with types, and with NaN equal to NaN: `1 == True == 1.0` says too little."""
    assert repr(ours) == repr(theirs)


@both
@pytest.mark.parametrize("scalar", _SCALARS.split())
def test_a_plain_scalar_is_what_dvc_reads(reader: Reader, scalar: str) -> None:
    text = f"- {scalar}\n- {{a: {scalar} }}\n"

    assert_same(reader.load(text), dvcs(text))


@both
@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("no", "no"),
        ("1e-07", 1e-07),
        ("12:30:45", "12:30:45"),
        ("010", 10),
        ("0o10", 8),
        ("1_000", 1000),
        ("~", None),
        ("TRUE", True),
        ("-.inf", -math.inf),
    ],
)
def test_the_values_that_yaml_1_1_reads_otherwise_are_named(
    reader: Reader, scalar: str, value: object
) -> None:
    assert_same(reader.load(f"a: {scalar}"), {"a": value})


@both
@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_is_what_dvc_reads(reader: Reader, text: str) -> None:
    assert_same(reader.load(text), dvcs(text))


@both
@pytest.mark.parametrize("text", DATES.values(), ids=DATES.keys())
def test_a_date_stays_text_where_dvc_makes_it_a_date(reader: Reader, text: str) -> None:
    assert isinstance(dvcs(text), dt.date)
    assert reader.load(text) == text


@both
@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_read_is_refused(reader: Reader, text: str) -> None:
    with pytest.raises(reader.refusal):
        reader.load(text)


@both
@pytest.mark.parametrize("text", DUPLICATES.values(), ids=DUPLICATES.keys())
def test_a_key_that_stands_twice_is_an_error(reader: Reader, text: str) -> None:
    with pytest.raises(reader.refusal, match="stands twice"):
        reader.load(text)


@both
def test_a_key_that_overrides_a_merged_one_does_not_stand_twice(reader: Reader) -> None:
    text = "y: &y {k: 0}\np: {q: {r: &x {<<: *y, k: 1}}}\nb: {<<: *x, k: 2}\n"

    assert_same(reader.load(text), dvcs(text))


@both
def test_the_c_parser_is_used_since_pythons_is_ten_times_slower(reader: Reader) -> None:
    assert issubclass(reader.loader, yaml.CSafeLoader)


def test_pyyamls_own_loader_is_left_as_it_was() -> None:
    assert yaml.safe_load("no") is False


_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_FLOATS = st.floats(allow_nan=True, allow_infinity=True)
_PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), _FLOATS, _TEXTS)
_KEYS = st.one_of(_TEXTS, st.integers(), st.booleans())
_TREES = st.recursive(
    _PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_TEXTS, inner, max_size=4)
    ),
    max_leaves=8,
)
_NUMBER_LIKE = st.text("0123456789+-_.eExXoObBaAfFinNyYsStrRuUlL~", min_size=1, max_size=9)


@both
@given(st.dictionaries(_KEYS, _TREES, max_size=4))
def test_whatever_dvc_writes_is_read_as_dvc_reads_it(reader: Reader, value: dict[Any, Any]) -> None:
    text = dumped(value)

    assert_same(reader.load(text), dvcs(text))


@both
@given(_NUMBER_LIKE)
def test_whatever_looks_like_a_number_is_read_as_dvc_reads_it(reader: Reader, scalar: str) -> None:
    text = f"- {scalar}\n"
    try:
        theirs = dvcs(text)
    except Exception:  # noqa: BLE001 - ruamel.yaml leaks the ValueError of `int("_")`
        with pytest.raises(reader.refusal):
            reader.load(text)
    else:
        assert_same(reader.load(text), theirs)


@both
@given(st.text("ab:{}[]&*!|>'\"%@`,-? #\n\t1.", max_size=25))
def test_no_text_raises_anything_but_the_refusal(reader: Reader, text: str) -> None:
    with contextlib.suppress(reader.refusal):
        reader.load(text)
