"""A result as one line of a list: who holds it, its run, and what it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wherefrom import baseline as baselines
from wherefrom import holders as holders_
from wherefrom import plans
from wherefrom.index.rows import Input
from wherefrom.join import apart, by_content, by_record
from wherefrom.remarks import Told
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wherefrom.baseline import Changed
    from wherefrom.holders import Holder, Relation
    from wherefrom.identity import CommitSha, ExperimentName
    from wherefrom.index.rows import RecordRow, ResultRow
    from wherefrom.join import Joined
    from wherefrom.lineage import Lineage
    from wherefrom.plans import Outcome
    from wherefrom.remarks import Reproduced
    from wherefrom.runs import Run
    from wherefrom.tree import Tree
    from wherefrom.view import View


@dataclass(frozen=True)
class Entry:
    """A result in a list.

    `key` is its record's id, or the fingerprint of its last stage, or the id of a run that nothing
    holds; `made_in` is None for the latter, and for a result that the workspace alone has.
    `changed` maps parameters to their values in the baseline (of an experiment) or the parent, and
    here; `labels` are those of `data.version`; `candidates` the runs that it may be of, where
    nothing decides between them. `reproduced` is what its last reproduction came to, `plan` what
    was expected before it ran, `told` what somebody says of it.
    """

    key: str
    stage: str | None
    record_id: str | None
    training_id: str | None
    run: Run | None
    record: RecordRow | None = None
    relation: Relation | None = None
    made_in: Holder | None = None
    experiments: tuple[ExperimentName, ...] = ()
    inherited_by: tuple[ExperimentName, ...] = ()
    data: tuple[Input, ...] = ()
    labels: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    changed: Changed = field(default_factory=dict)
    gaps: int = 0
    in_workspace: bool = False
    candidates: tuple[Run, ...] = ()
    reproduced: Reproduced | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    told: Told = field(default_factory=Told)

    @cached_property
    def outcome(self) -> Outcome | None:
        """What came of its plan; None where no success criteria were given."""
        return plans.outcome(self.plan, self.metrics)

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


def of_history(
    view: View, rows: Sequence[ResultRow], asked: Mapping[str, CommitSha | None]
) -> Iterator[Entry]:
    """Give the results that commits and experiments hold.

    `asked` maps results to the holder that somebody asks about.
    """
    table, by_key = _Table(view, rows), dict[str, list["ResultRow"]]()
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    for key, same in by_key.items():
        yield from table.entries(key, same, asked.get(key))


def of_workspace(view: View, here: Tree, result: Lineage) -> Entry:
    """Give a result that the workspace has and no commit holds yet."""
    if result.record is not None:
        joined = by_record(result.record, view.table)
    else:
        joined = by_content(result.fingerprints, (), view.table)
    values, gaps = here.metrics(view.project.anchor, result.metric_files)
    head = git_repo.head(view.git_root)
    before = baselines.params_at(view, head, result.final.address) if head else None
    return Entry(
        key=result.key,
        stage=result.final.address,
        record_id=result.record.record_id if result.record else None,
        training_id=result.training.record_id if result.training else None,
        run=joined.run,
        relation=joined.maker.relation if joined.maker else None,
        data=tuple(Input(r.path, result.used.get(r.path), r.size, r.dvc_file) for r in result.raw),
        labels=_labels([result.params]),
        metrics=values,
        params=result.params,
        changed=baselines.changed(before, result.params) if before else {},
        gaps=len(result.gaps) + len(gaps) + len(joined.gaps),
        in_workspace=True,
        candidates=joined.candidates,
        reproduced=view.reproduced(result.record, result.key),
        plan=result.record.plan if result.record else {},
        told=view.told(result.record, result.key, result.tags),
    )


def of_run(run: Run) -> Entry:
    """Give a run that nothing holds."""
    return Entry(run.mlflow_run_id, run.stage, run.record_id, training_id=None, run=run)


def _labels(params: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    found = (same.get(baselines.LABEL) for same in params)
    return tuple(dict.fromkeys(str(label) for label in found if label is not None))


class _Table:
    """What all entries have in common, asked for once."""

    def __init__(self, view: View, rows: Sequence[ResultRow]) -> None:
        self._view = view
        self._records = view.index.records()
        self._holders = view.index.all_holders()
        self._inputs = view.index.inputs([row.number for row in rows])
        self._params: dict[tuple[str, str], Mapping[str, Any]] = {}

    def entries(
        self, key: str, rows: Sequence[ResultRow], asked: CommitSha | None
    ) -> Iterator[Entry]:
        """Give one entry; several where several holders have a run of their own."""
        held = self._holders.get(key, [])
        joined = self._view.judged(self._joined(rows[0], held, asked))
        for one, holders in apart(joined, held):
            yield self._entry(key, rows, one, holders)

    def _entry(
        self, key: str, rows: Sequence[ResultRow], joined: Joined, held: Sequence[Holder]
    ) -> Entry:
        made_in = holders_.origin(joined.maker, held)
        row = self._row_of(made_in, rows)
        record = self._records.get(row.record_id or "")
        return Entry(
            key=key,
            stage=row.stage,
            record_id=row.record_id,
            training_id=row.training_id,
            run=joined.run,
            record=record,
            relation=holders_.relation(joined.maker, made_in, made_in) if made_in else None,
            made_in=made_in,
            experiments=tuple(h.experiment for h in held if h.experiment),
            inherited_by=tuple(h.experiment for h in held if h.experiment and h != made_in),
            data=tuple(self._inputs.get(row.number, [])),
            labels=_labels([same.params for same in rows]),
            metrics=row.metrics,
            params=row.params,
            changed=self._changed(row, made_in),
            gaps=row.gap_count + len(joined.gaps),
            candidates=joined.candidates,
            reproduced=self._view.reproduced(record, key),
            plan=record.plan if record else {},
            told=self._view.told(record, key, record.tags if record else {}),
        )

    def _row_of(self, made_in: Holder | None, rows: Sequence[ResultRow]) -> ResultRow:
        commit = self._view.index.commit(made_in.commit_sha) if made_in else None
        return next((r for r in rows if commit and r.snapshot == commit.snapshot), rows[0])

    def _joined(self, row: ResultRow, held: Sequence[Holder], asked: CommitSha | None) -> Joined:
        record: RecordRow | None = self._records.get(row.record_id or "")
        if record is not None:
            return by_record(record, self._view.table)
        return by_content(row.fingerprints, held, self._view.table, asked)

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
