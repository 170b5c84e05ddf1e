"""The address card of a run: Markdown in its description, which MLflow's UI shows. Pure.

It is made of the run's tags alone, so it is the same however the run came to its store.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from typing import TYPE_CHECKING

from wherefrom.keys import MAX_TAG
from wherefrom.names import (
    CARD,
    COMMIT,
    DERIVED_FROM,
    ERROR,
    EXP_BASELINE,
    EXP_NAME,
    EXP_REV,
    FINGERPRINT,
    GAPS,
    HELD_BY,
    INHERITED,
    NOTE,
    PLAN_OUTCOME,
    PRUNED,
    RECORD_ID,
    RELATION,
    REPRODUCED,
    REPRODUCED_AT,
    STAGE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Row = tuple[str, str]

_OPEN = "<!-- wherefrom: sync writes this card anew; notes of yours go above or below it ({}) -->"
_CLOSE = "<!-- /wherefrom -->"
_BLOCK = re.compile(
    r"<!-- wherefrom:[^\n]*?(\((?P<digest>[0-9a-f]{16})\) )?-->\n"
    r"(?P<card>.*?)\n<!-- /wherefrom -->",
    re.DOTALL,
)
_DATA = "dvc.data."
_SNAPSHOT = "git.snapshot"
_LATER = ("wherefrom.evaluate.stage", "wherefrom.evaluate.stage.fingerprint")
_PLAIN = re.compile(r"[\w./@:+,=() -]+")
_MEANING = re.compile(r"[^\w\s.,;:'()/-]|_")
_LONG, _MANY = 300, 10
_RELATIONS = {
    "own": "trained and evaluated here",
    "derived": "an evaluation of a model that another run trained",
}
_NO_COMMIT = "none known yet: commit the result, then `wherefrom sync`"


def described(tags: Mapping[str, str], before: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the tags that put the card into a run's description, beside what somebody wrote there.

    `tags` are all that the run has, `before` those that it had when its card was written. What
    somebody wrote into the card itself moves below it. A card that was deleted stays away, and
    where there is no room for both, the description stays as it is: then there are no such tags.
    Nor are there for a run that is about neither a stage nor an experiment, as that of a sweep.
    """
    if not {RECORD_ID, EXP_NAME} & tags.keys():
        return {}
    return put(of_run(tags), tags, of_run(before if before is not None else tags))


def put(card: str, tags: Mapping[str, str], last: str = "") -> dict[str, str]:
    """Give the tags that put a card into a description; `last` is the card that was there."""
    note, digest = tags.get(NOTE, ""), _digest(card)
    block, found = f"{_OPEN.format(digest)}\n{card}\n{_CLOSE}", _BLOCK.search(note)
    if found is not None:
        # an older card may come back: from an editor that was open while a newer one was written
        is_whole = _digest(found["card"]) in {found["digest"], tags.get(CARD)}
        theirs = [] if is_whole else _added(found["card"], last)
        below = "".join(f"\n{line}" for line in theirs)
        whole = f"{note[: found.start()]}{block}{below}{note[found.end() :]}"
    elif CARD in tags:
        return {}
    else:
        whole = f"{note}\n\n{block}" if note else block
    return {NOTE: whole, CARD: digest} if len(whole) <= MAX_TAG else {}


def of_run(tags: Mapping[str, str]) -> str:
    """Write the card of the run of a stage."""
    return _written([*_what(tags), *_where(tags), *_made_of(tags), *_said(tags)], _commands(tags))


def of_sweep(
    name: str, space: Mapping[str, object], sampler: str, metric: str | None, best: str | None
) -> str:
    """Write the card of the run of a whole sweep.

    `space` maps what varies to its values, `best` is the experiment that is best by `metric`.
    """
    rows = [("sweep", _code(name)), ("sampler", _code(sampler))]
    rows += [("space", f"{_code(key)} = {_code(str(value))}") for key, value in space.items()]
    if best and metric:
        rows.append(("best", f"{_code(best)} by {_code(metric)}"))
    trace = [f"wherefrom trace {shlex.quote(best)}"] if best else []
    return _written(rows, [*trace, f"wherefrom sweep --name {shlex.quote(name)} --resume"])


def _what(tags: Mapping[str, str]) -> Iterator[Row]:
    if ERROR in tags:
        yield "failed", _text(tags[ERROR])
    if PRUNED in tags:
        yield "given up", _text(tags[PRUNED])
    if RELATION in tags and not _has_failed(tags):
        rests = f", {_code(tags[DERIVED_FROM])}" if DERIVED_FROM in tags else ""
        yield _text(tags[RELATION]), f"{_RELATIONS.get(tags[RELATION], '')}{rests}"
    if INHERITED in tags:
        yield "inherited by", _text(tags[INHERITED])


