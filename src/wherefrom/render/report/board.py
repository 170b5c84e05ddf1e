"""The leaderboard: all results, to be sorted and filtered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from wherefrom import metrics as metrics_
from wherefrom.render import listing, text
from wherefrom.render.report.html import Html, el, join, scrolled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wherefrom.commands.report import Report
    from wherefrom.entries import Entry

_LAST = ("other changes", "reproduced", "gaps")
_PARAMS = 6
"""How many parameters have a column of their own: those that vary the most."""


def board(found: Report) -> Html:
    """Show all results; a mark says which of them are chosen."""
    metrics = shown_metrics(found)
    params = varied(found.entries)[:_PARAMS]
    labels = {one.trace.key: one.label for one in found.chosen}
    last = [name for name in _LAST if any(_more(entry, params)[name] for entry in found.entries)]
    head = ("result", "commit", "time", "data", *metrics, *params, *last)
    ways = dict.fromkeys(metrics, "number")
    rows = (_row(entry, metrics, params, last, labels) for entry in found.entries)
    whole = el(
        "table",
        el("caption", f"All results{_sorted(found)}. A button in the head sorts."),
        el("thead", el("tr", *(_head(name, ways) for name in head))),
        el("tbody", *rows),
        id="board",
    )
    return join([_filter(len(found.entries)), scrolled("All results", whole)])


def shown_metrics(found: Report) -> list[str]:
    """Choose the metrics of the list: the one that sorts it, then the test's."""
    known = dict.fromkeys(name for entry in found.entries for name in entry.metrics)
    first = listing.shown_metrics(found.entries, found.metric)
    tests = [name for name in known if name.startswith("test.") or "." not in name]
    return list(dict.fromkeys((*first, *tests)))[:6]


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


def _sorted(found: Report) -> str:
    return f", by {found.metric}, {found.way} is better" if found.metric else ", the newest first"


def _filter(count: int) -> Html:
    box = el("input", type="search", id="filter", autocomplete="off", spellcheck="false", size=34)
    hint = el("small", "words, name=value, metric>0.9", class_="note")
    said = el("output", f"{count} of {count} results", id="shown", for_="filter")
    return el("p", el("label", "Show results with ", box), hint, said, class_="controls")


def _head(name: str, ways: Mapping[str, str]) -> Html:
    button = el("button", *_breakable(name), type="button")
    return el("th", button, scope="col", aria_sort="none", class_=ways.get(name))


def _breakable(name: str) -> Iterator[str]:
    """Let a long name be broken behind its points and underscores, where it is printed."""
    for part in re.findall(r"[^._]*[._]?", name):
        yield from (part, Html("<wbr>"))


def _more(entry: Entry, params: Sequence[str]) -> dict[str, str]:
    """Give what has a column only where some result has it."""
    others = {name: pair for name, pair in entry.changed.items() if name not in params}
    verdict = entry.reproduced.verdict if entry.reproduced else ""
    return dict(zip(_LAST, (listing.changes(others), verdict, str(entry.gaps or "")), strict=True))


def _row(
    entry: Entry,
    metrics: Sequence[str],
    params: Sequence[str],
    last: Sequence[str],
    labels: Mapping[str, str],
) -> Html:
    made_in = entry.made_in
    label = labels.get(entry.key)
    mark = [el("a", label, href=f"#result-{label}", class_="label"), " "] if label else []
    made = text.date(made_in.time * 1000)[:16] if made_in else ""
    return el(
        "tr",
        el("th", *mark, name_of(entry), scope="row", title=entry.key),
        el("td", el("code", made_in.commit_sha[:7] if made_in else "workspace")),
        el("td", made, class_="time"),
        el("td", version_of(entry)),
        *(_number(entry.metrics.get(name)) for name in metrics),
        *(_value(entry.params, name) for name in params),
        *(el("td", _more(entry, params)[name]) for name in last),
    )


def _number(value: float | None) -> Html:
    exact = None if value is None else repr(value)
    return el("td", text.number(value), class_="number", data_value=exact)


def _value(params: Mapping[str, Any], name: str) -> Html:
    return el("td", text.value(params[name]) if name in params else "", class_="param")


def way_of(found: Report, metric: str) -> str:
    """Say which values of a metric are better."""
    return str(found.way if metric == found.metric else metrics_.way(metric))
