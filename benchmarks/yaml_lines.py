"""YAML as DVC writes it, with other values: a line is found by its keys and written anew.

To write 10,000 locks through a YAML library takes half an hour, and other spaces than DVC's would
be other hashes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = tuple[str, ...]
"""The keys that lead to a value; an item of a list is known by the `path` that it begins with."""

_LINE = re.compile(r"( *)(- )?([^\s#:-][^:]*):(?: +(?!#)(.*?))?( +#.*)?$")
_NULL = re.compile(r"(?m)^( *[\w-]+:) null(?: *$|(?= +#))")


class YamlLines:
    """The lines of a text. `places` gives the line of every key."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self.places = _places(self._lines)

    def filled(self, values: Mapping[Place, object]) -> str:
        """Give the text with other values at some places; comments keep their column."""
        lines = self._lines.copy()
        for place, value in values.items():
            number = self.places[place]
            lines[number] = _rewritten(lines[number], value)
        return "\n".join(lines) + "\n"


def as_dvc_leaves(text: str) -> str:
    """Give a parameter file as `dvc exp run -S` leaves it: DVC writes some values its own way."""
    return _NULL.sub(_blank, text).replace('""', "''")


def scalar(value: object) -> str:
    """Write a number, a plain word or nothing as DVC does."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _blank(match: re.Match[str]) -> str:
    at_end = match.end() == len(match.string) or match.string[match.end()] == "\n"
    return match[1] if at_end else match[1] + " " * (match.end() - match.end(1))


def _places(lines: list[str]) -> dict[Place, int]:
    """Find the keys. The items of a list stand as deep as its key, and what they hold deeper."""
    places: dict[Place, int] = {}
    above: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        match = _LINE.match(line)
        if match is None:
            continue
        indent, item, key, value, _ = match.groups()
        depth = len(indent) + bool(item)
        above = [*(entry for entry in above if entry[0] < depth), (depth, value if item else key)]
        places[tuple(name for _, name in above)] = number
    return places


def _rewritten(line: str, value: object) -> str:
    match = _LINE.match(line)
    if match is None:
        raise ValueError(line)
    written = f"{line[: match.end(3)]}: {scalar(value)}".rstrip(" ")
    comment = (match[5] or "").lstrip(" ")
    return f"{written:<{len(line) - len(comment)}}{comment}" if comment else written
