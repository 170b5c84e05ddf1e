"""What was promoted, what refused it, and the history of a name."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wherefrom.record import iso
from wherefrom.render import text, told
from wherefrom.render.kept import kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.commands.promote import Promoted
    from wherefrom.promotions import Promotion
    from wherefrom.record import Gap


def promoted(found: Promoted) -> str:
    """Show the version and the alias, or a line for each gate that refused them."""
    said = found.promotion
    failed = "".join(f"{_gate(gap)}\n" for gap in found.failed)
    if said is None:
        return f"not promoted: {found.key}\n{failed}"
    rows = [
        ("promoted" if found.made else "promoted before", f"{found.key} is {found.uri}"),
        *([("alias", f"{found.request.uri}{_before(said)}")] if said.alias else []),
        *told.rows(found.told),
        *([("despite", said.why)] if found.failed else []),
    ]
    notes = "".join(f"note: {note.what}: {note.why}\n  {note.remedy}\n" for note in found.notes)
    return text.pairs(rows) + failed + (kept(found.kept) if found.kept else "") + notes


def _gate(gap: Gap) -> str:
    return f"gate: {gap.what}: {gap.why}; {gap.remedy}"


def _before(said: Promotion) -> str:
    other = said.before is not None and said.before != said.version
    return f", which version {said.before} had" if other else ""


def promoted_json(found: Promoted) -> str:
    """Write the same for a program."""
    return text.as_json(
        {
            "key": found.key,
            "made": found.made,
            "promotion": _as_dict(found.promotion) if found.promotion else None,
            "failed": text.gaps_json(found.failed),
            "kept": asdict(found.kept) if found.kept else None,
            "notes": text.gaps_json(found.notes),
            **told.as_dict(found.told),
        }
    )


def rolled_back(said: Promotion) -> str:
    """Show which version has the alias again."""
    uri = f"models:/{said.name}@{said.alias}"
    return f"rolled back: {uri} is version {said.version}{_before(said)}\n"


def rolled_back_json(said: Promotion) -> str:
    """Write the same for a program."""
    return text.as_json({"promotion": _as_dict(said)})


def history(found: Sequence[Promotion]) -> str:
    """List what was promoted, the oldest first."""
    head = ("when", "version", "result", "alias", "what", "who", "why", "despite")
    rows = [
        (
            *(text.date(s.at), s.version, s.key[:12], s.alias or "", s.way, s.by or "", s.why),
            "; ".join(s.despite),
        )
        for s in found
    ]
    return text.table(head, rows) if rows else "nothing was promoted under that name\n"


def history_json(found: Sequence[Promotion]) -> str:
    """Write the same for a program."""
    return text.as_json({"history": [_as_dict(said) for said in found]})


def _as_dict(said: Promotion) -> dict[str, Any]:
    return {**asdict(said), "at": iso(said.at)}
