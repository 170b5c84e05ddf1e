"""What all views have in common: pairs, tables, gaps, JSON."""

from __future__ import annotations

import json
import math
import textwrap
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wherefrom.record import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wherefrom.criteria import Judged
    from wherefrom.plans import Outcome
    from wherefrom.record import Gap
    from wherefrom.remarks import Reproduced

_BRIEF = 120
SHORT = 8
"""Digits of a hash or an id, where it is only to be recognised."""


def pairs(rows: Iterable[tuple[str, str]], indent: str = "") -> str:
    """Show names and texts, the texts below each other."""
    rows = [(_safe(name), _safe(text)) for name, text in rows]
    width = max((len(name) for name, _ in rows), default=0)
    return "".join(f"{indent}{name:<{width}}  {text}".rstrip() + "\n" for name, text in rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Show rows in columns; a column that is empty everywhere is left out."""
    kept = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [[_safe(line[i]) for i in kept] for line in (head, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(kept))]
    shown = ("  ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in shown)


def gaps(found: Iterable[Gap]) -> str:
    """Show gaps, each with its reason and its remedy."""
    return "".join(f"gap: {gap.what}: {gap.why}\n  {gap.remedy}\n" for gap in found)


def gaps_json(found: Iterable[Gap]) -> list[dict[str, str]]:
    """Give gaps as plain values."""
    return [asdict(gap) for gap in found]


def wrapped(text: str, first: str, rest: str) -> str:
    """Break a text at blanks where it is too long for a line."""
    return textwrap.fill(
        text,
        100,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def number(value: float | None) -> str:
    """Show a metric with four digits after the point, a small one with four that count."""
    if value is None:
        return ""
    return f"{value:.4g}" if 0 < abs(value) < 0.001 else f"{value:.4f}"  # noqa: PLR2004


def date(millis: int | None) -> str:
    """Show a time (milliseconds, UTC) to the second; an empty text for None."""
    if millis is None:
        return ""
    return f"{datetime.fromtimestamp(millis / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"


def size(count: int | None) -> str:
    """Show a number of bytes as people read it; an empty text for None."""
    if count is None:
        return ""
    power = min(int(math.log(max(count, 1), 1000)), 4)
    return f"{count / 1000**power:.{1 if power else 0}f} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def reproduced(found: Reproduced) -> str:
    """Show what a reproduction came to, when, and on which kind of CPU."""
    where = f", on {found.cpu}" if found.cpu else ""
    why = f": {found.why}" if found.why else ""
    return f"{found.verdict}, {date(found.at)[:10]}{where}{why}"


def reproduced_json(found: Reproduced | None) -> dict[str, Any] | None:
    """Give the same as plain values; None for none."""
    return {**asdict(found), "at": iso(found.at)} if found else None


def outcome(found: Outcome) -> str:
    """Show what came of a plan, and by how many of its criteria."""
    met = sum(one.verdict == "met" for one in found.criteria)
    return f"{found.verdict}, {met} of {len(found.criteria)} criteria met"


def judged(one: Judged) -> str:
    """Show what came of a criterion, with the values of its metrics."""
    values = ", ".join(f"{name} {number(value)}" for name, value in one.values.items())
    beside = "; ".join(filter(None, (values, one.why)))
    return line(f"{one.verdict}: {one.criterion}") + (f"  ({line(beside)})" if beside else "")


def plan_json(plan: Mapping[str, Any], found: Outcome | None) -> dict[str, Any] | None:
    """Give a plan and what came of it as plain values; None where nothing was expected."""
    if not plan:
        return None
    criteria = [asdict(one) for one in found.criteria] if found else []
    return {**plan, "outcome": found.verdict if found else None, "criteria": criteria}


def line(said: str) -> str:
    """Show what somebody wrote in one line, without what would move a terminal's cursor."""
    return " ".join(_safe(said).split())


def _safe(said: str) -> str:
    """Show a blank for each character that a terminal would obey."""
    return said if said.isprintable() else "".join(c if c.isprintable() else " " for c in said)


def value(item: object) -> str:
    """Show a parameter's value as YAML would be typed."""
    return json.dumps(item) if item is None or isinstance(item, bool | list | dict) else str(item)


def brief(item: object) -> str:
    """Show the start of a parameter's value, where it is one of many."""
    shown = value(item)
    return shown if len(shown) <= _BRIEF else f"{shown[:_BRIEF]}..."


def changes(found: Mapping[str, tuple[Any, Any]]) -> str:
    """Show what changed, from and to, in one line."""
    return ", ".join(f"{n} {value(old)} -> {value(new)}" for n, (old, new) in found.items())


def as_json(values: Mapping[str, object]) -> str:
    """Write JSON for a program, with the version of its form; what is no finite number as text."""
    whole: Any = {"schema": 1, **values}
    with suppress(ValueError):  # few have an infinite parameter, and all others need no copy
        return _json(whole)
    return _json(_finite(whole))


def _json(whole: object) -> str:
    return json.dumps(whole, indent=2, sort_keys=True, default=str, allow_nan=False) + "\n"


def _finite(item: object) -> object:
    if isinstance(item, dict):
        return {name: _finite(one) for name, one in item.items()}
    if isinstance(item, list | tuple):
        return [_finite(one) for one in item]
    return str(item) if isinstance(item, float) and not math.isfinite(item) else item
