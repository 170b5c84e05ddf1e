"""A result and the runs of a store -> its run: by record, else by content. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.holders import Maker
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wherefrom.holders import Holder, Relation
    from wherefrom.identity import CommitSha, MlflowRunId
    from wherefrom.index.rows import RecordRow
    from wherefrom.record import Record
    from wherefrom.runs import Run


class RunTable:
    """Runs by what joins them to the ledger."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = list(dict.fromkeys(runs))
        self._by_id = {run.mlflow_run_id: run for run in self.runs}
        self._by_record: dict[str, list[Run]] = {}
        self._by_fingerprint: dict[str, list[Run]] = {}
        for run in self.runs:
            if run.record_id:
                self._by_record.setdefault(run.record_id, []).append(run)
            if run.fingerprint:
                self._by_fingerprint.setdefault(run.fingerprint, []).append(run)

    def of_id(self, run_id: MlflowRunId) -> Run | None:
        """Find a run by its id."""
        return self._by_id.get(run_id)

    def of_record(self, record_id: str) -> list[Run]:
        """Find the runs that carry a record id."""
        return self._by_record.get(record_id, [])

    def of_fingerprint(self, fingerprint: str) -> list[Run]:
        """Find the runs that carry a stage's fingerprint."""
        return self._by_fingerprint.get(fingerprint, [])


@dataclass(frozen=True)
class Joined:
    """The run of a result: None where there is none, or where several are and nothing decides.

    `maker` says how the result was made, None where neither a record nor a run does. `candidates`
    are the runs between which nothing decides.
    """

    run: Run | None
    maker: Maker | None
    gaps: tuple[Gap, ...] = ()
    candidates: tuple[Run, ...] = ()


def by_record(record: RecordRow | Record, table: RunTable) -> Joined:
    """Find the run of a result that has a record."""
    maker = Maker(record.relation, record.experiment, record.baseline)
    runs = table.of_record(record.record_id)
    named = [run for run in runs if run.mlflow_run_id == record.mlflow_run_id] or runs
    if len(named) == 1:
        return Joined(named[0], maker)
    if named:
        gap = _several(named, f"the record {record.record_id}")
        return Joined(None, maker, (gap,), tuple(named))
    gap = Gap(
        what=f"the run of the record {record.record_id} is not in MLflow",
        why="it was made with tracking off, elsewhere, or its store was lost",
        remedy="`wherefrom sync` makes it from the ledger; `--rebuild` if it was deleted",
    )
    return Joined(None, maker, (gap,))


def by_content(
    fingerprints: Sequence[str],
    holders: Sequence[Holder],
    table: RunTable,
    asked: CommitSha | None = None,
) -> Joined:
    """Find the run of a result without a record: one of its stages, the last that has any.

    Of several the one of `asked` is meant, the holder that somebody asks about.
    """
    for fingerprint in fingerprints:
        runs = _outer(table.of_fingerprint(fingerprint))
        good = [run for run in runs if run.status == "FINISHED"]
        good = good or [run for run in runs if run.status == "RUNNING"]
        if good:
            named = [holder for holder in holders if holder.commit_sha == asked]
            is_last = fingerprint == fingerprints[0]
            joined = _decide(good, named or holders, is_last=is_last)
            return joined if joined.run else _decide(good, holders, is_last=is_last)
    gap = Gap(
        what="no run in MLflow belongs to this result",
        why="no record names one, and none carries a fingerprint of its stages",
        remedy="run it where `wherefrom` is installed: `dvc repro --force`",
    )
    return Joined(None, None, (gap,))


def _outer(runs: list[Run]) -> list[Run]:
    """Leave out the runs that are nested in another of these: a search is one run."""
    ids = {run.mlflow_run_id for run in runs}
    return [run for run in runs if run.parent not in ids]


def _decide(runs: list[Run], holders: Sequence[Holder], *, is_last: bool) -> Joined:
    """Take the only run, or the only one of an experiment that holds the result.

    The run of an earlier stage may be another result's: then it was not made for this one.
    """
    near = [run for run in runs if any(is_of(run, holder) for holder in holders)]
    found = runs if len(runs) == 1 else near
    if len(found) == 1:
        run = found[0]
        relation: Relation = "own" if is_last or run in near else "inherited"
        return Joined(run, Maker(relation, run.experiment, run.baseline))
    return Joined(None, None, (_several(runs, "this fingerprint"),), tuple(near or runs))


def apart(joined: Joined, holders: Sequence[Holder]) -> list[tuple[Joined, Sequence[Holder]]]:
    """Give each of the runs that compete to the holders that made it, where each made one.

    Who made none of them inherits the first. All stay together where two were made in one place.
    """
    makers = [[h for h in holders if is_of(run, h)] for run in joined.candidates]
    places = {(run.experiment, run.baseline) for run in joined.candidates}
    if not makers or len(places) < len(makers) or not all(makers):
        return [(joined, holders)]
    first, *rest = makers
    others = [h for h in holders if not any(h in made for made in makers)]
    return [
        (Joined(run, Maker("own", run.experiment, run.baseline)), held)
        for run, held in zip(joined.candidates, ([*first, *others], *rest), strict=True)
    ]


def is_of(run: Run, holder: Holder) -> bool:
    """Whether a run says that it was made where a holder stands."""
    return (run.experiment, run.baseline) == (holder.experiment, holder.baseline)


def _several(runs: list[Run], shared: str) -> Gap:
    return Gap(
        what=f"{len(runs)} runs have {shared}: " + ", ".join(run.mlflow_run_id for run in runs),
        why="nothing in the ledger decides between them",
        remedy="delete in MLflow those that are no results",
    )
