"""Who took which result for a name's use, when and why: remarks on its record. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from wherefrom.errors.answers import ModelNameError
from wherefrom.names import PROMOTED_AT, PROMOTED_BY, PROMOTED_DESPITE, PROMOTED_WHY
from wherefrom.record import iso, millis
from wherefrom.remarks import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

KIND = "promoted"

# What MLflow refuses, and only after a version was made; a quote ends the text of its queries.
_NO_NAME = re.compile(r"\s*|\.*|.*[/:'\"].*", re.DOTALL)
_ALIAS = re.compile(r"[\w-]{1,255}")
_RESERVED = re.compile(r"latest|v\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Promotion:
    """That a version of a registered model was made of a result, or given an alias again.

    `alias` is None for a version without one. `way` is `promoted` or `rolled back`, `before` the
    version that had the alias until then. `by` is who git says commits here, None where it knows
    no name; `despite` are the gates that failed and were overruled. `at` is in milliseconds, UTC.
    `key` is the result's, "" in remarks of before there was one: a store that is made anew counts
    its versions from 1 again.
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
    key: str = ""


def target(text: str) -> tuple[str, str | None]:
    """Take `NAME` or `NAME@ALIAS` apart. Raises `ModelNameError` for what MLflow would refuse."""
    name, at, alias = text.partition("@")
    if _NO_NAME.fullmatch(name):
        raise ModelNameError(text, "a model's name has letters, and no slash, colon or quote")
    if at and not _ALIAS.fullmatch(alias):
        raise ModelNameError(text, "an alias has letters, digits, - and _ alone")
    if _RESERVED.fullmatch(alias):
        raise ModelNameError(text, f"MLflow means something else by the alias {alias}")
    return name, alias if at else None


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


def still_there(
    history: Iterable[Promotion], versions: Mapping[str, str | None]
) -> list[Promotion]:
    """Leave out what is of versions that are gone; `versions` maps those there to their results."""
    return [
        one for one in history if one.version in versions and one.key in {"", versions[one.version]}
    ]


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


def former(versions: Sequence[str], holder: str | None) -> str | None:
    """Give the version that had an alias before `holder`, of those that it would go back to.

    That is the last of them where `holder` is none: somebody has set or removed it in MLflow.
    """
    last = max((at for at, one in enumerate(versions) if one == holder), default=len(versions))
    return next(reversed(versions[:last]), None)


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
            key=str(body.get("key", "")),
        )
    except (ValueError, KeyError, TypeError):  # anybody may push a note
        return None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
