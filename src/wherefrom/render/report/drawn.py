"""The plots of the chosen results, as DVC draws them, each with its data as a table."""

from __future__ import annotations

import math
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from wherefrom.render.report import points
from wherefrom.render.report.html import Html, el, join, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wherefrom.commands.report import Report
    from wherefrom.sources.dvc_plots import Plot

_REV = "rev"
"""What DVC calls the field with the tree that a row is of."""
_ROWS = 200
"""How many rows of a plot's data are shown as a table."""


def specs(found: Report) -> dict[str, Any]:
    """Give what the charts are drawn by; those of DVC in the order of the page."""
    labels = _labels(found)
    named = [_named(one.spec, labels) for one in found.plots.drawn if one.spec]
    plots = [_beside(_coloured(one, _colours(labels))) for one in named]
    return {"specs": points.SPECS, "config": points.CONFIG, "plots": plots}


def plots(found: Report) -> Html:
    """Give the places of the plots, and the pictures."""
    labels = _labels(found)
    charts = [one for one in found.plots.drawn if one.spec]
    pictures = [one for one in found.plots.drawn if one.picture]
    return join(
        [
            *(_chart(number, one, labels) for number, one in enumerate(charts)),
            *(_picture(one, labels) for one in pictures),
        ]
    )


def _labels(found: Report) -> dict[str, str]:
    """Map what DVC calls a tree to what the page calls its result."""
    names = {one.label: one.name for one in found.chosen}
    return {rev: f"{label} {names.get(label, '')}".strip() for rev, label in found.trees.items()}


def _named(value: Any, labels: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Put the names of results for those of commits, wherever they stand; JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _named(item, labels) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, labels) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return labels.get(value, value) if isinstance(value, str) else value


def _colours(labels: Mapping[str, str]) -> dict[str, str]:
    """Give each result its colour of the page, by its letter."""
    numbers = {name: ascii_uppercase.index(name[0]) for name in labels.values()}
    return {name: points.COLOURS[n % len(points.COLOURS)] for name, n in numbers.items()}


def _coloured(value: Any, colours: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Let a result have its own colour in all plots: DVC gives them anew in each."""
    if isinstance(value, list):
        return [_coloured(item, colours) for item in value]
    if not isinstance(value, dict):
        return value
    shown = {key: _coloured(item, colours) for key, item in value.items()}
    scale = shown.get("scale")
    if shown.get("field") != _REV or not isinstance(scale, dict):
        return shown
    domain, given = scale.get("domain", []), scale.get("range", [])
    drawn = [colours.get(name, other) for name, other in zip(domain, given, strict=False)]
    return {"title": "result", **shown, "scale": {**scale, "range": drawn}}


def _beside(spec: dict[str, Any]) -> dict[str, Any]:
    """Put clouds of points beside each other, that hide each other in one picture."""
    mark, encoding = spec.get("mark"), spec.get("encoding", {})
    kind = mark.get("type") if isinstance(mark, dict) else mark
    color = encoding.get("color", {})
    is_cloud = kind in {"point", "circle"} and color.get("field") == _REV
    if not is_cloud or len(color.get("scale", {}).get("domain", [])) < 2:  # noqa: PLR2004
        return spec
    facet: dict[str, Any] = {
        "field": _REV,
        "type": "nominal",
        "title": None,
        "sort": [],
        "columns": 3,
    }
    return {**spec, "encoding": {**encoding, "color": {**color, "legend": None}, "facet": facet}}


def _chart(number: int, plot: Plot, labels: Mapping[str, str]) -> Html:
    place = el(
        "div",
        class_="plot scrolled",
        data_plot=number,
        role="region",
        tabindex=0,
        aria_label=f"{plot.name}, a chart; its data follow as a table",
    )
    return el("figure", el("figcaption", plot.name), place, *_values(plot, labels))


def _picture(plot: Plot, labels: Mapping[str, str]) -> Html:
    said = f"{plot.name} of {', '.join(labels.get(rev, rev) for rev in plot.revs)}"
    return el("figure", el("figcaption", said), el("img", src=plot.picture, alt=said))


def _values(plot: Plot, labels: Mapping[str, str]) -> Iterator[Html]:
    """Give the data of a plot as a table, for those who do not see it."""
    rows = (plot.spec or {}).get("data", {}).get("values")
    if not isinstance(rows, list) or not rows:
        return
    shown = _named(rows[:_ROWS], labels)
    names = list(dict.fromkeys(name for row in shown for name in row))
    first = [name for name in names if name == _REV]
    columns = [*first, *(name for name in names if name not in first)]
    said = f"Data of {plot.name}"
    said += f", the first {_ROWS} of {len(rows)} rows" if len(rows) > _ROWS else ""
    cells = ([str(row.get(name, "")) for name in columns] for row in shown)
    head = ["result" if name in first else name for name in columns]
    yield el("details", el("summary", said), table(said, head, cells))
