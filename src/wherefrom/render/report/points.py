"""What the charts over all results are drawn from, and how: specifications of Vega-Lite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from wherefrom.render import text
from wherefrom.render.report import board

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wherefrom.commands.report import Report
    from wherefrom.entries import Entry

_INK, _SOFT, _LINE = "var(--ink)", "var(--soft)", "var(--line)"
COLOURS = tuple(f"var(--c{n})" for n in range(1, 8))
"""Those of the page that can be told from each other."""
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": _LINE},
    "axis": {
        "labelColor": _SOFT,
        "titleColor": _INK,
        "gridColor": _LINE,
        "domainColor": _LINE,
        "tickColor": _LINE,
        "labelLimit": 160,
    },
    "legend": {
        "labelColor": _SOFT,
        "titleColor": _INK,
        "symbolBaseFillColor": _INK,
        "symbolBaseStrokeColor": _INK,
    },
    "header": {"labelColor": _INK, "titleColor": _INK},
    "title": {"color": _INK},
    "text": {"color": _INK},
    "mark": {"color": "var(--accent)"},
    "range": {"category": list(COLOURS)},
    "rule": {"color": _SOFT},
}
"""Colours are the page's, so that dark mode and print hold for charts as well."""

_VALUE = {"field": "value", "type": "quantitative", "title": None, "scale": {"zero": False}}
_SAID = {"field": "said", "type": "nominal"}
_DOT = {"type": "point", "filled": True, "opacity": 0.7, "size": 45}
_CHOSEN: dict[str, Any] = {
    "transform": [{"filter": "datum.label"}],
    "mark": {"type": "text", "fontWeight": "bold", "dx": 9, "dy": -5, "aria": False},
    "encoding": {"y": _VALUE, "text": {"field": "label"}},
}
"""The letters of the chosen results, beside their points."""
_SPREAD = {"field": "spread", "type": "quantitative", "scale": {"domain": [-1, 2]}}
_VERSION = {"field": "version", "type": "nominal", "title": "data", "sort": None}

SPECS: dict[str, Any] = {
    "time": {
        "layer": [
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeDash": [4, 3]},
                "encoding": {"y": {**_VALUE, "field": "best"}},
            },
            {
                "mark": _DOT,
                "encoding": {
                    "y": _VALUE,
                    "color": {**_VERSION, "legend": {"orient": "bottom", "columns": 3}},
                    "tooltip": _SAID,
                    "description": _SAID,
                },
            },
            _CHOSEN,
        ],
        "encoding": {"x": {"field": "time", "type": "temporal", "title": None}},
    },
    "version": {
        "layer": [
            {
                "mark": {**_DOT, "opacity": 0.5},
                "encoding": {
                    "y": _VALUE,
                    "xOffset": _SPREAD,
                    "tooltip": _SAID,
                    "description": _SAID,
                },
            },
            {
                "mark": {"type": "tick", "thickness": 3, "width": 30, "color": _INK},
                "encoding": {"y": {**_VALUE, "aggregate": "median"}},
            },
            {**_CHOSEN, "encoding": {**_CHOSEN["encoding"], "xOffset": _SPREAD}},
        ],
        "encoding": {"x": {**_VERSION, "title": None, "axis": {"labelAngle": 0}}},
    },
    "param": {
        "layer": [
            {
                "mark": _DOT,
                "encoding": {
                    "y": _VALUE,
                    "color": {**_VERSION, "legend": None},
                    "tooltip": _SAID,
                    "description": _SAID,
                },
            },
            _CHOSEN,
        ],
        "encoding": {"x": {"field": "param", "title": None, "scale": {"zero": False}}},
    },
}


def columns(found: Report) -> dict[str, Any]:
    """Give all results as columns, in the order of the leaderboard; times in milliseconds."""
    entries = found.entries
    names = list(dict.fromkeys(name for entry in entries for name in entry.metrics))
    first = board.shown_metrics(found)
    metrics = [*first, *(name for name in names if name not in first and _is_whole(name))]
    labels = {one.trace.key: one.label for one in found.chosen}
    return {
        "names": [board.name_of(entry) for entry in entries],
        "labels": [labels.get(entry.key) for entry in entries],
        "times": [_time(entry) for entry in entries],
        "versions": [board.version_of(entry) for entry in entries],
        "metrics": {
            name: _rounded(entry.metrics.get(name) for entry in entries) for name in metrics
        },
        "ways": {name: found.way_of(name) for name in metrics},
        "params": {n: [_plain(e.params.get(n)) for e in entries] for n in _params(entries)},
    }


def _is_whole(metric: str) -> bool:
    """Whether a metric is of a whole result, and not of one fold."""
    return ".fold_" not in metric


def _params(entries: Sequence[Entry]) -> list[str]:
    """List the parameters that vary; of results that are all alike, those that there are."""
    known = dict.fromkeys(name for entry in entries for name in entry.params)
    return board.varied(entries) or list(known)


def _time(entry: Entry) -> int | None:
    """Say when a result was made; a commit may have been made anew since."""
    if entry.record is not None:
        return entry.record.ended
    if entry.made_in is not None:
        return entry.made_in.time * 1000
    return entry.run.ended if entry.run else None


def _rounded(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else float(f"{value:.7g}") for value in values]


def _plain(value: object) -> object:
    """Give a parameter as JSON has it, which has no infinite numbers; of a long text the start."""
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if value is None or is_number else text.brief(value)
