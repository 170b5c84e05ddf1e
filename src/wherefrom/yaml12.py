"""YAML as DVC reads it (1.2), with the speed of the C parser.

PyYAML is a YAML 1.1 parser: `no` is False, `1e-07` a string and `12:30:45` a number to it, and DVC
says otherwise. The expressions here are those of ruamel.yaml for YAML 1.2, which is what DVC
uses; a test holds the two against each other. Dates stay text: JSON, which the fingerprint is
made of, has none.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader with the scalars of YAML 1.2; a key that stands twice is an error."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def flatten_mapping(self, node: Any) -> None:  # noqa: ANN401
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
            merges = key_node.tag == "tag:yaml.org,2002:merge"
            key = key_node.value if merges else self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                problem = "a key is no text and no number"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            if key in seen:
                problem = f"the key {key!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)


def _int(loader: Any, node: yaml.ScalarNode) -> int:  # noqa: ANN401
    text = loader.construct_scalar(node).replace("_", "")
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    base = {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10)
    return sign * int(digits[2:] if base != 10 else digits, base)  # noqa: PLR2004


def _float(loader: Any, node: yaml.ScalarNode) -> float:  # noqa: ANN401
    text = loader.construct_scalar(node).replace("_", "").lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")
_FLOAT = re.compile(
    r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_INT = re.compile(r"(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$")
_NULL = re.compile(r"(?:~|null|Null|NULL|)$")

for _tag, _pattern, _first in (
    ("bool", _BOOL, "tTfF"),
    ("float", _FLOAT, "-+0123456789."),
    ("int", _INT, "-+0123456789"),
    ("null", _NULL, ["~", "n", "N", ""]),
    ("merge", re.compile(r"<<$"), "<"),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, list(_first))
Loader.add_constructor("tag:yaml.org,2002:int", _int)
Loader.add_constructor("tag:yaml.org,2002:float", _float)


_OTHER_VERSION = re.compile(r"^%YAML(?!\s+1\.2\s)", re.MULTILINE)


def load(text: str) -> Any:  # noqa: ANN401
    """Parse one YAML document.

    Raises `yaml.YAMLError` where the text is no YAML or has a key twice, and where it asks for the
    rules of YAML 1.1, which DVC then obeys. None means an empty text.
    """
    if _OTHER_VERSION.search(text):
        raise yaml.constructor.ConstructorError(None, None, "it asks for another YAML than 1.2")
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - the base is the safe loader
    except (ValueError, LookupError, AttributeError) as error:  # such as `0b_`, `!!bool x`
        raise yaml.constructor.ConstructorError(None, None, str(error), None) from error
