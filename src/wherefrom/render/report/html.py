"""Elements of HTML. All that is not HTML already is escaped: users named most of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from wherefrom.render import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VOID = frozenset(["img", "input"])
_DIGEST = 30
"""More letters and digits than this are a digest or an id: MD5 has 32."""
_SHORT = 12


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


def scrolled(label: str, *inside: str) -> Html:
    """Give a region that is scrolled sideways where the screen is narrow, also by the keyboard."""
    return el("div", *inside, class_="scrolled", role="region", aria_label=label, tabindex=0)


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Give a table whose rows begin with their names."""
    columns = el("tr", *(el("th", name, scope="col") for name in head))
    lines = (
        el("tr", el("th", first, scope="row"), *(el("td", cell) for cell in rest))
        for first, *rest in rows
    )
    body = el("tbody", *lines)
    return scrolled(caption, el("table", el("caption", caption), el("thead", columns), body))


def value(given: object) -> Html:
    """Show a value of a result; None where it has none."""
    if given is None:
        return el("span", "none", class_="none")
    whole, brief = text.value(given), short(given)
    return el("code", brief, title=whole) if brief != whole else join([whole])


def short(given: object) -> str:
    """Show a value as text; of a digest or an id as much as names it."""
    shown = text.value(given)
    is_digest = len(shown) > _DIGEST and shown.removesuffix(".dir").isalnum()
    return shown[:_SHORT] if is_digest else shown
