"""Every result: its experiment, commit, run, relation, data, metrics and changed parameters."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wherefrom import baseline as baselines
from wherefrom import holders as holding_
from wherefrom import lineage, metrics, tree
from wherefrom.errors import UnknownMetricError
from wherefrom.index.query import Input
from wherefrom.join import by_content, by_record
from wherefrom.runs import Logged
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wherefrom.baseline import Changed
    from wherefrom.holders import Holder, Relation
    from wherefrom.identity import ExperimentName
    from wherefrom.index.query import RecordRow, ResultRow
    from wherefrom.join import Joined
    from wherefrom.lineage import Lineage
    from wherefrom.runs import Run
    from wherefrom.view import View


@dataclass(frozen=True)
class Entry:
    """A result in a list.

    `key` is its record's id, or the fingerprint of its last stage, or the id of a run that nothing
    holds; `made_in` is None for the latter, and for a result that the workspace alone has.
    `changed` maps parameters to their values in the baseline (of an experiment) or the parent, and
    here; `labels` are those of `data.version`.
    """

    key: str
    stage: str | None
    record_id: str | None
    training_id: str | None
    run: Run | None
    record: RecordRow | None
    relation: Relation | None
    made_in: Holder | None
    experiments: tuple[ExperimentName, ...]
    inherited_by: tuple[ExperimentName, ...]
    data: tuple[Input, ...]
    labels: tuple[str, ...]
    metrics: Mapping[str, float]
    params: Mapping[str, Any]
    changed: Changed = field(default_factory=dict)
    gaps: int = 0
    in_workspace: bool = False

    @property
    def held(self) -> bool:
        """Whether a commit, an experiment or the workspace holds it."""
        return self.made_in is not None or self.in_workspace

    @property
    def name(self) -> str:
        """What a person would call it: its experiment, else its run's name."""
        if self.made_in and self.made_in.experiment:
            return self.made_in.experiment
        return self.run.name if self.run else ""


def entries(view: View, keys: Iterable[str] | None = None) -> list[Entry]:
    """List results, newest first; all of them, or those of `keys`.

    Runs that no commit and no experiment holds come last, where all are listed.
    """
    wanted = None if keys is None else set(keys)
    rows = [row for row in view.index.results() if wanted is None or row.key in wanted]
    by_key: dict[str, list[ResultRow]] = {}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    table = _Table(view, rows)
    listed = _with_logged(view, [table.entry(key, same) for key, same in by_key.items()])
    view.gaps += view.index.problems() if wanted is None else []
    listed.sort(key=_newest)
    here = _in_workspace(view, set(by_key))
    listed = [entry for entry in here if wanted is None or entry.key in wanted] + listed
    held = {entry.run.mlflow_run_id for entry in listed if entry.run}
    held |= {run.mlflow_run_id for e in here for run in view.table.of_record(e.training_id or "")}
    loose = [run for run in view.table.runs if run.mlflow_run_id not in held]
    loose = [run for run in loose if wanted is None or run.mlflow_run_id in wanted]
    return listed + [_unheld(run) for run in table.unheld(loose)]


def _with_logged(view: View, listed: list[Entry]) -> list[Entry]:
    """Add the metrics of results whose project leaves them to MLflow alone."""
    bare = {e.key: e.run for e in listed if e.run and not e.metrics and not e.record_id}
    logged = view.ask_logged([run.mlflow_run_id for run in bare.values()]) if bare else {}
    found = {key: logged.get(run.mlflow_run_id, Logged()).metrics for key, run in bare.items()}
    return [replace(e, metrics=found[e.key]) if e.key in found else e for e in listed]


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


def _in_workspace(view: View, known: set[str]) -> list[Entry]:
    """List the results that the workspace has and no commit holds yet."""
    here = tree.of_workspace(view.project.workspace)
    return [
        _uncommitted(view, here, result)
        for result in lineage.results(here.holding)
        if result.key not in known
    ]


