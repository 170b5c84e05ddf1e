"""Results by what was measured: `metric=value` as an address."""

from __future__ import annotations

from dataclasses import replace
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from wherefrom import lineage, tree
from wherefrom.found import Found
from wherefrom.holders import origin
from wherefrom.join import apart, by_content
from wherefrom.runs import Logged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from wherefrom.holders import Holder
    from wherefrom.view import View

_EXACT = Context(prec=1100)  # digits: those of the smallest float are 1074


def with_value(view: View, address: str) -> Iterator[Found]:
    """Find the results with `metric=value`, equal at the digits that are given."""
    name, equals, text = address.partition("=")
    try:
        wanted = Decimal(text)
    except InvalidOperation:
        return
    if not equals or not wanted.is_finite():
        return
    for found, metrics in _measured(view):
        if any(_equal(value, wanted) for value in _values(metrics, name)):
            yield found


def _values(metrics: Mapping[str, float], name: str) -> Iterator[float]:
    """Give the values that a name may mean: a mean is meant too, and that of any metric file."""
    for known, value in metrics.items():
        plain = known.rpartition(":")[2]
        if name in {known, plain} or known == f"{name}.mean" or plain == f"{name}.mean":
            yield value


def _measured(view: View) -> Iterator[tuple[Found, Mapping[str, float]]]:
    """Give all results with their metrics, as a list has them: also those of the workspace alone.

    The metrics of a foreign project may be in MLflow alone.
    """
    rows = view.index.results()
    yield from ((Found(row.key), row.metrics) for row in rows)
    bare = [row for row in rows if not row.metrics and row.record_id is None]
    joined = [(Found(r.key), view.index.holders(r.key), r.fingerprints) for r in bare]
    keys = {row.key for row in rows}
    here = tree.of_workspace(view.project.workspace)
    for result in lineage.results(here.holding):
        if result.key in keys:
            continue
        found = Found(result.key, in_workspace=True)
        metrics, _ = here.metrics(view.project.anchor, result.metric_files)
        yield found, metrics
        if not metrics and result.record is None:
            joined.append((found, [], result.fingerprints))
    yield from _logged(view, joined)


def _logged(
    view: View, bare: Iterable[tuple[Found, Sequence[Holder], Sequence[str]]]
) -> Iterator[tuple[Found, Mapping[str, float]]]:
    """Give the metrics of results, with their holders and fingerprints, that MLflow alone has."""
    for found, held, fingerprints in bare:
        joined = by_content(fingerprints, held, view.table)
        for one, holders in apart(joined, held):
            if one.run is not None:
                run_id, made_in = one.run.mlflow_run_id, origin(one.maker, holders)
                asked = made_in.commit_sha if made_in and joined.candidates else None
                metrics = view.ask_logged([run_id]).get(run_id, Logged()).metrics
                yield replace(found, commit_sha=asked), metrics


def _equal(value: float, wanted: Decimal) -> bool:
    exponent = wanted.as_tuple().exponent
    step = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else wanted
    try:
        return Decimal(value).quantize(step, context=_EXACT) == wanted
    except InvalidOperation:  # so many digits no number has
        return False
