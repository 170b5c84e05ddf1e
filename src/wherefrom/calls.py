"""Text of a Python file -> whose `start_run` it calls. Opens no file."""

from __future__ import annotations

import ast


def started_by(text: str) -> frozenset[str]:
    """Name the packages whose `start_run` a file calls; none where it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    names = dict(_imported(tree))
    called = (_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return frozenset(names[name] for name in called if name in names)


def _imported(tree: ast.AST) -> list[tuple[str, str]]:
    """List by what name a file calls a `start_run`, and whose that is."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(f"{n.asname or n.name}.start_run", n.name) for n in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            own = (n for n in node.names if n.name == "start_run")
            found += [(n.asname or n.name, node.module) for n in own]
    return found


def _name(called: ast.expr) -> str | None:
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return f"{called.value.id}.{called.attr}"
    return called.id if isinstance(called, ast.Name) else None
