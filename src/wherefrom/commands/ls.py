"""Every result: its experiment, commit, run, relation, data, metrics and changed parameters."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from wherefrom import entries as entries_
from wherefrom import lineage, metrics, tree
from wherefrom.errors.answers import UnknownMetricError
from wherefrom.runs import Logged
from wherefrom.sources.git_objects import Objects
from wherefrom.uris import is_inside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from wherefrom.entries import Entry
    from wherefrom.identity import CommitSha
    from wherefrom.metrics import Way
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


def ranked(view: View, found: list[Entry], metric: str, better: Way | None = None) -> list[Entry]:
    """Sort results by a metric, the best first; those without it come last.

    `better` says which values are; None: as the metric's name tells. Raises `UnknownMetricError`.
    """
    having = [entry for entry in found if metric in entry.metrics]
    if not having:
        names = {name for entry in found for name in entry.metrics}
        near = tuple(difflib.get_close_matches(metric, names))
        raise UnknownMetricError(metric, near, view.unasked)
    way = better or metrics.way(metric)
    having.sort(key=lambda entry: metrics.merit(entry.metrics[metric], way))
    return having + [entry for entry in found if metric not in entry.metrics]


def of_status(
    found: Iterable[Entry], wanted: Collection[str], unwanted: Collection[str]
) -> list[Entry]:
    """Leave out results by what is said of them: those of no `wanted` status, if any is."""
    said = ((entry, entry.told.value("status")) for entry in found)
    return [e for e, s in said if (not wanted or s in wanted) and s not in unwanted]


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

    A training that a result rests on is held with it, and so are runs that compete for one, and
    those that are nested in a run that is held. That of a whole sweep is none of a result. Of a
    store that other projects may share only the runs are meant that name a commit of this one.
    """
    held = {entry.run.mlflow_run_id for entry in listed if entry.run}
    held |= {run.mlflow_run_id for entry in listed for run in entry.candidates}
    trainings = {entry.training_id for entry in listed} - {None}
    others = (r for r in view.table.runs if r.record_id not in trainings and not r.is_of_sweep)
    loose = [run for run in others if held.isdisjoint(_around(view, run))]
    if is_inside(view.project.anchor, view.uri):
        return loose
    places = {run.mlflow_run_id: {run.commit, run.baseline} - {None} for run in loose}
    with Objects(view.git_root) as objects:
        wanted = {str(sha) for shas in places.values() for sha in shas}
        ours = {commit.sha for commit in objects.commits(wanted)}
    return [run for run in loose if places[run.mlflow_run_id] & ours]


def _around(view: View, run: Run) -> Iterator[str]:
    """Give the id of a run, then those of the runs that it is nested in."""
    one: Run | None = run
    while one is not None:
        yield one.mlflow_run_id
        one = view.table.of_id(one.parent) if one.parent else None


def _newest(entry: Entry) -> tuple[int, str]:
    return (-entry.made_in.time if entry.made_in else 0, entry.name)
