"""The chosen results side by side: their addresses, their metrics, and all that they differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom import metrics
from wherefrom.render import text, told
from wherefrom.render.report.html import Html, el, join, table, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wherefrom.commands.report import Chosen, Report
    from wherefrom.commands.trace import Trace

PARTS = ("data", "code", "stages", "params", "environment")


def beside(found: Report) -> Html:
    """Show the chosen results; the best value of each metric is marked."""
    head = [f"{one.label}  {one.name}" for one in found.chosen]
    shown = [table("Addresses", ("", *head), _addresses(found.chosen))]
    shown.append(table("Metrics", ("metric", *head), _metrics(found)))
    for part in PARTS:
        rows = dict(differing(found, part))
        if rows:
            cells = ([name, *map(value, values)] for name, values in rows.items())
            shown.append(table(f"What differs: {part}", (part, *head), cells))
    if len(found.chosen) > 1 and all(one.is_empty for one in found.differences):
        shown.append(el("p", "They differ in nothing."))
    return join(shown)


def differing(found: Report, part: str) -> Iterator[tuple[str, list[Any]]]:
    """Give what of a part is not the same in all chosen results, with the value in each."""
    pairs = [getattr(one, part) for one in found.differences]
    for name in dict.fromkeys(name for some in pairs for name in some):
        first = next(some[name][0] for some in pairs if name in some)
        yield name, [first, *(some[name][1] if name in some else first for some in pairs)]


def whole_metrics(found: Report) -> list[str]:
    """List the metrics of whole results, without those of folds: what decides, then the test's."""
    known = dict.fromkeys(name for one in found.chosen for name in one.trace.metrics)
    whole = [n for n in known if ".fold_" not in n and f"{n.removesuffix('std')}mean" not in known]
    return sorted(whole, key=lambda name: (name != found.metric, not name.startswith("test.")))


def measured(result: Trace, metric: str) -> str:
    """Show a metric; a mean together with its deviation."""
    shown = text.number(result.metrics.get(metric))
    spread = result.metrics.get(f"{metric.removesuffix('mean')}std")
    return shown if spread is None or not shown else f"{shown} ± {text.number(spread)}"


def best_of(found: Report, metric: str) -> float | None:
    """Give the best value of a metric among the chosen; None where they do not differ in it."""
    having = [one.trace.metrics[metric] for one in found.chosen if metric in one.trace.metrics]
    way = found.way_of(metric)
    best = min(having, key=lambda one: metrics.merit(one, way), default=None)
    return best if len(set(having)) > 1 else None


def _metrics(found: Report) -> Iterator[Sequence[str]]:
    for name in whole_metrics(found):
        best = best_of(found, name)
        yield [name, *(_metric(one.trace, name, best) for one in found.chosen)]


def _metric(result: Trace, name: str, best: float | None) -> str:
    shown = measured(result, name)
    is_best = best is not None and result.metrics.get(name) == best
    return el("strong", shown, " ", el("small", "best")) if is_best else shown


def _addresses(chosen: Sequence[Chosen]) -> Iterator[Sequence[str]]:
    rows = [dict(address(one.trace)) for one in chosen]
    for name in dict.fromkeys(name for row in rows for name in row):
        yield [name, *(value(row.get(name)) for row in rows)]


def address(result: Trace) -> Iterator[tuple[str, str]]:
    """Say where a result stands in ledger and MLflow, what was expected of it and what is said."""
    yield "id", result.key
    if result.commit:
        yield "commit", result.commit.sha
    elif result.lineage:
        yield "commit", "not committed"
    if result.run:
        yield "MLflow run", result.run.mlflow_run_id
    if result.relation:
        yield "relation", result.relation
    if result.inherited_by:
        yield "inherited by", ", ".join(result.inherited_by)
    for item in result.data:
        yield item.path, str(item.hash)
    if "hypothesis" in result.plan:
        yield "hypothesis", text.line(str(result.plan["hypothesis"]))
    if result.outcome:
        yield "plan", text.outcome(result.outcome)
        criteria = enumerate(result.outcome.criteria, 1)
        yield from ((f"criterion {n}", text.judged(one)) for n, one in criteria)
    yield from told.rows(result.told)
    if result.reproduced:
        yield "reproduced", text.reproduced(result.reproduced)
