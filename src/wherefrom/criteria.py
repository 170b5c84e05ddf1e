"""Success criteria: `test.accuracy > 0.90 and gap.accuracy < 0.05`. Parsed, never run. Pure.

Python's own parser gives the tree (https://docs.python.org/3/library/ast.html); what is not listed
here is refused, with its place. Allowed are `and`, `or`, `not`, comparisons, also chained ones,
`+ - * /`, numbers and names of metrics. A name that is none to Python is quoted: `'top@5' > 0.9`.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import math
import operator
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from wherefrom.errors.project import CriterionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    Numbers = Mapping[str, float]

Verdict = Literal["met", "not met", "not evaluated"]

MAX_LENGTH = 1000  # characters
_MAX_DEPTH = 100  # of an expression in another one: far from the end of Python's own stack

_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_COMPUTED: dict[type[ast.operator], Callable[[Any, Any], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Criterion:
    """A criterion that was understood; `names` are the metrics in it, in their order."""

    text: str
    names: tuple[str, ...]
    holds: Callable[[Numbers], bool]


@dataclass(frozen=True)
class Judged:
    """What came of a criterion: the values of its metrics, those that there are.

    `why` says why it was not evaluated, "" where it was.
    """

    criterion: str
    verdict: Verdict
    values: Mapping[str, float]
    why: str = ""


@lru_cache(maxsize=1000)  # many results are judged by the same ones
def parse(given: str) -> Criterion:
    """Understand a criterion. Raises `CriterionError`."""
    text = " ".join(given.split())
    if len(text) > MAX_LENGTH:
        raise CriterionError(f"{text[:40]}...", MAX_LENGTH, f"it is longer than {MAX_LENGTH}")
    tree = _tree(text)
    names = tuple(dict.fromkeys(_names(tree)))
    holds = _Reader(text).condition(tree)
    if not names:
        raise CriterionError(text, 1, "it names no metric, so it is the same for every result")
    return Criterion(text, names, holds)


def check(criterion: Criterion, known: Collection[str]) -> None:
    """Raise `CriterionError` for a metric that is none of those that there will be."""
    for name in criterion.names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            meant = f"; did you mean {_written(near[0])}?" if near else ""
            found = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", criterion.text)
            place = found.start() + 1 if found else 1
            raise CriterionError(criterion.text, place, f"no metric is called {name}{meant}")


def judge(text: str, metrics: Numbers) -> Judged:
    """Judge a result by a criterion; one that cannot be told is not evaluated, and says why."""
    try:
        found = parse(text)
    except CriterionError as error:
        return Judged(text, "not evaluated", {}, f"at {error.place}: {error.why}")
    values = {name: metrics[name] for name in found.names if name in metrics}
    missing = [name for name in found.names if name not in metrics]
    if missing:
        why = f"this result has no metric {', '.join(missing)}"
        return Judged(found.text, "not evaluated", values, why)
    try:
        holds = found.holds(values)
    except ArithmeticError as error:
        return Judged(found.text, "not evaluated", values, str(error))
    return Judged(found.text, "met" if holds else "not met", values)


def _tree(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `0.9and` is a word that later versions refuse
            tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        if error.offset == 0:
            raise CriterionError(text, len(text) + 1, "it ends too soon") from error
        raise CriterionError(text, error.offset or 1, error.msg) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise CriterionError(text, 1, "it cannot be read, or is too deeply nested") from error
    if _depth(tree) > _MAX_DEPTH:
        raise CriterionError(text, 1, "it is too deeply nested")
    return tree


def _depth(tree: ast.AST) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
    return deepest


def _names(tree: ast.AST) -> Iterator[str]:
    """Give the names of metrics, from left to right."""
    name = _name(tree)
    if name is not None:
        yield name
        return
    for inner in ast.iter_child_nodes(tree):
        yield from _names(inner)


def _name(node: ast.AST) -> str | None:
    """Give the name that a node is, dotted or quoted; None where it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else None


def _written(name: str) -> str:
    """Write the name of a metric as it stands in a criterion."""
    is_plain = all(p.isidentifier() and not keyword.iskeyword(p) for p in name.split("."))
    return name if is_plain else repr(name)


class _Reader:
    """Turns the tree of a text into what computes it; refuses all that is not listed."""

    def __init__(self, text: str) -> None:
        self._text = text

    def condition(self, node: ast.expr) -> Callable[[Numbers], bool]:
        """Read what is true or false."""
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.condition(value) for value in values]
                whole = all if isinstance(op, ast.And) else any
                return lambda metrics: whole(part(metrics) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.condition(operand)
                return lambda metrics: not inner(metrics)
            case ast.Compare():
                return self._comparison(node)
        raise self._refused(node, "a comparison has to stand here")

    def _comparison(self, node: ast.Compare) -> Callable[[Numbers], bool]:
        if any(type(op) not in _COMPARED for op in node.ops):
            raise self._refused(node, "allowed are < <= > >= == !=")
        numbers = [self._number(part) for part in (node.left, *node.comparators)]
        ops = [_COMPARED[type(op)] for op in node.ops]

        def holds(metrics: Numbers) -> bool:
            values = [number(metrics) for number in numbers]
            return all(op(a, b) for op, a, b in zip(ops, values, values[1:], strict=False))

        return holds

    def _number(self, node: ast.expr) -> Callable[[Numbers], float]:
        """Read what is a number."""
        name = _name(node)
        if name is not None:
            return lambda metrics: _finite(metrics[name], name)
        match node:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() as value):
                return self._literal(node, value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._number(operand)
                return lambda metrics: -inner(metrics)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._number(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _COMPUTED:
                first, second, compute = self._number(left), self._number(right), type(op)
                return lambda metrics: _computed(compute, first(metrics), second(metrics))
        raise self._refused(node, "a number or a metric has to stand here")

    def _literal(self, node: ast.expr, value: float) -> Callable[[Numbers], float]:
        try:
            number = _finite(float(value), "it")
        except ArithmeticError as error:
            raise self._refused(node, "it is too large a number") from error
        return lambda _metrics: number

    def _refused(self, node: ast.expr, why: str) -> CriterionError:
        place = len(self._text.encode()[: node.col_offset].decode(errors="ignore")) + 1
        return CriterionError(self._text, place, why)


def _computed(op: type[ast.operator], first: float, second: float) -> float:
    """Compute one step. Raises `ArithmeticError` where it has no finite result."""
    if op is ast.Div and second == 0:
        raise ZeroDivisionError("it divides by zero")
    return _finite(_COMPUTED[op](first, second), "a step of it")


def _finite(value: float, name: str) -> float:
    if not math.isfinite(value):
        raise ArithmeticError(f"{name} is {value}, no finite number")
    return value
