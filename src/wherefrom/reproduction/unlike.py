"""In what two files of the same name differ, in a few words. Pure."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from wherefrom import formats
from wherefrom.lockfile import flatten

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALUES = (".json", ".yaml", ".yml", ".toml")
_TABLES = {".csv": ",", ".tsv": "\t"}
_SHOWN = 5


def words(path: str, then: bytes, now: bytes) -> tuple[str, ...]:
    """Say in what a file differs: the keys or the columns, else how many bytes it has."""
    suffix = f".{path.rpartition('.')[2].lower()}"
    try:
        if suffix in _VALUES:
            return _keys(path, then, now)
        if suffix in _TABLES:
            return _columns(then, now, _TABLES[suffix])
    except (ValueError, csv.Error):  # it is not what its name says
        return _sizes(then, now)
    return _sizes(then, now)


def names(then: bytes, now: Mapping[str, str]) -> tuple[str, ...]:
    """Say which files of a folder differ: `then` is DVC's list, `now` maps names to hashes."""
    before = {entry["relpath"]: entry["md5"] for entry in json.loads(then)}
    return _some(sorted(n for n in {*before, *now} if before.get(n) != now.get(n)))


def _keys(path: str, then: bytes, now: bytes) -> tuple[str, ...]:
    old, new = (flatten(formats.load(path, content)) for content in (then, now))
    unlike = [key for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key)]
    return _some([f"{key} {old.get(key)} -> {new.get(key)}".strip() for key in unlike])


def _columns(then: bytes, now: bytes, separator: str) -> tuple[str, ...]:
    old, new = (
        list(csv.reader(io.StringIO(content.decode("utf-8")), delimiter=separator))
        for content in (then, now)
    )
    if len(old) != len(new):
        return (f"{len(old)} -> {len(new)} lines",)
    before, after = (
        dict(zip(rows[0] if rows else [], zip(*rows, strict=False), strict=False))
        for rows in (old, new)
    )
    return _some([name for name in {**before, **after} if before.get(name) != after.get(name)])


def _sizes(then: bytes, now: bytes) -> tuple[str, ...]:
    if len(then) == len(now):
        return (f"{sum(a != b for a, b in zip(then, now, strict=True))} of {len(now)} bytes",)
    return (f"{len(then)} -> {len(now)} bytes",)


def _some(found: list[str]) -> tuple[str, ...]:
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return (*found[:_SHOWN], *more)
