"""What is said of a result later, a line of JSON each: in a git note on its record. Pure.

Lines of several clones merge by `git notes merge --strategy=cat_sort_uniq`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from wherefrom import keys
from wherefrom.names import REPRODUCED, REPRODUCED_AT, REPRODUCED_IN, REPRODUCED_ON
from wherefrom.record import Gap, iso, millis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCHEMA = 1

_REPRODUCED = "reproduced"


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


def line(remark: Reproduced) -> str:
    """Write a remark."""
    body = {"schema": SCHEMA, "kind": _REPRODUCED, **asdict(remark), "at": iso(remark.at)}
    return json.dumps(body, sort_keys=True)


def last(text: str) -> Reproduced | None:
    """Give the latest of what a note says of reproductions; None where it says nothing of them."""
    return max(_of(text.splitlines()), key=lambda remark: remark.at, default=None)


def gaps(text: str, where: str) -> tuple[Gap, ...]:
    """Name the lines of a note that are no remarks, or of a version that is not known here."""
    wrong = [line for line in text.splitlines() if line.strip() and _body(line) is None]
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
        if body and body.pop("kind", None) == _REPRODUCED:
            body.pop("schema")
            yield Reproduced(**{**body, "at": millis(body["at"])})


def _body(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) and body.get("schema") == SCHEMA else None
