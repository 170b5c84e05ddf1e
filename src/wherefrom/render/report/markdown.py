"""The short form of a page: for a comment on a pull request, and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.render import audited, compared, listing, text
from wherefrom.render.report import beside
from wherefrom.render.report.html import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from wherefrom.commands.report import Report

_MOST = 10


def comment(found: Report) -> str:
    """Write the chosen results, what they differ in, and the figures of the audit."""
    names = [f"{one.label} `{_code(one.name)}`" for one in found.chosen]
    lines = [f"## {_plain(found.project)}: {len(found.chosen)} of {len(found.entries)} results\n\n"]
    lines += _table(("", *names), _addresses(found))
    lines += ["\n", *_table(("metric", *names), _metrics(found))]
    for part in beside.PARTS:
        rows = [
            [_plain(name), *(_value(None if v is None else text.brief(v)) for v in values)]
            for name, values in beside.differing(found, part)
        ]
        if rows:
            lines += [f"\n**{part}**\n\n", *_table((part, *names), rows[:_MOST])]
            lines += [f"\nand {len(rows) - _MOST} more\n" if len(rows) > _MOST else ""]
    shares = found.audit.shares.items()
    figures = (f"{one.count} of {one.of} {name}" for name, one in shares if one.of)
    lines.append(f"\nAudit: {', '.join(figures)}.\n")
    lines += ["\nGaps:\n\n" if found.gaps else ""]
    lines += [f"- {_plain(gap.what)}: {_plain(gap.why)}\n" for gap in found.gaps[:_MOST]]
    lines += [f"- and {len(found.gaps) - _MOST} more\n" if len(found.gaps) > _MOST else ""]
    return "".join(lines)


def as_json(found: Report) -> str:
    """Write the same for a program, with all results."""
    return text.as_json(
        {
            "metric": found.metric,
            "way": found.way,
            "chosen": [{"label": one.label, "key": one.trace.key} for one in found.chosen],
            "differences": [compared.as_dict(one) for one in found.differences],
            "results": [listing.as_dict(entry) for entry in found.entries],
            "audit": audited.shares_json(found.audit),
            "gaps": text.gaps_json(found.gaps),
        }
    )


def _addresses(found: Report) -> Iterator[list[str]]:
    rows = [dict(beside.address(one.trace)) for one in found.chosen]
    for name in dict.fromkeys(name for row in rows for name in row):
        yield [_plain(name), *(_value(row.get(name)) for row in rows)]


def _metrics(found: Report) -> Iterator[list[str]]:
    for name in beside.whole_metrics(found)[:_MOST]:
        best = beside.best_of(found, name)
        shown = ((beside.measured(o.trace, name), o.trace.metrics.get(name)) for o in found.chosen)
        yield [
            _plain(name),
            *(f"**{v}**" if best is not None and n == best else v for v, n in shown),
        ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def _value(value: object) -> str:
    return "" if value is None else f"`{_code(short(value))}`"


def _code(given: str) -> str:
    """Write a text so that it ends neither its code nor its cell."""
    return " ".join(given.replace("`", "'").replace("|", "\\|").split())


def _plain(given: str) -> str:
    """Write a text so that Markdown takes none of it for a mark."""
    shown = " ".join(given.split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{char}" if char in "\\`*_[]|#@!" else char for char in shown)
