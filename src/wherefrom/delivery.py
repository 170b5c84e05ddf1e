"""From the journal into MLflow: the same steps for a run that ends now and for one that waited."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wherefrom import card, curves, files
from wherefrom.errors.stores import StoreRefusedError
from wherefrom.identity import RecordId
from wherefrom.names import DECIDED, DERIVED_FROM, FILES, FILES_LATER, LISTINGS, MODEL, NOTE
from wherefrom.record import Gap
from wherefrom.sources import disk, mlflow_store

if TYPE_CHECKING:
    from wherefrom.errors.project import RecordError
    from wherefrom.identity import MlflowRunId
    from wherefrom.journal import Entry, Journal
    from wherefrom.project import Project
    from wherefrom.sources.mlflow_store import Store


@dataclass(frozen=True)
class Delivered:
    """How many entries of the journal MLflow has now, and why each of the others still waits."""

    delivered: int
    waiting: tuple[Gap, ...] = ()


def begin(store: Store, journal: Journal, entry: Entry, *, is_new: bool = False) -> Entry:
    """Make the run of an entry, or find the one that it goes on with; the journal knows it then.

    `is_new` says that nobody has tried before: then no store has a run that is to be created. An
    entry that continues a run which is not there (yet) stays without one.
    """
    creates = is_new and entry.action == "create"
    run_id = None if creates else store.find_run(entry.record_id)
    if run_id is None and entry.action == "create":
        run_id = store.create_run(
            entry.mlflow_experiment, entry.run_name, entry.started, entry.tags
        )
        store.log(run_id, params=entry.params, metrics={}, tags={}, at=entry.started)
        store.log_inputs(run_id, entry.data)
    elif run_id is not None and entry.action == "continue":
        # the tags first: they name the process that lives, before the run is seen to run
        store.log(run_id, params={}, metrics={}, tags=entry.tags, at=entry.started)
        store.set_running(run_id)
    begun = replace(entry, mlflow_run_id=run_id)
    journal.write(begun)
    return begun


def complete(store: Store, journal: Journal, entry: Entry) -> bool:
    """Log all that an ended entry holds and remove it; False where its run is not there yet.

    Every step can be taken again: nothing is there twice.
    """
    run_id = entry.mlflow_run_id or begin(store, journal, entry).mlflow_run_id
    if run_id is None or entry.ending is None:
        return False
    folder, ending = journal.folder(entry), entry.ending
    params = entry.params if entry.action == "create" else {}
    tags = {**entry.tags, **ending.tags}
    if ending.status != "FINISHED":  # the evaluation that goes on with the run has another one
        shutil.rmtree(folder / DECIDED, ignore_errors=True)
    logged = _log_models(store, run_id, folder)
    tags |= _log_artifacts(store, run_id, entry, folder)
    tags.pop(NOTE, None)  # it is there, and somebody may have written into it since
    here = tags
    has_news = card.of_run({**entry.tags, **ending.tags}) != card.of_run(entry.tags)
    if entry.action == "continue" or ending.status != "FINISHED" or has_news:
        here = store.tags(run_id)
        after = {name: value for name, value in here.items() if name not in ending.unset}
        tags |= card.described({**after, **tags}, here)
    store.log_points(run_id, curves.read(folder))
    store.log(
        run_id,
        params=params,
        metrics=ending.metrics,
        tags=tags,
        at=ending.ended,
        model_id=_model(store, run_id, entry, logged),
        data=entry.table,
    )
    store.end(run_id, ending.status, ending.ended)
    store.unset(run_id, ending.unset, here)
    journal.remove(entry)
    return True


def _model(store: Store, run_id: MlflowRunId, entry: Entry, logged: str | None) -> str | None:
    """Find the logged model that an entry's metrics are of: the run's, or the training's.

    `logged` is the run's, where it was just logged.
    """
    training = entry.tags.get(DERIVED_FROM)
    if logged and not training:
        return logged
    trained = store.find_run(RecordId(training)) if training else run_id
    return store.model_of(trained) if trained else None


def deliver_waiting(store: Store, journal: Journal, name: str) -> Delivered:
    """Deliver what waits for the store of this `name` and nobody works on, oldest first."""
    delivered, left = 0, [_unreadable(error) for error in journal.damaged()]
    for entry, lock in journal.take(journal.waiting()):
        with lock:
            why = _deliver(store, journal, entry, name)
        delivered += why is None
        left += [why] if why else []
    return Delivered(delivered, tuple(left))


def _deliver(store: Store, journal: Journal, entry: Entry, name: str) -> Gap | None:
    """Deliver an entry, or say why not; one that is refused must not keep the others waiting."""
    what = f"{entry.run_name} ({entry.stage}, record {entry.record_id}) waits"
    if entry.store != name:
        why = f"it is meant for the store {entry.store}, and this is {name}"
        return Gap(what, why, f"`MLFLOW_TRACKING_URI={entry.store} wherefrom sync`")
    try:
        if _complete_anew(store, journal, entry):
            return None
    except StoreRefusedError as error:
        return Gap(what, str(error), error.hint)
    return Gap(
        what,
        "the run that it goes on with is not in this store",
        "commit the result, and `wherefrom sync` makes that run from the ledger; or restore it",
    )


def _complete_anew(store: Store, journal: Journal, entry: Entry) -> bool:
    """Complete an entry; a run that is no longer there is looked up again, or made anew."""
    try:
        return complete(store, journal, entry)
    except StoreRefusedError:
        return complete(store, journal, replace(entry, mlflow_run_id=None))


def _unreadable(error: RecordError) -> Gap:
    remedy = "remove its folder, and run the stage again; or use the `wherefrom` that wrote it"
    return Gap("a run that waits cannot be read", str(error), remedy)


def open_project_store(project: Project, uri: str, experiment: str) -> Store:
    """Open the store of a project. Raises `StoreUnreachableError`."""
    return mlflow_store.open_store(uri, experiment, project.artifact_root, project.state)


def _log_models(store: Store, run_id: MlflowRunId, folder: Path) -> str | None:
    """Log the models that the stage has left; give the id of the trained one, if it is one."""
    left = [name for name in (MODEL, DECIDED) if (folder / name / "MLmodel").is_file()]
    return {name: store.log_model(run_id, folder / name) for name in left}.get(MODEL)


def _log_artifacts(store: Store, run_id: MlflowRunId, entry: Entry, folder: Path) -> dict[str, str]:
    """Log artifacts, with a listing of them and the models; give the tag that names the listing."""
    if not (folder / "artifacts").is_dir():
        return {}
    text, value = disk.listing(folder, ("artifacts", MODEL, DECIDED))
    with TemporaryDirectory() as beside:
        files.write(Path(beside, LISTINGS, f"{value}.json"), text)
        store.log_files(run_id, Path(beside))
    store.log_files(run_id, folder / "artifacts")
    return {FILES if entry.action == "create" else FILES_LATER: value}
