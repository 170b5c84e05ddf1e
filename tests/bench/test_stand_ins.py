"""That the stages find in a benchmark's stand-in for `wherefrom.stage` all that they call."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sandbox import PROJECT

STAND_INS = sorted((PROJECT / "benchmarks" / "stand_ins").glob("*/stage.py"))


def called(name: str) -> set[str]:
    """Give what the stages' scripts take from `stage` or `run`."""
    stages = (PROJECT / "dvc.yaml").read_text()
    scripts = (path for path in (PROJECT / "src").glob("*.py") if f"src/{path.name}" in stages)
    trees = [ast.parse(path.read_text()) for path in scripts]
    return {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


def defined(body: list[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", STAND_INS, ids=lambda path: Path(path).parent.name)
def test_a_stand_in_has_all_that_the_stages_call(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    (run,) = (node for node in body if isinstance(node, ast.ClassDef) and node.name == "Run")

    assert called("stage") - defined(body) == set()
    assert called("run") - defined(run.body) == set()
