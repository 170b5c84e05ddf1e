"""What is told of results by those who looked at them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wherefrom.record import iso
from wherefrom.remarks import TAGS
from wherefrom.render import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.commands.tag import Said
    from wherefrom.record import Gap
    from wherefrom.remarks import Told


def rows(told: Told) -> list[tuple[str, str]]:
    """Show the tags of a result, each with who set it, and when."""
    return [(name, _value(told, name)) for name in TAGS if told.value(name) is not None]


def as_dict(told: Told) -> dict[str, Any]:
    """Give them as plain values; `tagged` are those that were set or removed afterwards."""
    now = {name: told.value(name) for name in TAGS}
    return {**now, "tagged": {n: {**asdict(m), "at": iso(m.at)} for n, m in told.marks.items()}}


def said(found: Sequence[Said], gaps: Sequence[Gap]) -> str:
    """Show of each result all that is told of it by now."""
    return "".join(_said(one) for one in found) + text.gaps(gaps)


def said_json(found: Sequence[Said], gaps: Sequence[Gap]) -> str:
    """Write the same for a program."""
    results = [
        {
            "result": {"key": one.trace.key},
            "run": {"id": one.trace.run.mlflow_run_id} if one.trace.run else None,
            **as_dict(one.told),
        }
        for one in found
    ]
    return text.as_json({"results": results, "gaps": text.gaps_json(gaps)})


def _said(one: Said) -> str:
    name = one.trace.run.name if one.trace.run else ""
    told = text.pairs(rows(one.told), "  ") or "  nothing is told of it\n"
    return f"{one.trace.key}  {name}".rstrip() + f"\n{told}"


def _value(told: Told, name: str) -> str:
    value, mark = text.line(told.value(name) or ""), told.marks.get(name)
    if mark is None or mark.value is None or not mark.at:
        return value
    return f"{value}  ({text.line(mark.by or 'somebody')}, {text.date(mark.at)[:10]})"
