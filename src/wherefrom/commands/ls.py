"""Every result: its experiment, commit, run, relation, data, metrics and changed parameters."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from wherefrom import entries as entries_
from wherefrom import lineage, metrics, tree
from wherefrom.errors import UnknownMetricError
from wherefrom.runs import Logged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.entries import Entry
    from wherefrom.identity import CommitSha
    from wherefrom.runs import Run
    from wherefrom.view import View


def entries(view: View, keys: Mapping[str, CommitSha | None] | None = None) -> list[Entry]:
    """List results, newest first; all of them, or those of `keys` as the given holders have them.

    Runs that no commit and no experiment holds come last, where all are listed.
    """
    rows = [row for row in view.index.results() if keys is None or row.key in keys]
    held = _with_logged(view, list(entries_.of_history(view, rows, keys or {})))
    view.gaps += view.index.problems() if keys is None else []
    held.sort(key=_newest)
    here = _in_workspace(view, {row.key for row in rows})
    loose = [entries_.of_run(run) for run in _loose(view, [*here, *held])]
    return [entry for entry in (*here, *held, *loose) if keys is None or entry.key in keys]


def ranked(found: list[Entry], metric: str) -> list[Entry]:
    """Sort results by a metric, the best first; those without it come last.

    Raises `UnknownMetricError`.
    """
    having = [entry for entry in found if metric in entry.metrics]
    if not having:
        names = {name for entry in found for name in entry.metrics}
        raise UnknownMetricError(metric, tuple(difflib.get_close_matches(metric, names)))
    having.sort(key=lambda entry: metrics.merit(metric, entry.metrics[metric]))
    return having + [entry for entry in found if metric not in entry.metrics]


def _with_logged(view: View, listed: list[Entry]) -> list[Entry]:
    """Add the metrics of results whose project leaves them to MLflow alone."""
    bare = {i: e.run for i, e in enumerate(listed) if e.run and not e.metrics and not e.record_id}
    logged = view.ask_logged([run.mlflow_run_id for run in bare.values()]) if bare else {}
    found = {i: logged.get(run.mlflow_run_id, Logged()).metrics for i, run in bare.items()}
    return [replace(e, metrics=found[i]) if i in found else e for i, e in enumerate(listed)]


def _in_workspace(view: View, known: set[str]) -> list[Entry]:
    here = tree.of_workspace(view.project.workspace)
    results = lineage.results(here.holding)
    return [entries_.of_workspace(view, here, r) for r in results if r.key not in known]


def _loose(view: View, listed: list[Entry]) -> list[Run]:
    """List the runs that belong to no result.

    A training that a result rests on is held with it, and so are runs that compete for one.
    """
    held = {entry.run.mlflow_run_id for entry in listed if entry.run}
    held |= {run.mlflow_run_id for entry in listed for run in entry.candidates}
    trainings = {entry.training_id for entry in listed} - {None}
    others = (run for run in view.table.runs if run.record_id not in trainings)
    return [run for run in others if run.mlflow_run_id not in held]


def _newest(entry: Entry) -> tuple[int, str]:
    return (-entry.made_in.time if entry.made_in else 0, entry.name)
