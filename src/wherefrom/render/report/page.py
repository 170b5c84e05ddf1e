"""The page: one file with its styles, its scripts and its data, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from wherefrom.render import text
from wherefrom.render.report import beside, board, figures, graph, points
from wherefrom.render.report.html import Html, el, join, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wherefrom.commands.report import Report
    from wherefrom.sources.dvc_plots import Plot

_SCRIPTS = ("charts/vega.min.js", "charts/vega-lite.min.js", "page.js")
_ROWS = 200
"""How many rows of a plot's data are shown as a table."""


def page(found: Report) -> str:
    """Write the page. Who opens it sends nothing to anyone: its own policy forbids it."""
    scripts = [file(name) for name in _SCRIPTS]
    return Template(file("page.html")).substitute(
        title=el("title", f"{found.project}: results"),
        policy=" ".join(f"'{_digest(script)}'" for script in scripts),
        style=file("page.css"),
        project=join([found.project]),
        state=join([_state(found)]),
        best=_best(found),
        board=board.board(found),
        metrics=_options(points.columns(found)["metrics"]),
        params=_options(points.columns(found)["params"]),
        legend=graph.legend(found.chosen),
        beside=beside.beside(found),
        plots=join(_plots(found)),
        graph=graph.graph(found.chosen),
        audit=figures.figures(found.audit),
        gaps=figures.gaps(found.gaps),
        data=_json(_data(found)),
        vega=scripts[0],
        vega_lite=scripts[1],
        script=scripts[2],
    )


@cache
def file(name: str) -> str:
    """Read a file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _digest(script: str) -> str:
    """Name a script so that a browser runs it and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _json(values: Mapping[str, Any]) -> str:
    """Write data that no text in it can end: `<` is written otherwise."""
    return json.dumps(values, separators=(",", ":"), default=str).replace("<", "\\u003c")


def _data(found: Report) -> dict[str, Any]:
    labels = _labels(found)
    plots = [_named(one.spec, labels) for one in found.plots.drawn if one.spec]
    return {
        "results": points.columns(found),
        "specs": points.SPECS,
        "config": points.CONFIG,
        "plots": plots,
    }


def _labels(found: Report) -> dict[str, str]:
    """Map what DVC calls a tree to what the page calls its result."""
    names = {one.label: one.name for one in found.chosen}
    return {rev: f"{label} {names.get(label, '')}".strip() for rev, label in found.trees.items()}


def _named(value: Any, labels: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Put the names of results for those of commits, wherever they stand."""
    if isinstance(value, dict):
        return {key: _named(item, labels) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, labels) for item in value]
    return labels.get(value, value) if isinstance(value, str) else value


def _state(found: Report) -> str:
    count = f"{len(found.entries)} result{'s' * (len(found.entries) != 1)}"
    loose = f", and {found.loose} runs that nothing holds" if found.loose else ""
    if found.head is None:
        return f"{count}{loose}"
    when = text.date(found.head.time * 1000)[:16]
    return f"{count}{loose}, seen from commit {found.head.sha[:10]} of {when}"


def _best(found: Report) -> Html:
    if found.metric is None:
        return Html("")
    first = found.entries[0]
    value = text.number(first.metrics[found.metric])
    return el(
        "p",
        f"Best by {found.metric} ({found.way} is better): ",
        el("strong", value),
        f", {board.name_of(first)} ",
        el("code", first.key[:12]),
        class_="best",
    )


def _options(names: Mapping[str, Any]) -> Html:
    return join(el("option", name) for name in names)


def _plots(found: Report) -> Iterator[Html]:
    labels = _labels(found)
    number = 0
    for one in found.plots.drawn:
        if one.picture:
            of = ", ".join(labels.get(rev, rev) for rev in one.revs)
            picture = el("img", src=one.picture, alt=f"{one.name} of {of}")
            yield el("figure", el("figcaption", f"{one.name} of {of}"), picture)
            continue
        drawn = el(
            "div",
            class_="plot scrolled",
            data_plot=number,
            role="region",
            tabindex=0,
            aria_label=f"{one.name}, a chart; its data follow as a table",
        )
        yield el("figure", el("figcaption", one.name), drawn, _values(one, labels))
        number += 1


def _values(plot: Plot, labels: Mapping[str, str]) -> Html:
    """Give the data of a plot as a table, for those who do not see it."""
    rows: Sequence[Mapping[str, Any]] = (
        _named((plot.spec or {}).get("data", {}).get("values"), labels) or []
    )
    if not rows:
        return Html("")
    names = list(dict.fromkeys(name for row in rows[:_ROWS] for name in row))
    head = ["rev", *(name for name in names if name != "rev")]
    cells = [[str(row.get(name, "")) for name in head] for row in rows[:_ROWS]]
    said = f"Data of {plot.name}"
    said += f", the first {_ROWS} of {len(rows)} rows" if len(rows) > _ROWS else ""
    return el("details", el("summary", said), table(said, ["result", *head[1:]], cells))
