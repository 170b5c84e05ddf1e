"""Names and values in the form that MLflow takes; nothing is cut off in silence.

MLflow takes letters, digits and `_ - . space : /` in keys, 250 characters at most, in the form of a
normalised relative path (`mlflow.utils.validation`). The full map is always an artifact as well.
"""

from __future__ import annotations

import hashlib
import json
import math
import posixpath
import re

MAX_KEY = 250
MAX_PARAM = 6000
MAX_TAG = 8000

_FORBIDDEN = re.compile(r"[^\w.\- :/]", re.ASCII)
_CUT = "... (cut; the whole is in the artifacts)"


def key(name: str) -> str:
    """Escape a key: a forbidden character becomes `_xHH_`, a long key ends in a hash of itself."""
    safe = _FORBIDDEN.sub(lambda match: f"_x{ord(match.group()):02X}_", name)
    if not safe or posixpath.normpath(safe) != safe or safe.startswith(("/", "..")) or safe == ".":
        safe = safe.replace("/", "_x2F_") or "_x_"
        safe = re.sub(r"^\.+$", lambda match: "_x2E_" * len(match.group()), safe)
        safe = safe.replace("..", "_x2E__x2E_") if safe.startswith("..") else safe
    if len(safe) <= MAX_KEY:
        return safe
    tail = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{safe[: MAX_KEY - 13]}-{tail}"


def param(value: object) -> str:
    """Write a parameter's value as `mlflow.log_param` would; lists and maps as JSON."""
    text = json.dumps(value) if isinstance(value, list | dict | tuple) else str(value)
    return cut(text, MAX_PARAM)


def tag(value: object) -> str:
    """Write a tag's value; booleans as `true` and `false`, which filters can be typed with."""
    return cut(str(value).lower() if isinstance(value, bool) else str(value), MAX_TAG)


def cut(text: str, limit: int) -> str:
    """Shorten a text, and say so in it: MLflow itself says nothing."""
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


def is_metric(value: object) -> bool:
    """Whether a value is a finite number; MLflow turns an infinite one into another number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False
