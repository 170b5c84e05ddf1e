"""The best results by a metric; ties are all given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import metrics
from wherefrom.commands import ls
from wherefrom.errors import NoResultsError, UnknownMetricError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wherefrom.commands.ls import Entry
    from wherefrom.metrics import Way
    from wherefrom.view import View

PREFERRED = ("roc_auc", "f1_weighted", "accuracy", "r2", "rmse")
"""Of several cross-validated metrics, the one that decides where none is asked for."""


@dataclass(frozen=True)
class Best:
    """The results that are best by `metric`, all with the same `value`; `way` is `metrics.way`."""

    metric: str
    value: float
    way: Way
    entries: tuple[Entry, ...]


def best(view: View, metric: str | None = None) -> Best:
    """Find the best results; by the cross-validated score where no metric is named.

    Raises `NoResultsError` and `UnknownMetricError`.
    """
    found = [entry for entry in ls.entries(view) if entry.held]
    if not found:
        raise NoResultsError
    name = metric or default_metric(found)
    first = ls.ranked(found, name)[0].metrics[name]
    ties = tuple(entry for entry in found if entry.metrics.get(name) == first)
    return Best(name, first, metrics.way(name), ties)


def default_metric(found: Iterable[Entry]) -> str:
    """Give the metric that decides unless told: the mean score of cross-validation.

    Without one it is the first test metric, else the first of all.
    """
    names = list(dict.fromkeys(name for entry in found for name in entry.metrics))
    means = [name for name in names if name.startswith("cv.") and name.endswith(".mean")]
    preferred = (f"cv.{name}.mean" for name in PREFERRED)
    chosen = next((name for name in preferred if name in means), None)
    tests = [name for name in names if name.startswith("test.")]
    options = [name for name in (chosen, *means, *tests, *names) if name]
    if not options:
        raise UnknownMetricError("cv.<metric>.mean")
    return options[0]
