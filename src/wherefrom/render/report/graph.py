"""The graph of the lineage: a column of cards, and the ways between them beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.render.report import flow
from wherefrom.render.report.html import Html, el, scrolled, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wherefrom.commands.report import Chosen
    from wherefrom.render.report.flow import Line, Node

_LINE, _INSIDE, _BETWEEN, _LANE, _HEAD = 22, 18, 14, 12, 11
"""Pixels: a line of text, what a card has around its lines, between cards, between ways, a tip."""


def graph(chosen: Sequence[Chosen], metric: str | None) -> Html:
    """Draw raw data, stages and result from above to below; each card names what it takes from."""
    nodes = flow.nodes(chosen, metric)
    heights = [_LINE * _count(node) + _INSIDE for node in nodes]
    tops = [sum(heights[:n]) + _BETWEEN * n for n in range(len(nodes))]
    arcs = flow.arcs(nodes)
    width = _LANE * (1 + max((arc.lane for arc in arcs), default=-1)) + _HEAD + 3
    cards = (_card(node, height) for node, height in zip(nodes, heights, strict=True))
    ways = (_way(arc, tops, heights, width) for arc in arcs)
    whole = sum(heights) + _BETWEEN * len(nodes)
    lines = el("svg", *ways, width=width, height=whole, aria_hidden="true", class_="ways")
    column = el("ol", *cards, aria_label="From raw data to result")
    return scrolled("The way to the results", el("div", lines, column, class_="flow"))


def _count(node: Node) -> int:
    return 1 + bool(node.before) + sum(1 + len(line.groups) * line.differs for line in node.lines)


def _card(node: Node, height: int) -> Html:
    mark = el("mark", "differs") if node.differs else ""
    title = el("div", el("strong", node.name), " ", mark)
    names = ", ".join(name for _, name in node.before)
    source = el("div", f"from {names}", class_="from") if names else ""
    lines = (part for line in node.lines for part in _line(line))
    return el("li", title, source, *lines, class_=node.kind, style=f"height:{height}px")


def _line(line: Line) -> Iterable[Html]:
    if not line.differs:
        yield el("div", line.name, " ", value(line.groups[0][1]))
        return
    yield el("div", line.name, " ", el("mark", "differs"))
    for labels, has in line.groups:
        yield el("div", el("b", labels), " ", value(has), class_="of")


def _way(arc: flow.Arc, tops: Sequence[int], heights: Sequence[int], width: int) -> Html:
    """Draw out of a card near its bottom, and into others near their tops."""
    lane = width - _HEAD - _LANE * (arc.lane + 1) + _LANE // 2
    start = tops[arc.start] + heights[arc.start] - _HEAD
    parts = []
    for end in arc.ends:
        at = tops[end] + _HEAD
        parts.append(f"M{width} {start}H{lane}V{at}H{width - 2}m-5 -4l5 4l-5 4")
    return el("path", d="".join(parts))


def legend(chosen: Iterable[Chosen]) -> Html:
    """Say which letter stands for which result."""
    shown = (
        el("li", _label(one.label), " ", one.name, " ", value(one.trace.key)) for one in chosen
    )
    return el("ul", *shown, class_="legend")


def _label(label: str) -> Html:
    return el("span", label, class_="label", id=f"result-{label}")
