"""The results that are looked at: who holds each, and which run is its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import entries
from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.holders import Holder
from wherefrom.problems import some
from wherefrom.record import Gap
from wherefrom.runs import NoRuns
from wherefrom.uris import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from wherefrom.entries import Entry
    from wherefrom.found import Found
    from wherefrom.identity import ExperimentName
    from wherefrom.runs import Run
    from wherefrom.view import View


@dataclass(frozen=True)
class Subject:
    """A result to be looked for.

    `held` are the commits that hold it, the one that is asked about or that made it first; for one
    that nothing holds (`live` is False) the commits that did, as far as they are known. `name` is
    what a person calls it. `run` is None where none is known. `metrics` are by the index.
    """

    key: str
    name: str
    record_id: str | None
    training_id: str | None
    held: tuple[Holder, ...]
    live: bool
    run: Run | None
    metrics: Mapping[str, float]
    in_workspace: bool = False

    @property
    def experiments(self) -> tuple[ExperimentName, ...]:
        """The experiments that hold it."""
        return tuple(holder.experiment for holder in self.held if holder.experiment)


def of_entries(view: View, listed: Iterable[Entry]) -> Iterator[Subject]:
    """Give the results of a list that a commit or an experiment holds."""
    held = view.index.all_holders()
    for entry in listed:
        if entry.made_in is not None:
            yield Subject(
                key=entry.key,
                name=entry.name or entry.key,
                record_id=entry.record_id,
                training_id=entry.training_id,
                held=_first(entry.made_in, held.get(entry.key, [])),
                live=True,
                run=entry.run,
                metrics=entry.metrics,
            )


def lost(view: View, listed: Iterable[Entry]) -> Iterator[Subject]:
    """Give the runs whose result was held, and is no more.

    That is known where the index has seen who held it, or a sync has in this project's own store. A
    run whose result was never committed is none, nor is one that lives on in another form: see
    `Index.former_holders`. Where no store says whether a run is still wanted, that is a gap.
    """
    view.gaps += _undecided(view)
    runs = [entry.run for entry in listed if not entry.held and entry.run]
    finished = [run for run in runs if run.status == "FINISHED"]
    former = view.index.former_holders() if finished else {}
    for run in finished:
        known = _former(former, run)
        if known or _was_removed(view, run):
            yield of_run(run, known)


def _undecided(view: View) -> Iterator[Gap]:
    """Name the results that nothing holds any more, where no store says whether they are wanted.

    There is none to ask, or it was made anew, and has only what was still held then. A result that
    was made with tracking off never had a run.
    """
    bare = isinstance(view.runs, NoRuns)
    if not bare and not _is_remade(view):
        return
    former = view.index.former_holders().items()
    rows = [(view.index.record(key), held[0].commit_sha) for key, held in former]
    made = [(row, sha) for row, sha in rows if row and row.mlflow_run_id]
    known = _known(view) if made and not bare else set()
    names = [f"{r.run_name} ({sha[:10]})" for r, sha in made if r.record_id not in known]
    if names:
        why = "the store was made anew, without its run" if not bare else ""
        yield Gap(
            what=f"nothing holds {some(names)} any more, which is left out here",
            why=f"a run says that it is still wanted: {why or view.unasked or 'there is no store'}",
            remedy="`wherefrom keep COMMIT` as long as git has it"
            + (", or bring the store back" if bare else _FORGET),
        )


_FORGET = "; if nobody wants it, remove .wherefrom/index.db, which alone still knows of it"


def _is_remade(view: View) -> bool:
    """Whether the store has a run of a record that names another one: the first one was lost."""
    named = {row.record_id: row.mlflow_run_id for row in view.index.records().values()}
    pairs = ((run, named.get(run.record_id)) for run in view.table.runs if run.record_id)
    return any(first not in {None, run.mlflow_run_id} for run, first in pairs)


def _known(view: View) -> set[str | None]:
    """List the records whose runs the store has, also those that were deleted there."""
    try:
        deleted = view.runs.stored().deleted
    except StoreUnreachableError as error:
        view.lose(error)
        deleted = ()
    return {run.record_id for run in (*view.table.runs, *deleted)}


def of_found(view: View, found: Found) -> Subject:
    """Give the result that an address names."""
    if found.run is not None:
        return of_run(found.run, _former(view.index.former_holders(), found.run))
    rows = view.index.of_key(found.key)
    if rows:
        listed = entries.of_history(view, rows, {found.key: found.commit_sha})
        subjects = list(of_entries(view, listed))
        asked = (s for s in subjects if s.held[0].commit_sha == found.commit_sha)
        return next(asked, subjects[0])
    commit = view.index.commit(found.commit_sha) if found.commit_sha else None
    held = (Holder(commit.sha, commit.time),) if commit else ()
    row = next((r for r in view.index.of_commit(found.commit_sha) if r.key == found.key), None)
    record = view.index.record(row.record_id) if row and row.record_id else None
    run = view.run_of(record, row.fingerprints, held).run if row else None
    return Subject(
        key=found.key,
        name=(record.experiment or record.run_name) if record else found.key,
        record_id=row.record_id if row else None,
        training_id=row.training_id if row else None,
        held=held,
        live=False,
        run=run,
        metrics=row.metrics if row else {},
        in_workspace=found.in_workspace,
    )


def of_run(run: Run, former: tuple[Holder, ...]) -> Subject:
    """Give the result of a run that nothing holds; `former` are the commits that did."""
    held = former or (
        (Holder(run.exp_rev, 0, run.experiment, run.baseline),) if run.exp_rev else ()
    )
    key = run.record_id or run.mlflow_run_id
    name = run.experiment or run.name
    return Subject(key, name, run.record_id, None, held, live=False, run=run, metrics={})


def _former(former: Mapping[str, Sequence[Holder]], run: Run) -> tuple[Holder, ...]:
    return tuple(former.get(run.record_id or "") or former.get(run.fingerprint or "") or ())


def _was_removed(view: View, run: Run) -> bool:
    """Whether a run is of an experiment of this clone, and none has its name and place now.

    A sync has seen its commit: it is not one that still runs.
    """
    inside = is_inside(view.project.anchor, view.uri)
    if run.experiment is None or run.exp_rev is None or not inside:
        return False
    named = (commit.parents for commit in view.index.experiments(run.experiment))
    return not any(run.baseline in parents for parents in named)


def _first(made_in: Holder, held: Sequence[Holder]) -> tuple[Holder, ...]:
    return (made_in, *(holder for holder in held if holder != made_in))