def _where(tags: Mapping[str, str]) -> Iterator[Row]:
    name = _experiment(tags)
    if name:
        baseline = f" on {_code(tags[EXP_BASELINE])}" if EXP_BASELINE in tags else ""
        yield "experiment", f"{_code(name)}{baseline}"
    held = _held(tags)
    if held or not _has_failed(tags):
        yield "commit", _code(held) if held else _NO_COMMIT
    if not held and COMMIT in tags and not name:
        kept = f", with changes that {_code(tags[_SNAPSHOT])} keeps" if _SNAPSHOT in tags else ""
        yield "code", f"{_code(tags[COMMIT])}{kept}"


def _made_of(tags: Mapping[str, str]) -> Iterator[Row]:
    data = sorted((n.removeprefix(_DATA), v) for n, v in tags.items() if n.startswith(_DATA))
    for path, value in data[:_MANY]:
        yield "data", f"{_code(path)} {_code(value)}"
    if len(data) > _MANY:
        yield "data", f"and {len(data) - _MANY} more, see the tags"
    if RECORD_ID in tags:
        yield "record", _code(tags[RECORD_ID])
    for stage, fingerprint in ((STAGE, FINGERPRINT), _LATER):
        if fingerprint in tags:
            yield "fingerprint", f"{_code(tags[fingerprint])} of {_code(tags.get(stage, ''))}"


def _said(tags: Mapping[str, str]) -> Iterator[Row]:
    if PLAN_OUTCOME in tags:
        yield "plan", _text(tags[PLAN_OUTCOME])
    if REPRODUCED in tags:
        yield "reproduced", f"{_text(tags[REPRODUCED])}, {_text(tags.get(REPRODUCED_AT, '')[:10])}"
    for gap in tags.get(GAPS, "").splitlines()[:_MANY]:
        yield "gap", _text(gap)


def _commands(tags: Mapping[str, str]) -> Iterator[str]:
    """Give the commands that trace a result, reproduce it and bring it back."""
    address = tags.get(RECORD_ID, "")
    failed = _has_failed(tags)
    if address:
        yield f"wherefrom trace {shlex.quote(address)}"
    if address and not failed:
        yield f"wherefrom reproduce {shlex.quote(address)}"
    held, name = _held(tags), _experiment(tags)
    code = tags.get(_SNAPSHOT, tags.get(COMMIT))
    if held and EXP_REV not in tags:
        yield f"git checkout {shlex.quote(held)} && dvc checkout"
    elif name and not failed:
        yield f"dvc exp apply {shlex.quote(name)}"
    elif code and not name:
        yield f"git checkout {shlex.quote(code)} && dvc repro"


def _experiment(tags: Mapping[str, str]) -> str:
    """Name the experiment, as it is called now."""
    return tags.get(HELD_BY, "") if EXP_REV in tags else tags.get(EXP_NAME, "")


def _has_failed(tags: Mapping[str, str]) -> bool:
    """Say whether a run came to no result."""
    return ERROR in tags or PRUNED in tags


def _held(tags: Mapping[str, str]) -> str | None:
    return tags.get(EXP_REV, tags.get(HELD_BY))


def _written(rows: Iterable[Row], commands: Iterable[str]) -> str:
    lines, typed = [f"- **{name}** {text}" for name, text in rows], list(commands)
    return "\n".join([*lines, *(["", "```sh", *typed, "```"] if typed else [])])


def _code(text: str) -> str:
    """Show an id or a name as it is typed."""
    one = _line(text)
    return f"`{one}`" if _PLAIN.fullmatch(one) else _text(one)


def _text(text: str) -> str:
    """Show somebody's words; what Markdown or HTML would read in them is only shown."""
    return _MEANING.sub(lambda match: f"&#{ord(match.group())};", _line(text))


def _line(text: str) -> str:
    """Put a text on one line; a long one is whole in the tags."""
    one = " ".join(text.split())
    return one if len(one) <= _LONG else f"{one[:_LONG]}..."


def _added(inside: str, last: str) -> list[str]:
    """Give the lines of a card that are not of it."""
    own = {*last.splitlines(), ""}
    return [line for line in inside.splitlines() if line not in own]


def _digest(card: str) -> str:
    return hashlib.sha256(card.encode()).hexdigest()[:16]
