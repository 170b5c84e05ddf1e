"""DVC reads and writes YAML faster in a process that runs one variant after the other.

DVC parses `dvc.yaml` and `dvc.lock` dozens of times for one experiment, with a parser in Python:
for this repository's pipeline that was two of three seconds. Here a text that was parsed once is
not parsed again, and a `dvc.lock` is written without the parser's machinery. What DVC gets and what
it writes is the same to the byte (`tests/sources/test_dvc_yaml.py`).

Private: `parse_yaml` and `_dump` of `dvc.utils.serialize._yaml`, and who else holds `parse_yaml`.
"""

from __future__ import annotations

import copy
import io
import marshal
import re
from collections import OrderedDict
from contextlib import contextmanager
from types import NoneType
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]{0,60}\Z")
"""Texts that YAML writes as they are, but for its own words."""
_WORDS = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])
_LOCK = "schema: '2.0'\n"
_WIDTH, _KEY = 78, 100
_TEXTS = 30
"""Texts that are remembered, the last that were asked for: a variant writes `dvc.lock` thrice."""
_SCALARS = 500


@contextmanager
def remembered() -> Iterator[None]:
    """Let DVC remember what it parsed, as long as this goes on."""
    from dvc.utils import serialize, strictyaml  # noqa: PLC0415, TID251
    from dvc.utils.serialize import _yaml  # noqa: PLC0415, TID251

    memory = Memory(_yaml.parse_yaml, _yaml._dump, strictyaml.validate)  # noqa: SLF001
    with (
        mock.patch.object(_yaml, "parse_yaml", memory.parse),
        mock.patch.object(serialize, "parse_yaml", memory.parse),
        mock.patch.object(strictyaml, "parse_yaml", memory.parse),
        mock.patch.object(strictyaml, "validate", memory.validate),
        mock.patch.object(_yaml, "_dump", memory.dump),
    ):
        yield


class Memory:
    """What was parsed, by its text; each who asks gets a copy of their own."""

    def __init__(self, parse: Any, dump: Any, validate: Any) -> None:  # noqa: ANN401
        self._parse = parse
        self._dump = dump
        self._validate = validate
        self._valid: dict[tuple[str, int], bool] = {}
        self._plain: dict[str, bytes] = {}
        self._with_comments: dict[str, Any] = {}
        self._scalars: dict[tuple[type, Any], str] = {}

    def parse(self, text: str, path: Any, typ: str = "safe") -> Any:  # noqa: ANN401
        """Parse a text as DVC would; `typ` "rt" keeps comments, of which a lock file has none."""
        if typ == "safe" or text.startswith(_LOCK):
            return self._parse_plain(text, path)
        if text not in self._with_comments:
            _keep(self._with_comments, text, self._parse(text, path, typ), _TEXTS)
        return copy.deepcopy(_recall(self._with_comments, text))

    def validate(
        self,
        data: Any,  # noqa: ANN401
        schema: Any,  # noqa: ANN401
        text: str | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Check the data of a text against a schema as DVC would, each text once."""
        key = (text or "", id(schema))
        if key not in self._valid:
            self._validate(data, schema, text=text, **kwargs)
            _keep(self._valid, key, text is not None, _TEXTS)
        _recall(self._valid, key)
        return data

    def _parse_plain(self, text: str, path: Any) -> Any:  # noqa: ANN401
        if text not in self._plain:
            parsed = self._parse(text, path, "safe")
            try:
                _keep(self._plain, text, marshal.dumps(parsed), _TEXTS)
            except ValueError:  # it holds a date, which marshal does not know
                return parsed
        return marshal.loads(_recall(self._plain, text))  # noqa: S302 - of this process

    def dump(self, data: Any, stream: TextIO) -> Any:  # noqa: ANN401
        """Write data as DVC would, and remember a lock file that was written."""
        try:
            plain = _plain(data, set())
            text = "".join(f"{line}\n" for line in self._lines(plain, ""))
        except _NotPlainError:
            return self._dump(data, stream)
        stream.write(text)
        if text.startswith(_LOCK):
            _keep(self._plain, text, marshal.dumps(plain), _TEXTS)
        return None

    def _lines(self, data: dict[Any, Any], indent: str) -> Iterator[str]:
        for key, value in data.items():
            head = f"{indent}{self._scalar(key)}:"
            if len(head) > _KEY:
                raise _NotPlainError
            if isinstance(value, dict) and value:
                yield head
                yield from self._lines(value, f"{indent}  ")
            elif isinstance(value, list) and value:
                yield head
                yield from self._items(value, indent)
            else:
                yield _fitting(head, self._scalar(value)).rstrip()  # of nothing

    def _below(self, item: dict[Any, Any] | list[Any], indent: str) -> Iterator[str]:
        return self._lines(item, indent) if isinstance(item, dict) else self._items(item, indent)

    def _items(self, items: list[Any], indent: str) -> Iterator[str]:
        inner = f"{indent}  "
        for item in items:
            if isinstance(item, dict | list) and item:
                first, *others = self._below(item, inner)
                yield f"{indent}- {first[len(inner) :]}"
                yield from others
            else:
                yield _fitting(f"{indent}-", self._scalar(item))

    def _scalar(self, value: Any) -> str:  # noqa: ANN401
        """Write what has nothing below it; what is not plainly itself is asked of DVC's dumper."""
        if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _WORDS:
            return value
        if isinstance(value, dict | list):
            return "{}" if isinstance(value, dict) else "[]"
        key = (type(value), repr(value))
        if key not in self._scalars:
            stream = io.StringIO()
            self._dump({"k": value}, stream)
            _keep(self._scalars, key, stream.getvalue().removeprefix("k:").strip(), _SCALARS)
        return self._scalars[key]


class _NotPlainError(Exception):
    """Data whose text depends on more than its parts."""


def _plain(data: Any, seen: set[int]) -> Any:  # noqa: ANN401
    """Give what parsing the written text would give.

    Raises `_NotPlainError` for what stands twice, which gets an anchor, for subclasses, which may
    have comments or a style, and for signs that YAML breaks lines at or escapes.
    """
    if (not data and not seen) or (isinstance(data, str) and not data.isprintable()):
        raise _NotPlainError
    if type(data) in {str, int, float, bool, NoneType}:
        return data
    if type(data) not in {dict, OrderedDict, list} or id(data) in seen:
        raise _NotPlainError
    seen.add(id(data))
    if isinstance(data, list):
        return [_plain(item, seen) for item in data]
    if "" in data:
        raise _NotPlainError
    return {_plain(key, seen): _plain(value, seen) for key, value in data.items()}


def _fitting(head: str, scalar: str) -> str:
    """Join a line, if it is one: a text with spaces may be folded where it is too long."""
    line = f"{head} {scalar}"
    if "\n" in scalar or (" " in scalar and len(line) > _WIDTH):
        raise _NotPlainError
    return line


def _keep(known: dict[Any, Any], key: Any, value: Any, most: int) -> None:  # noqa: ANN401
    """Remember a value, and forget the one that was not asked for longest."""
    known.pop(key, None)
    if len(known) >= most:
        del known[next(iter(known))]
    known[key] = value


def _recall(known: dict[Any, Any], key: Any) -> Any:  # noqa: ANN401
    """Give a value that is remembered, which is so the last that was asked for."""
    value = known[key] = known.pop(key)
    return value
