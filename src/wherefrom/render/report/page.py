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
from wherefrom.render.report import beside, board, drawn, figures, graph, points
from wherefrom.render.report.html import Html, el, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.commands.report import Report

_SCRIPTS = ("charts/vega.min.js", "charts/vega-lite.min.js", "page.js")


def page(found: Report) -> str:
    """Write the page. Who opens it sends nothing to anyone: its own policy forbids it."""
    scripts = [file(name) for name in _SCRIPTS]
    columns = points.columns(found)
    return Template(file("page.html")).substitute(
        title=el("title", f"{found.project}: results"),
        policy=" ".join(f"'{_digest(script)}'" for script in scripts),
        style=file("page.css"),
        project=join([found.project]),
        state=join([_state(found)]),
        best=_best(found),
        board=board.board(found),
        metrics=_options(columns["metrics"]),
        params=_options(columns["params"]),
        legend=graph.legend(found.chosen),
        beside=beside.beside(found),
        plots=drawn.plots(found),
        graph=graph.graph(found.chosen, found.metric),
        audit=figures.figures(found.audit),
        gaps=figures.gaps(found.gaps),
        data=_json({"results": columns, **drawn.specs(found)}),
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


def _options(names: Iterable[str]) -> Html:
    return join(el("option", name) for name in names)
