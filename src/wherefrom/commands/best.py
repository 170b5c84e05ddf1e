"""The best results by a metric; ties are all given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import metrics
from wherefrom.commands import ls
from wherefrom.errors.answers import NoResultsError, UnknownMetricError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wherefrom.entries import Entry
    from wherefrom.metrics import Way
    from wherefrom.record import Gap
    from wherefrom.view import View


@dataclass(frozen=True)
class Best:
    """The results that are best by `metric`, all with the same `value`; `way` says which are.

    `others` are the tables of further results that have the metric, none of which is one of theirs:
    scores on other rows, which say little. `gaps` are those of the list that all were taken from.
    """

    metric: str
    value: float
    way: Way
    entries: tuple[Entry, ...]
    others: tuple[str, ...]
    gaps: tuple[Gap, ...]


def best(view: View, metric: str | None = None, better: Way | None = None) -> Best:
    """Find the best results; by the cross-validated score where no metric is named.

    `better` says which values are; None: as the metric's name tells.
    Raises `NoResultsError` and `UnknownMetricError`.
    """
    found = [entry for entry in ls.entries(view) if entry.held]
    if not found:
        raise NoResultsError
    name = metric or metrics.deciding(name for entry in found for name in entry.metrics)
    if name is None:
        raise UnknownMetricError("cv.<metric>.mean", unasked=view.unasked)
    first = ls.ranked(view, found, name, better)[0].metrics[name]
    ties = tuple(entry for entry in found if entry.metrics.get(name) == first)
    others = _other_tables([entry for entry in found if name in entry.metrics], ties)
    return Best(name, first, better or metrics.way(name), ties, others, tuple(view.gaps))


def _other_tables(ranked: Iterable[Entry], best: Iterable[Entry]) -> tuple[str, ...]:
    own = {item.path for entry in best for item in entry.data}
    tables = [{item.path for item in entry.data} for entry in ranked]
    return tuple(sorted(set().union(*(paths for paths in tables if own.isdisjoint(paths)))))
