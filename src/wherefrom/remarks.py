"""What is said of a result later, a line of JSON each: in a git note on its record. Pure.

A result that keeps no record has its note on its `dvc.lock`.

Lines of several clones merge by `git notes merge --strategy=cat_sort_uniq`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from wherefrom import keys
from wherefrom.names import REPRODUCED, REPRODUCED_AT, REPRODUCED_IN, REPRODUCED_ON
from wherefrom.record import Gap, iso, millis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA = 1

_REPRODUCED, _TAGGED = "reproduced", "tagged"
VERDICTS = ("identical", "equivalent", "different", "impossible")
"""From the best to the worst."""

TAGS = ("experiment_type", "status", "note")
"""The tags that are set afterwards."""


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


@dataclass(frozen=True)
class Tagged:
    """That tags of a result were set, or removed (None), at `at` (milliseconds, UTC).

    `by` is a name as git writes it; None where git knows none.
    """

    tags: Mapping[str, str | None]
    at: int
    by: str | None


@dataclass(frozen=True)
class Mark:
    """A tag as it was set last; `value` is None where that removed it."""

    value: str | None
    at: int
    by: str | None


@dataclass(frozen=True)
class Told:
    """What is told of a result by now: its records' own tags (`own`), and `marks` set later."""

    own: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """Give a tag as it is now: set later, else its records' own; None for none.

        What was set and removed is again as the records have it.
        """
        mark = self.marks.get(name)
        return mark.value if mark and mark.value is not None else self.own.get(name)

    def changed(self) -> dict[str, str | None]:
        """Map the tags that were set later to what the run has to have; None: nothing."""
        now = {name: self.value(name) for name in self.marks}
        return {name: None if value is None else keys.tag(value) for name, value in now.items()}

    def newest(self) -> int:
        """Say when a tag was set last (milliseconds, UTC); 0 where none was."""
        return max((mark.at for mark in self.marks.values()), default=0)


_FIELDS = tuple(one.name for one in fields(Reproduced))


def line(remark: Reproduced | Tagged, fingerprint: str | None = None) -> str:
    """Write a remark; `fingerprint` names the result in a lock, where that has no record."""
    kind = _TAGGED if isinstance(remark, Tagged) else _REPRODUCED
    body = {"schema": SCHEMA, "kind": kind, **asdict(remark), "at": iso(remark.at)}
    body |= {"fingerprint": fingerprint} if fingerprint else {}
    return json.dumps(body, sort_keys=True)


def last(text: str) -> Reproduced | None:
    """Give the latest of what a note says of reproductions; None where it says nothing of them."""
    found = (one for one in _of(text) if isinstance(one, Reproduced))
    return max(found, key=lambda remark: remark.at, default=None)


def marks(text: str) -> dict[str, Mark]:
    """Give the tags that a note sets, each as it was set last; of one moment the last line."""
    said = sorted((one for one in _of(text) if isinstance(one, Tagged)), key=lambda one: one.at)
    return {name: Mark(value, one.at, one.by) for one in said for name, value in one.tags.items()}


def of_run(logged: Mapping[str, str]) -> Told:
    """Give what is told of a run that nothing holds: its tags, set at no known time."""
    return Told({}, {name: Mark(logged[name], 0, None) for name in TAGS if name in logged})


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


def _of(text: str) -> Iterator[Reproduced | Tagged]:
    for one in text.splitlines():
        remark = _remark(_body(one) or {})
        if remark:
            yield remark


def _is_known(text: str) -> bool:
    """Whether a line is a remark that can be read, or one of another kind."""
    body = _body(text)
    is_other = body is not None and body["kind"] not in {_REPRODUCED, _TAGGED}
    return is_other or _remark(body or {}) is not None


def _remark(body: Mapping[str, Any]) -> Reproduced | Tagged | None:
    """Read a remark; None where a field is missing or is no such value: anybody may push a note."""
    try:
        if body.get("kind") == _TAGGED:
            return Tagged(_tags(body["tags"]), millis(body["at"]), _text(body["by"]))
        if body.get("kind") != _REPRODUCED:
            return None
        found = Reproduced(**{**{k: body[k] for k in _FIELDS}, "at": millis(body["at"])})
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.verdict in VERDICTS else None


def _tags(given: Mapping[str, Any]) -> dict[str, str | None]:
    """Read tags; those that a later version may add are passed over, and no other can be set."""
    return {name: _text(given[name]) for name in TAGS if name in given}


def _text(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError
    return value


def _body(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    known = isinstance(body, dict) and body.get("schema") == SCHEMA and "kind" in body
    return body if known else None