def _uncommitted(view: View, here: tree.Tree, result: Lineage) -> Entry:
    if result.record is not None:
        joined = by_record(result.record, view.table)
    else:
        joined = by_content(result.fingerprints, (), view.table)
    values, gaps = here.metrics(view.project.anchor, result.metric_files)
    label = result.params.get(baselines.LABEL)
    head = git_repo.head(view.git_root)
    before = baselines.params_at(view, head, result.final.address) if head else None
    return Entry(
        key=result.key,
        stage=result.final.address,
        record_id=result.record.record_id if result.record else None,
        training_id=result.training.record_id if result.training else None,
        run=joined.run,
        record=None,
        relation=joined.maker.relation if joined.maker else None,
        made_in=None,
        experiments=(),
        inherited_by=(),
        data=tuple(Input(r.path, result.used.get(r.path), r.size, r.dvc_file) for r in result.raw),
        labels=(str(label),) if label is not None else (),
        metrics=values,
        params=result.params,
        changed=baselines.changed(before, result.params) if before else {},
        gaps=len(result.gaps) + len(gaps) + len(joined.gaps),
        in_workspace=True,
    )


class _Table:
    """What all entries have in common, asked for once."""

    def __init__(self, view: View, rows: Sequence[ResultRow]) -> None:
        self._view = view
        self._records = view.index.records()
        self._holders = view.index.all_holders()
        self._inputs = view.index.inputs([row.number for row in rows])
        self._trainings = {row.training_id for row in rows} - {None}
        self._params: dict[tuple[str, str], Mapping[str, Any]] = {}

    def entry(self, key: str, rows: Sequence[ResultRow]) -> Entry:
        held = self._holders.get(key, [])
        joined = self._view.judged(self._joined(rows[0], held))
        made_in = holding_.origin(joined.maker, held)
        row = self._row_of(made_in, rows)
        names = tuple(h.experiment for h in held if h.experiment)
        maker = made_in.experiment if made_in else None
        labels = (same.params.get(baselines.LABEL) for same in rows)
        return Entry(
            key=key,
            stage=row.stage,
            record_id=row.record_id,
            training_id=row.training_id,
            run=joined.run,
            record=self._records.get(row.record_id or ""),
            relation=holding_.relation(joined.maker, made_in, made_in) if made_in else None,
            made_in=made_in,
            experiments=names,
            inherited_by=tuple(name for name in names if name != maker),
            data=tuple(self._inputs.get(row.number, [])),
            labels=tuple(dict.fromkeys(str(label) for label in labels if label is not None)),
            metrics=row.metrics,
            params=row.params,
            changed=self._changed(row, made_in),
            gaps=row.gap_count + len(joined.gaps),
        )

    def unheld(self, loose: Iterable[Run]) -> list[Run]:
        """Leave out the runs of trainings that a held result rests on: they are held with it."""
        return [run for run in loose if run.record_id not in self._trainings]

    def _row_of(self, made_in: Holder | None, rows: Sequence[ResultRow]) -> ResultRow:
        commit = self._view.index.commit(made_in.commit_sha) if made_in else None
        return next((r for r in rows if commit and r.snapshot == commit.snapshot), rows[0])

    def _joined(self, row: ResultRow, held: Sequence[Holder]) -> Joined:
        record: RecordRow | None = self._records.get(row.record_id or "")
        if record is not None:
            return by_record(record, self._view.table)
        return by_content(row.fingerprints, held, self._view.table)

    def _changed(self, row: ResultRow, made_in: Holder | None) -> Changed:
        before = self._params_before(row.stage, made_in)
        return baselines.changed(before, row.params) if before is not None else {}

    def _params_before(self, stage: str, made_in: Holder | None) -> Mapping[str, Any] | None:
        """Give the parameters of the same stage's result in the baseline, or in the parent."""
        sha = baselines.before(self._view, made_in)
        if sha is None:
            return None
        if (sha, stage) not in self._params:
            found = baselines.params_at(self._view, sha, stage)
            self._params[sha, stage] = found if found is not None else {}
        return self._params[sha, stage] or None


def _unheld(run: Run) -> Entry:
    return Entry(
        key=run.mlflow_run_id,
        stage=run.stage,
        record_id=run.record_id,
        training_id=None,
        run=run,
        record=None,
        relation=None,
        made_in=None,
        experiments=(),
        inherited_by=(),
        data=(),
        labels=(),
        metrics={},
        params={},
    )


def _newest(entry: Entry) -> tuple[int, str]:
    return (-entry.made_in.time if entry.made_in else 0, entry.name)
