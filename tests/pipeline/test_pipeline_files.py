"""Files are written whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import InputError
from pipeline.files import read_text, replacing, write_json, write_text
from pipeline.schema import VERSION, read_schema

if TYPE_CHECKING:
    from pathlib import Path


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old\n")
    with pytest.raises(UnicodeEncodeError), replacing(path) as part:
        part.write_text("half ä", encoding="ascii")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.txt", "old\n")]


def test_a_write_takes_the_place_of_a_link_and_leaves_its_target(tmp_path: Path) -> None:
    cached = tmp_path / "cached"
    cached.write_text("old")
    (tmp_path / "output").symlink_to(cached)
    write_text(tmp_path / "output", "new")
    assert ((tmp_path / "output").read_text(), cached.read_text()) == ("new", "old")


def test_json_keeps_its_order_and_holds_no_nan(tmp_path: Path) -> None:
    path = tmp_path / "new/a.json"
    write_json(path, {"b": "ä", "a": 0.1})
    assert path.read_text(encoding="utf-8") == '{\n  "b": "ä",\n  "a": 0.1\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text(encoding="utf-8"))["a"] == 0.1


def test_line_ends_are_written_as_they_are(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "a\nb\n")
    assert (tmp_path / "a.txt").read_bytes() == b"a\nb\n"
    assert read_text(tmp_path / "a.txt") == "a\nb\n"


def test_a_schema_of_another_version_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "schema.json", {"version": 99})
    with pytest.raises(InputError, match=f"version 99 of the schema; this code knows {VERSION}"):
        read_schema(tmp_path / "schema.json")
