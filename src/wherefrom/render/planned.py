"""What was expected of results, against what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom.plans import CRITERIA, KEYS
from wherefrom.render import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wherefrom.entries import Entry
    from wherefrom.record import Gap

_ID = 12


def plans(entries: Sequence[Entry], gaps: Sequence[Gap] = ()) -> str:
    """Show the plan of each result that has one, and what came of it."""
    planned = [entry for entry in entries if entry.plan]
    bare = sum(entry.held for entry in entries) - len(planned)
    rest = f"results without a plan: {bare}\n" if bare else ""
    return "\n".join(filter(None, [*map(_block, planned), rest])) + text.gaps(gaps)


def as_columns(plan: Mapping[str, Any]) -> dict[str, str]:
    """Give a plan as one row."""
    return {f"plan.{key}": _told(plan[key]) for key in KEYS if key in plan}


def _block(entry: Entry) -> str:
    made_in = entry.made_in
    where = made_in.commit_sha[:7] if made_in else "workspace"
    came = text.outcome(entry.outcome) if entry.outcome else "no success criteria"
    head = filter(None, (entry.key[:_ID], entry.name, where, came))
    return "  ".join(head) + "\n" + text.pairs(_rows(entry), "  ")


def _rows(entry: Entry) -> Iterator[tuple[str, str]]:
    for key in KEYS:
        if key == CRITERIA and entry.outcome:
            first, *others = entry.outcome.criteria
            yield "success criteria", text.judged(first)
            yield from (("", text.judged(one)) for one in others)
        elif key in entry.plan:
            yield key.replace("_", " "), _told(entry.plan[key])


def _told(value: object) -> str:
    """Show a text, or several, in a line."""
    listed = value if isinstance(value, list) else [value]
    return "; ".join(text.line(str(one)) for one in listed)
