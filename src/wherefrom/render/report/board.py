"""The leaderboard: all results, to be sorted and filtered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wherefrom.remarks import TAGS
from wherefrom.render import listing, text
from wherefrom.render.report.html import Html, el, join, scrolled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wherefrom.commands.report import Report
    from wherefrom.entries import Entry

_PARAMS, _METRICS = 6, 6
"""How many have a column of their own: of the parameters those that vary the most."""
_CUT = 40
"""So many characters have room in each column."""
_ORDER = {"larger": "descending", "smaller": "ascending"}


def board(found: Report) -> Html:
    """Show all results; a letter says which of them are chosen."""
    metrics = shown_metrics(found)
    params = varied(found.entries)[:_PARAMS]
    labels = {one.trace.key: one.label for one in found.chosen}
    more = [_more(entry, params) for entry in found.entries]
    kept = [name for name in more[0] if any(row[name] for row in more)]
    rows = (
        el("tr", *_cells(entry, metrics, params, labels), *(_wide(row[name]) for name in kept))
        for entry, row in zip(found.entries, more, strict=True)
    )
    head = [
        *(_head(name) for name in ("result", "commit", "time", "data")),
        *(_head(name, _sorting(found, name), "number") for name in metrics),
        *(_head(name) for name in (*params, *kept)),
    ]
    order = f"by {found.metric}, {found.way} is better" if found.metric else "the newest first"
    whole = el(
        "table",
        el("caption", f"All results, {order}. A button in the head sorts."),
        el("thead", el("tr", *head)),
        el("tbody", *rows),
        id="board",
    )
    return join([_filter(len(found.entries)), scrolled("All results", whole)])


def shown_metrics(found: Report) -> list[str]:
    """Choose the metrics of the list: the one that sorts it, then the test's."""
    known = dict.fromkeys(name for entry in found.entries for name in entry.metrics)
    first = listing.shown_metrics(found.entries, found.metric)
    tests = [name for name in known if name.startswith("test.") or "." not in name]
    return list(dict.fromkeys((*first, *tests)))[:_METRICS]


def varied(entries: Sequence[Entry]) -> list[str]:
    """List the parameters that differ between results, those with the most values first."""
    values: dict[str, set[str]] = {}
    for entry in entries:
        for name, value in entry.params.items():
            values.setdefault(name, set()).add(text.value(value))
    counts = {name: len(some) for name, some in values.items() if len(some) > 1}
    return sorted(counts, key=lambda name: -counts[name])


def name_of(entry: Entry) -> str:
    """Give what a person calls a result, else its id."""
    return entry.name or entry.key[:12]


def version_of(entry: Entry) -> str:
    """Give the versions of its raw data: their labels, else their hashes."""
    return ", ".join(entry.labels) or " ".join(str(i.hash)[: text.SHORT] for i in entry.data)


def _filter(count: int) -> Html:
    box = el(
        "input",
        type="search",
        id="filter",
        autocomplete="off",
        spellcheck="false",
        size=34,
        aria_describedby="filter-hint",
    )
    hint = el("small", "words, name=value, metric>0.9", class_="note", id="filter-hint")
    said = el("output", f"{count} of {count} results", id="shown", for_="filter")
    return el("p", el("label", "Show results with ", box), hint, said, class_="controls")


def _sorting(found: Report, metric: str) -> str:
    return _ORDER.get(str(found.way), "none") if metric == found.metric else "none"


def _head(name: str, order: str = "none", kind: str | None = None) -> Html:
    button = el("button", *_breakable(name), type="button")
    return el("th", button, scope="col", aria_sort=order, class_=kind)


def _breakable(name: str) -> Iterator[str]:
    """Let a long name be broken behind its points and underscores."""
    for part in re.findall(r"[^._]*[._]?", name):
        yield from (part, Html("<wbr>"))


def _cells(
    entry: Entry, metrics: Sequence[str], params: Sequence[str], labels: Mapping[str, str]
) -> Iterator[Html]:
    made_in, label = entry.made_in, labels.get(entry.key)
    mark = [el("a", label, href=f"#result-{label}", class_="label"), " "] if label else []
    yield el("th", *mark, name_of(entry), scope="row", title=entry.key)
    yield el("td", el("code", made_in.commit_sha[:7] if made_in else "workspace"))
    yield el("td", text.date(made_in.time * 1000)[:16] if made_in else "")
    yield el("td", version_of(entry))
    for value in map(entry.metrics.get, metrics):
        exact = None if value is None else repr(value)
        yield el("td", text.number(value), class_="number", data_value=exact)
    for name in params:
        yield el("td", text.brief(entry.params[name]) if name in entry.params else "")


def _wide(said: str) -> Html:
    """Give a cell that may be cut where its column ends; a pointer shows all of it."""
    return el("td", said, title=said if len(said) > _CUT else None)


def _more(entry: Entry, params: Sequence[str]) -> dict[str, str]:
    """Give what has a column only where some result has it."""
    others = {
        name: (text.brief(old), text.brief(new))
        for name, (old, new) in entry.changed.items()
        if name not in params
    }
    return {
        "other changes": listing.changes(others),
        "plan": entry.outcome.verdict if entry.outcome else "",
        **{name: entry.told.value(name) or "" for name in TAGS},
        "reproduced": entry.reproduced.verdict if entry.reproduced else "",
        "gaps": str(entry.gaps or ""),
    }
