"""The figures of the audit, and what stands behind those that are not whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.render import verified
from wherefrom.render.report.html import Html, el, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wherefrom.commands.audit import Audit
    from wherefrom.record import Gap

_MOST = 20


def figures(found: Audit) -> Html:
    """Show how many results can be traced, had and made again; then each cause of the others."""
    shares = (_share(name, one.count, one.of) for name, one in found.shares.items())
    return join([el("dl", *shares, class_="figures"), *_causes(found), *_unsteady(found)])


def _share(name: str, count: int, of: int) -> Html:
    value = el("dd", f"{count} of {of}") if of else el("dd", "none was made again")
    meter = el("meter", f"{count} of {of}", value=count, max=of, aria_label=name) if of else ""
    return el("div", el("dt", name), value, meter)


def _causes(found: Audit) -> Iterator[Html]:
    for cause, problems in verified.by_cause(found.results).items():
        items = [
            el(
                "li",
                f"{one.what}: {one.why} ({len(results)} of the results). ",
                el("em", one.remedy),
            )
            for one, results in list(problems.items())[:_MOST]
        ]
        more = len(problems) - _MOST
        items += [el("li", f"and {more} more: `wherefrom audit --json`")] if more > 0 else []
        head = el("summary", f"{cause}: {len(problems)} problem{'s' * (len(problems) > 1)}")
        yield el("details", head, el("ul", *items))


def _unsteady(found: Audit) -> Iterator[Html]:
    items = [
        el("li", f"{one.stage}: {', '.join(one.outputs)}, shown by {', '.join(one.shown_by)}")
        for one in found.unsteady
    ]
    if items:
        yield el("details", el("summary", "not deterministic"), el("ul", *items))


def gaps(found: Iterable[Gap]) -> Html:
    """Show what is not known, why, and what would mend it."""
    items = [el("li", f"{one.what}: {one.why}. ", el("em", one.remedy)) for one in found]
    return el("ul", *items, class_="gaps") if items else el("p", "None.")
