"""Elements of HTML. All that is not HTML already is escaped: users named most of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VOID = frozenset(["img", "input"])


class Html(str):
    """A text that is HTML, and is not escaped again."""

    __slots__ = ()


def el(tag: str, *inside: str, **attributes: str | int | bool | None) -> Html:
    """Give an element; `class_` is the attribute class, `aria_label` is aria-label.

    An attribute that is None or False is left out, one that is True has no value.
    """
    given = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    shown = "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in given.items()
        if value is not None and value is not False
    )
    return Html(f"<{tag}{shown}>" + ("" if tag in _VOID else f"{join(inside)}</{tag}>"))


def join(parts: Iterable[str]) -> Html:
    """Put parts behind each other; those that are no HTML are escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def scrolled(label: str, *inside: str, **attributes: str) -> Html:
    """Give a region that is scrolled sideways where the screen is narrow, also by the keyboard."""
    return el(
        "div", *inside, class_="scrolled", role="region", aria_label=label, tabindex=0, **attributes
    )


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Give a table whose rows begin with their names."""
    columns = el("tr", *(el("th", name, scope="col") for name in head))
    lines = (
        el("tr", el("th", first, scope="row"), *(el("td", cell) for cell in rest))
        for first, *rest in rows
    )
    body = el("tbody", *lines)
    return scrolled(caption, el("table", el("caption", caption), el("thead", columns), body))
