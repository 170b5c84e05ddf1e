"""What MLflow is asked for one stage, one errand at a time, by requests and answers of plain JSON.

They are run in a process beside the stage, the courier, or in the stage's own. All that is larger
than a line lies in the journal.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import shutil
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from wherefrom import delivery
from wherefrom.curves import Point
from wherefrom.errors.stores import StoreRefusedError, StoreUnreachableError
from wherefrom.journal import Journal
from wherefrom.project import Project
from wherefrom.sources import local_store, mlflow_client, mlflow_model
from wherefrom.uris import store_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wherefrom.identity import MlflowRunId
    from wherefrom.sources.mlflow_store import Store

    Request = Mapping[str, Any]
    Answer = dict[str, Any]

PICKLED = ".pickle"
"""The suffix of what the stage leaves of a model, beside the folder that is made of it."""


class Errands:
    """The errands of one stage, in the order in which it asks for them.

    An answer may have `run_id`, `said` (lines for the user) and `lost` (the store does not answer;
    then the entry waits in the journal, and all further errands into MLflow are in vain).
    """

    def __init__(self) -> None:
        self._store: Store | None = None
        self._run_id: MlflowRunId | None = None

    def do(self, request: Request) -> Answer:
        """Run one errand."""
        errands: dict[str, Callable[[Request], Answer]] = {
            "begin": self._begin,
            "show": self._show,
            "expect model": _expect_model,
            "save model": save_model,
            "end": self._end,
        }
        try:
            return errands[request["do"]](request)
        except StoreUnreachableError as error:
            self._store = None
            refused = isinstance(error, StoreRefusedError)
            return {"lost": {"uri": error.uri, "why": error.why, "refused": refused}}

    def _begin(self, request: Request) -> Answer:
        """Connect, deliver what waits, and start the entry's run."""
        project, uri = _project(request), request["uri"]
        journal = Journal(project.state)
        os.environ.setdefault(local_store.ARTIFACT_ROOT_VARIABLE, str(project.artifact_root))
        store = delivery.open_project_store(project, uri, request["experiment"])
        store.end_dead_runs()
        delivery.deliver_waiting(store, journal, store_name(project.anchor, uri))
        said = [str(error) for error in journal.damaged()]
        entry = journal.entry(request["key"])
        self._run_id = delivery.begin(store, journal, entry, is_new=True).mlflow_run_id
        self._store = store
        if self._run_id is None:
            said.append("the run that this result goes on with is not in this store; it waits")
        return {"run_id": self._run_id, "said": said}

    def _show(self, request: Request) -> Answer:
        """Show points of curves while the stage runs."""
        if self._store is not None and self._run_id is not None:
            points = [Point(**point) for point in request["points"]]
            self._store.log_points(self._run_id, points)
        return {}

    def _end(self, request: Request) -> Answer:
        """Deliver the ended entry."""
        if self._store is not None:
            journal = Journal(_project(request).state)
            delivery.complete(self._store, journal, journal.entry(request["key"]))
        return {}


def _project(request: Request) -> Project:
    """Give the main project, which is all that an errand needs of where the stage runs."""
    anchor = Path(request["anchor"])
    return Project(anchor, None, "", anchor)


def _expect_model(_request: Request) -> Answer:
    mlflow_model.import_sklearn()
    return {}


def save_model(request: Request) -> Answer:
    """Make an MLflow model of what `keep_model` left."""
    folder = Path(request["folder"])
    pickled = folder.with_suffix(PICKLED)
    model, example = pickle.loads(pickled.read_bytes())  # noqa: S301 - the stage's own
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that failed
    mlflow_model.save_sklearn_model(model, folder, example=example, **request["options"])
    pickled.unlink()
    return {}


def keep_model(folder: Path, model: Any, example: Any) -> None:  # noqa: ANN401
    """Leave a fitted model, and rows to show what it takes, beside the folder it is to be in."""
    with folder.with_suffix(PICKLED).open("wb") as file:
        pickle.dump((model, example), file, protocol=5)


def serve() -> None:
    """Answer the requests of standard input until it ends; what runs the errands may print."""
    requests: SimpleQueue[str | None] = SimpleQueue()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        gc.set_threshold(100_000)  # imports make much and drop little: a fifth of their time
        Thread(target=mlflow_client.import_mlflow, daemon=True).start()
        Thread(target=_read, args=(requests,), daemon=True).start()
        errands = Errands()
        while line := requests.get():
            answers.write(json.dumps(_answer(errands, json.loads(line))) + "\n")
            answers.flush()
    os._exit(0)  # MLflow may still be on its way in, and all that counts is done


def _read(requests: SimpleQueue[str | None]) -> None:
    """Take requests at once: a stage that asks never waits for the errand before."""
    with suppress(ConnectionError):  # the stage was killed before it had read all answers
        for line in sys.stdin:
            requests.put(line)
    requests.put(None)


def _answer(errands: Errands, request: Request) -> Answer:
    try:
        return errands.do(request)
    except Exception as error:  # noqa: BLE001 - the boundary: the stage raises it
        return {"error": "".join(traceback.format_exception(error))}
