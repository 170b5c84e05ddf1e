"""Bring MLflow up to date with git and DVC: late runs, missing runs, links."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from filelock import FileLock

from wherefrom import delivery, files, lineage, settings, tree
from wherefrom.commands import carried, ls
from wherefrom.holders import Maker, origin
from wherefrom.identity import MlflowRunId
from wherefrom.journal import Journal
from wherefrom.lockfile import is_record
from wherefrom.names import CARD, DATA_HASH, GAPS, RELATION
from wherefrom.project import locate
from wherefrom.record import Gap
from wherefrom.uris import is_inside, store_name
from wherefrom.view import look

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from wherefrom.commands.carried import Change
    from wherefrom.entries import Entry
    from wherefrom.ledger_run import LedgerRun
    from wherefrom.runs import Logged, Run
    from wherefrom.sources.mlflow_store import Store
    from wherefrom.view import View

_LATER = "wherefrom.evaluate."
LOST = (
    "curves by step (only the last value of a metric is in the ledger)",
    "runs that no commit and no experiment holds: failed, given up, amended away, of whole sweeps",
    "what was edited in MLflow's UI: notes, tags, registered models",
    "logged models and artifacts other than records and parameters; DVC has the model files",
)
"""What a store that is made again from the ledger does not have any more."""


@dataclass
class Synced:
    """What a sync did: runs that had waited, runs made from the ledger, runs whose links changed.

    `gaps` say what still waits or could not be made, and why; `seconds` is what making took; `lost`
    is what a store that had been lost does not have any more.
    """

    delivered: int = 0
    made: int = 0
    seconds: float = 0.0
    linked: int = 0
    lost: tuple[str, ...] = ()
    gaps: list[Gap] = field(default_factory=list)


def sync(
    folder: Path,
    environ: Mapping[str, str],
    *,
    rebuild: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Synced:
    """Bring the store up to date; `rebuild` also makes the runs anew that were deleted in MLflow.

    Doing it twice changes nothing, nor does doing it while experiments run. Raises
    `StoreUnreachableError`; nothing is lost then.
    """
    project = locate(folder, environ)
    chosen, doubts = settings.understood(project.workspace, project.anchor.name)
    uri = chosen.store(project.anchor, environ)
    store = delivery.open_project_store(project, uri, chosen.mlflow_experiment)
    store.end_dead_runs()
    done = Synced(gaps=list(doubts))
    journal, name = Journal(project.state), store_name(project.anchor, uri)
    with FileLock(files.private_folder(project.state) / "sync.lock"):  # no run is made twice
        first = delivery.deliver_waiting(store, journal, name)
        if project.git_root is not None:
            with look(folder, environ) as view:
                _Ledger(view, store, journal, done, rebuild=rebuild).write(progress)
        rest = delivery.deliver_waiting(store, journal, name)  # what goes on with a run made now
    done.delivered = first.delivered + rest.delivered
    done.gaps += rest.waiting
    return done


class _Ledger:
    """Writes what the ledger knows into a store."""

    def __init__(
        self, view: View, store: Store, journal: Journal, done: Synced, *, rebuild: bool
    ) -> None:
        self._view = view
        self._store = store
        self._done = done
        self._rebuild = rebuild
        self._holders = view.index.all_holders()
        self._running = journal.record_ids()
        self._runs: dict[str, list[Run]] = {}
        for run in view.table.runs:
            self._runs.setdefault(run.record_id or "", []).append(run)

    def write(self, progress: Callable[[int, int], None]) -> None:
        wanted, started = self._missing(), time.monotonic()
        for number, (record_id, key) in enumerate(wanted, 1):
            self._make(record_id, key)
            progress(number, len(wanted))
        self._done.seconds = time.monotonic() - started
        if self._done.made and (self._rebuild or not self._runs):
            self._done.lost = LOST
        self._link()

    def _missing(self) -> list[tuple[str, str]]:
        """List the records that are held and have no run, with the result that holds each."""
        rows = self._view.index.results()
        held = {r.training_id: r.key for r in rows if r.training_id} | {
            r.record_id: r.key for r in rows if r.record_id
        }
        missing = [
            (i, k) for i, k in held.items() if i not in self._runs and i not in self._running
        ]
        gone = set() if self._rebuild or not missing else self._store.deleted_records()
        for record_id in gone & {record_id for record_id, _ in missing}:
            self._done.gaps.append(_deleted(record_id))
        return [(record_id, key) for record_id, key in missing if record_id not in gone]

    def _make(self, record_id: str, key: str) -> None:
        record = self._view.index.record(key)
        maker = Maker(record.relation, record.experiment, record.baseline) if record else None
        made_in = origin(maker, self._holders.get(key, []))
        if made_in is None:
            return
        here = tree.of_commit(self._view, made_in.commit_sha)
        results = lineage.results(here.holding)
        result = next((r for r in results if r.key == key), None)
        run = carried.run_of(self._view, here, result, record_id) if result else None
        if run is None:
            gap = Gap(
                what=f"the run of the record {record_id} was not made",
                why=f"{made_in.commit_sha[:7]} holds it, and not all that it was made from",
                remedy=f"`wherefrom trace {key[:12]}` says what is missing",
            )
            self._done.gaps.append(gap)
            return
        self._log(run, str(here.params_file.get("experiment.name") or ""))
        self._done.made += 1

    def _log(self, run: LedgerRun, experiment: str) -> None:
        record = run.record
        name = experiment or self._view.project.anchor.name
        run_id = self._store.create_run(name, record.run_name, run.started, run.tags)
        self._store.log_inputs(run_id, run.data)
        self._store.log(run_id, params=run.params, metrics=run.metrics, tags={}, at=run.ended)
        self._log_files(run_id, run.files)
        self._store.end(run_id, "FINISHED", run.ended)

    def _log_files(self, run_id: MlflowRunId, texts: Mapping[str, str]) -> None:
        with TemporaryDirectory() as folder:
            for file, text in texts.items():
                (Path(folder) / file).write_text(text, encoding="utf-8")
            self._store.log_files(run_id, Path(folder))

    def _link(self) -> None:
        """Attach what is known only afterwards, to runs that have ended."""
        self._view.forget_runs()
        listed = ls.entries(self._view)
        self._done.gaps += _without_a_run(listed) if self._rebuild else []
        entries = [e for e in listed if e.run and e.made_in]
        ended: dict[str, Entry] = {
            e.run.mlflow_run_id: e for e in entries if e.run and e.run.status == "FINISHED"
        }
        for run_id, here in self._view.ask_logged(ended).items():
            self._done.linked += self._link_one(MlflowRunId(run_id), ended[run_id], here)
        loose = [e.run for e in listed if e.run and e.run.mlflow_run_id not in ended]
        for run_id, here in self._view.ask_logged(_of_stages(loose, self._running)).items():
            self._done.linked += self._let_go(MlflowRunId(run_id), here)

    def _link_one(self, run_id: MlflowRunId, entry: Entry, here: Logged) -> bool:
        """Attach what has come since a run ended; say whether something was new.

        An evaluation that was not tracked is logged, too.
        """
        evaluated = self._evaluate(run_id, entry, here)
        tags = {**here.tags, **evaluated}
        change = carried.afterwards(entry, tags)
        late = {} if evaluated else carried.late_metrics(entry, here.metrics)
        if RELATION not in tags and CARD not in tags:  # foreign code names no inputs
            self._store.log_inputs(run_id, carried.inputs(entry))
        at = entry.run.ended if entry.run and entry.run.ended else 0
        changed = self._change(run_id, tags, change, late, at)
        return bool(evaluated) or changed

    def _let_go(self, run_id: MlflowRunId, here: Logged) -> bool:
        """Take from a run that nothing holds what was attached; say whether something changed."""
        ours = is_inside(self._view.project.anchor, self._view.uri)
        return self._change(run_id, here.tags, carried.let_go(here.tags, ours=ours), {}, 0)

    def _change(
        self,
        run_id: MlflowRunId,
        tags: Mapping[str, str],
        change: Change,
        metrics: Mapping[str, float],
        at: int,
    ) -> bool:
        if change.tags or metrics:
            self._store.log(run_id, params={}, metrics=metrics, tags=change.tags, at=at)
        self._store.unset(run_id, change.gone, tags)
        return bool(change.tags or metrics or change.gone)

    def _evaluate(self, run_id: MlflowRunId, entry: Entry, here: Logged) -> dict[str, str]:
        """Log what an evaluation that was not tracked adds to its training's run; give its tags.

        Its tags come last: they say that all of it is there.
        """
        own = entry.record_id is not None and entry.record_id == entry.training_id
        if not own or f"{_LATER}stage" in here.tags or entry.made_in is None:
            return {}
        commit = tree.of_commit(self._view, entry.made_in.commit_sha)
        result = next(r for r in lineage.results(commit.holding) if r.key == entry.key)
        run = carried.run_of(self._view, commit, result, entry.key)
        if run is None:
            return {}
        late = {k: v for k, v in run.metrics.items() if k not in here.metrics}
        model_id = self._store.model_of(run_id)
        table = next((d for d in run.data if d.hash == run.tags.get(DATA_HASH)), None)
        self._store.log(
            run_id, params={}, metrics=late, tags={}, at=run.ended, model_id=model_id, data=table
        )
        self._log_files(run_id, {n: text for n, text in run.files.items() if is_record(n)})
        self._store.end(run_id, "FINISHED", run.ended)
        added = {k: v for k, v in run.tags.items() if k.startswith(_LATER) or k == GAPS}
        added |= run.record.tags
        self._store.log(run_id, params={}, metrics={}, tags=added, at=run.ended)
        return added


def _of_stages(runs: Iterable[Run], running: Collection[str]) -> list[str]:
    """Name the runs of stages that have ended, and that nobody works on."""
    ended = ("FINISHED", "FAILED", "KILLED")
    done = (r for r in runs if r.stage and r.status in ended and r.record_id not in running)
    return [run.mlflow_run_id for run in done]


def _without_a_run(listed: Iterable[Entry]) -> list[Gap]:
    """Count the results whose run no record tells: a rebuild does not make it."""
    bare = [e for e in listed if e.held and not (e.record_id or e.run or e.candidates)]
    gap = Gap(
        what=f"results without a run that keep no record either: {len(bare)}",
        why="their code logs to MLflow itself, or nothing; the ledger does not tell what",
        remedy="restore the store from a copy, or run them again: `dvc repro --force`",
    )
    return [gap] if bare else []


def _deleted(record_id: str) -> Gap:
    return Gap(
        what=f"the run of the record {record_id} was deleted in MLflow",
        why="somebody did so; git or DVC still hold its result",
        remedy="restore it in MLflow, or `wherefrom sync --rebuild` makes it anew",
    )
