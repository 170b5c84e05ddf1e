"""What is said of a result later, a line of JSON each: in a git note on its record. Pure.

A result that keeps no record has its note on its `dvc.lock`.

Lines of several clones merge by `git notes merge --strategy=cat_sort_uniq`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from wherefrom import keys
from wherefrom.names import REPRODUCED, REPRODUCED_AT, REPRODUCED_IN, REPRODUCED_ON
from wherefrom.record import Gap, iso, millis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SCHEMA = 1

_REPRODUCED = "reproduced"
VERDICTS = ("identical", "equivalent", "different", "impossible")
"""From the best to the worst."""


@dataclass(frozen=True)
class Reproduced:
    """That a result was made again: at `at` (milliseconds, UTC), on a kind of CPU.

    `environment` is `lock` or `current`; `why` says in a line what differs or is missing, "" for
    nothing.
    """

    verdict: str
    at: int
    commit_sha: str | None
    environment: str
    cpu: str | None
    why: str = ""


_FIELDS = tuple(field.name for field in fields(Reproduced))


def line(remark: Reproduced, fingerprint: str | None = None) -> str:
    """Write a remark; `fingerprint` names the result in a lock, where that has no record."""
    body = {"schema": SCHEMA, "kind": _REPRODUCED, **asdict(remark), "at": iso(remark.at)}
    body |= {"fingerprint": fingerprint} if fingerprint else {}
    return json.dumps(body, sort_keys=True)


def last(text: str) -> Reproduced | None:
    """Give the latest of what a note says of reproductions; None where it says nothing of them."""
    return max(_of(text.splitlines()), key=lambda remark: remark.at, default=None)


def by_fingerprint(text: str) -> dict[str, str]:
    """Give the lines of a note on a dvc.lock for each result that they are of."""
    found: dict[str, str] = {}
    for one in text.splitlines():
        name = (_body(one) or {}).get("fingerprint")
        if isinstance(name, str):
            found[name] = f"{found.get(name, '')}{one}\n"
    return found


def gaps(text: str, where: str) -> tuple[Gap, ...]:
    """Name the lines of a note that are no remarks, or of a version that is not known here."""
    wrong = [line for line in text.splitlines() if line.strip() and not _is_known(line)]
    what = f"{len(wrong)} remarks on {where} cannot be read"
    why = "somebody edited the note (refs/notes/wherefrom), or a later `wherefrom` wrote it"
    return (Gap(what, why, "use that version, or remove the lines with `git notes edit`"),) * bool(
        wrong
    )


def tags(remark: Reproduced) -> dict[str, str]:
    """Give the tags that the run of a result carries."""
    known = {
        REPRODUCED: remark.verdict,
        REPRODUCED_AT: iso(remark.at),
        REPRODUCED_IN: remark.environment,
        REPRODUCED_ON: remark.cpu or "",
    }
    return {name: keys.tag(value) for name, value in known.items() if value}


def _of(lines: Iterable[str]) -> Iterator[Reproduced]:
    for text in lines:
        body = _body(text)
        remark = _reproduced(body) if body and body["kind"] == _REPRODUCED else None
        if remark:
            yield remark


def _is_known(text: str) -> bool:
    """Whether a line is a remark that can be read, or one of another kind."""
    body = _body(text)
    return body is not None and (body["kind"] != _REPRODUCED or _reproduced(body) is not None)


def _reproduced(body: Mapping[str, Any]) -> Reproduced | None:
    """Read a remark; None where a field is missing or is no such value: anybody may push a note."""
    try:
        found = Reproduced(**{**{k: body[k] for k in _FIELDS}, "at": millis(body["at"])})
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.verdict in VERDICTS else None


def _body(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    known = isinstance(body, dict) and body.get("schema") == SCHEMA and "kind" in body
    return body if known else None
