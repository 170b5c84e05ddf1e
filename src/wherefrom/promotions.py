"""Who took which result for a name's use, when and why: remarks on its record. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from wherefrom.names import PROMOTED_AT, PROMOTED_BY, PROMOTED_DESPITE, PROMOTED_WHY
from wherefrom.record import iso, millis
from wherefrom.remarks import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KIND = "promoted"


@dataclass(frozen=True)
class Promotion:
    """That a version of a registered model was made of a result, or given an alias again.

    `alias` is None for a version without one. `way` is `promoted` or `rolled back`, `before` the
    version that had the alias until then. `by` is who git says commits here, None where it knows
    no name; `despite` are the gates that failed and were overruled. `at` is in milliseconds, UTC.
    """

    at: int
    name: str
    version: str
    alias: str | None
    way: str
    by: str | None
    why: str = ""
    despite: tuple[str, ...] = ()
    before: str | None = None


def line(promotion: Promotion, fingerprint: str | None = None) -> str:
    """Write a remark; `fingerprint` names the result in a lock, where that has no record."""
    body = {"schema": SCHEMA, "kind": KIND, **asdict(promotion), "at": iso(promotion.at)}
    body |= {"fingerprint": fingerprint} if fingerprint else {}
    return json.dumps(body, sort_keys=True)


def read(notes: Iterable[str], name: str) -> list[Promotion]:
    """Give what notes say of a model's name, the oldest first; each once."""
    lines = {one for note in notes for one in note.splitlines()}
    found = {said for said in map(_promotion, lines) if said and said.name == name}
    return sorted(found, key=lambda one: (one.at, one.version))


def stack(history: Iterable[Promotion], alias: str) -> list[str]:
    """Give the versions that an alias would go back to one after another; the last has it now."""
    found: list[str] = []
    for one in (one for one in history if one.alias == alias):
        if one.way == KIND:
            found += [one.version] if found[-1:] != [one.version] else []
            continue
        while found and found[-1] != one.version:
            found.pop()
    return found


def tags(promotion: Promotion) -> dict[str, str]:
    """Give the tags that a version carries."""
    known = {
        PROMOTED_AT: iso(promotion.at),
        PROMOTED_BY: promotion.by or "",
        PROMOTED_WHY: promotion.why,
        PROMOTED_DESPITE: "; ".join(promotion.despite),
    }
    return {name: value for name, value in known.items() if value}


def _promotion(text: str) -> Promotion | None:
    """Read a remark; None where it is of another kind, or a field is missing or wrong."""
    try:
        body: Mapping[str, Any] = json.loads(text)
        if (body["schema"], body["kind"]) != (SCHEMA, KIND):
            return None
        return Promotion(
            at=millis(body["at"]),
            name=str(body["name"]),
            version=str(body["version"]),
            alias=_text(body["alias"]),
            way=str(body["way"]),
            by=_text(body["by"]),
            why=str(body["why"]),
            despite=tuple(map(str, body["despite"])),
            before=_text(body["before"]),
        )
    except (ValueError, KeyError, TypeError):  # anybody may push a note
        return None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
