"""YAML with the scalars of version 1.2, which is how DVC reads params.yaml.

PyYAML follows YAML 1.1, where `no` is False, `1e-07` a string and `12:30:45` a number. A stage that
read params.yaml so would compute with other values than dvc.lock records.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from pipeline.errors import InputError

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BASES = {"0b": 2, "0o": 8, "0x": 16}
_MERGE = "tag:yaml.org,2002:merge"
_SHOWN = 40


class _Loader(_Base):  # type: ignore[misc]  # the C loader has no types
    """PyYAML's safe loader without the scalars of YAML 1.1, and without keys that stand twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own attribute

    def flatten_mapping(self, node: Any) -> None:  # noqa: ANN401  # untyped C loader
        """Merge what `<<` names, and first refuse a key that stands twice: one would be lost.

        A mapping is flattened again where another one merges it, with what it overrides in it then.
        """
        if not getattr(node, "checked", False):
            self._refuse_twice(node)
            node.checked = True
        super().flatten_mapping(node)

    def _refuse_twice(self, node: yaml.MappingNode) -> None:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            merges = key_node.tag == _MERGE
            key = key_node.value if merges else self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _refusal("a key is no text and no number", key_node)
            if key in seen:
                raise _refusal(f"the key {key!r} stands twice", key_node)
            seen.add(key)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002  # PyYAML's signature
        """Refuse what has the form or the tag of a kind and is none, such as `0b_`, `!!bool x`."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError) as error:  # PyYAML lets all three out
            kind = node.tag.rpartition(":")[2]
            raise _refusal(f"{node.value[:_SHOWN]!r} is no {kind}", node) from error


def _refusal(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _construct_int(loader: Any, node: yaml.ScalarNode) -> int:  # noqa: ANN401  # untyped C loader
    text = loader.construct_scalar(node).replace("_", "")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    base = _BASES.get(digits[:2])
    return sign * (int(digits[2:], base) if base else int(digits))


def _construct_float(loader: Any, node: yaml.ScalarNode) -> float:  # noqa: ANN401  # the same
    text = loader.construct_scalar(node).replace("_", "").lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


# The expressions are those of ruamel.yaml for YAML 1.2; ruamel.yaml is what DVC reads with.
_SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    (
        "float",
        (
            r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
            r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        "-+0123456789.",
    ),
    ("int", r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+", "-+0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
)
for _name, _expression, _first in _SCALARS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_expression})$"), list(_first)
    )
_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


# DVC reads a document that asks for YAML 1.1 by the rules of 1.1: `no` is False in it.
_OTHER_VERSION = re.compile(r"^%YAML(?!\s+1\.2\s)", re.MULTILINE)


def parse_yaml(text: str, where: str) -> object:
    """Parse one YAML document; None means an empty text. Raises InputError where it is none."""
    if _OTHER_VERSION.search(text):
        raise InputError("it asks for another YAML than 1.2", where, "take out the line %YAML")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # the base is PyYAML's safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = f"not valid YAML: {getattr(error, 'problem', None) or error}"
        raise InputError(what, where + place, "correct that line") from error
