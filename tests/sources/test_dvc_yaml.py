"""What DVC reads and writes in a sweep is what it reads and writes without one."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import OrderedDict
from datetime import date
from typing import Any

import pytest
from dvc.utils import serialize, strictyaml  # noqa: TID251 - the reference
from dvc.utils.serialize import _yaml  # noqa: TID251 - the reference
from hypothesis import example, given
from hypothesis import strategies as st

from wherefrom.sources.dvc_yaml import Memory, remembered

TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="abcDE /._-:#'\"\\[]{},&*!|>%@`0123456789~?\n\t", max_size=100),
    st.sampled_from(["no", "Yes", "null", "1e-07", "12:30:45", "0x1f", "1_000", "=", "<<", ""]),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(TEXTS, DATA, min_size=1, max_size=5)
WORDS = "a path with spaces that is longer than what fits on one line of a file.csv"
LOCK = {
    "schema": "2.0",
    "stages": {
        "train": {
            "cmd": "python src/train.py",
            "deps": [{"path": WORDS, "hash": "md5", "md5": "1" * 32, "size": 10}],
            "params": {"params.yaml": {"train": {"lr": 1e-07, "on": "no", "layers": [[1], []]}}},
        }
    },
}


def memory() -> Memory:
    return Memory(_yaml.parse_yaml, _yaml._dump, strictyaml.validate)


def written(dump: Any, data: Any) -> str:
    stream = io.StringIO()
    dump(data, stream)
    return stream.getvalue()


@given(DOCUMENTS)
@example(LOCK)
@example({"schema": "2.0", "stages": {}})
@example({"a": [], "b": {}, "c": [[1, [2]], {"d": [{}]}]})
def test_what_is_written_is_what_dvc_writes(data: dict[str, Any]) -> None:
    text = written(memory().dump, data)

    assert text == written(_yaml._dump, data)


@given(DOCUMENTS)
@example(LOCK)
def test_what_was_written_is_read_as_dvc_reads_it(data: dict[str, Any]) -> None:
    ours = memory()
    locked = {"schema": "2.0", **data}
    text = written(ours.dump, locked)

    for kind in ("safe", "rt"):
        first = ours.parse(text, "dvc.lock", kind)
        assert first == ours.parse(text, "dvc.lock", kind) == _yaml.parse_yaml(text, "dvc.lock")


def test_what_two_places_share_is_written_as_dvc_does() -> None:
    shared = {"a": [1, 2]}

    assert written(memory().dump, {"x": shared, "y": shared}) == written(
        _yaml._dump, {"x": shared, "y": shared}
    )


def test_a_subclass_with_a_style_of_its_own_is_written_as_dvc_does() -> None:
    data = _yaml.parse_yaml("# why\na: 'quoted'  # so\nb: [1, 2]\n", "params.yaml", typ="rt")
    ordered = OrderedDict([("b", OrderedDict([("z", 1)])), ("a", 2)])

    for one in (data, ordered):
        assert written(memory().dump, one) == written(_yaml._dump, one)


def test_who_changes_what_was_parsed_changes_it_for_nobody_else() -> None:
    ours = memory()
    text = "a: {b: [1]}  # why\n"

    for kind in ("safe", "rt"):
        ours.parse(text, "params.yaml", kind)["a"]["b"].append(2)
        assert ours.parse(text, "params.yaml", kind) == {"a": {"b": [1]}}


def test_a_date_is_read_as_dvc_reads_it() -> None:
    assert memory().parse("a: 2026-11-21\n", "params.yaml") == {"a": date(2026, 11, 21)}


def test_a_file_that_is_no_yaml_is_refused_as_dvc_does() -> None:
    ours = memory()

    for _ in range(2):
        with pytest.raises(_yaml.YAMLFileCorruptedError):
            ours.parse("a: [1", "params.yaml")


def test_dvc_has_the_names_that_are_replaced_and_gets_them_back() -> None:
    before = (_yaml.parse_yaml, serialize.parse_yaml, strictyaml.parse_yaml, strictyaml.validate)

    with remembered():
        here = (_yaml.parse_yaml, serialize.parse_yaml, strictyaml.parse_yaml)
        assert len(set(map(id, [*here, before[0]]))) > 1
        assert all(getattr(one, "__self__", None) for one in here)

    assert before == (
        *(_yaml.parse_yaml, serialize.parse_yaml),
        *(strictyaml.parse_yaml, strictyaml.validate),
    )


def test_dvc_reads_each_text_once_while_it_is_remembered(tmp_path: Any) -> None:
    """DVC's readers go through the names that are replaced: else a sweep would be slow."""
    code = """
from unittest import mock
from dvc.utils import serialize, strictyaml
from dvc.utils.serialize import _yaml
from wherefrom.sources import dvc_yaml
import sys
calls = []
parse = _yaml.parse_yaml
def counted(text, path, typ="safe"):
    calls.append(path)
    return parse(text, path, typ)
with mock.patch.object(_yaml, "parse_yaml", counted), dvc_yaml.remembered():
    for _ in range(3):
        serialize.load_yaml(sys.argv[1])
        serialize.load_path(sys.argv[1], __import__("dvc.fs").fs.localfs)
        strictyaml.load(sys.argv[1])
print(len(calls))
"""
    path = tmp_path / "params.yaml"
    path.write_text("a: 1\n")
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1"]


def test_a_text_that_is_asked_for_again_and_again_stays_and_others_are_forgotten() -> None:
    parsed: list[str] = []

    def parse(text: str, _path: object, _typ: str) -> dict[str, str]:
        parsed.append(text)
        return {"a": text}

    memory = Memory(parse, None, None)
    for number in range(200):
        memory.parse("base", "params.yaml")
        memory.parse(str(number), "dvc.lock")

    memory.parse("0", "dvc.lock")
    assert parsed.count("base") == 1
    assert parsed.count("0") == 2  # it would else be held until the sweep ends
