"""Text of a file of parameters or metrics -> its values, as DVC reads them. Opens no file.

DVC takes what is neither JSON, TOML nor Python for YAML (`dvc.utils.serialize.LOADERS`).
"""

from __future__ import annotations

import ast
import json
import posixpath
import tomllib
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom import yaml12

if TYPE_CHECKING:
    from collections.abc import Iterator


def load(path: str, content: bytes) -> Any:  # noqa: ANN401
    """Read the values of a file; `path` says which format it has. Raises `ValueError`."""
    text = content.decode("utf-8")
    suffix = posixpath.splitext(path)[1].lower()
    if suffix == ".json":
        return json.loads(text)
    if suffix == ".toml":
        return tomllib.loads(text)
    try:
        return _of_python(ast.parse(text).body) if suffix == ".py" else yaml12.load(text)
    except (yaml.YAMLError, SyntaxError) as error:
        raise ValueError(str(error)) from error


def _of_python(body: list[ast.stmt]) -> dict[str, Any]:
    """Give the literals that names of a module, of its classes and of `self` are set to."""
    found: dict[str, Any] = {}
    for part in body:
        if isinstance(part, ast.ClassDef):
            found[part.name] = _of_python(part.body)
        elif isinstance(part, ast.FunctionDef) and part.name == "__init__":
            found |= dict(_assigned(part.body, attributes=True))
        else:
            found |= dict(_assigned([part], attributes=False))
    return found


def _assigned(body: list[ast.stmt], *, attributes: bool) -> Iterator[tuple[str, Any]]:
    for part in body:
        targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
        name = getattr(targets[0], "attr" if attributes else "id", None)
        if name is None or len(targets) > 1:
            continue
        try:
            value = ast.literal_eval(getattr(part, "value", None) or "")
        except (ValueError, SyntaxError):  # computed: DVC takes it for no parameter either
            continue
        yield name, list(value) if isinstance(value, tuple) else value
