"""A process that runs variants one after the other, as it is told."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from wherefrom import metrics, places
from wherefrom import record as records
from wherefrom.errors import WherefromError
from wherefrom.lockfile import is_record
from wherefrom.sources import dvc_experiment, dvc_yaml
from wherefrom.sources.dvc_clone import DvcError
from wherefrom.sweeping import script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from multiprocessing.connection import Connection
    from pathlib import Path

    from wherefrom.sources.dvc_experiment import Base

State = Literal["done", "linked", "failed", "pruned", "stopped"]

PARENT = "WHEREFROM_PARENT_RUN"
"""The MLflow run that a variant's run is nested in."""


@dataclass(frozen=True)
class Task:
    """A variant to run: its number in the sweep, the experiment's name, parameters to set.

    `known` maps digests of what experiments are made of to their names, as far as they are new to
    the worker.
    """

    number: int
    name: str
    overrides: tuple[tuple[str, str], ...]
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a variant.

    `experiment` holds its result; it is another one's where the variant was there already, and None
    where there is none. `digest` says what it is made of; `ran` names the commands that ran: none
    where DVC had all of it. `metrics` are by the names that MLflow has; `seconds` on the clock.
    """

    number: int
    state: State
    experiment: str | None = None
    commit: str | None = None
    record_id: str | None = None
    run_id: str | None = None
    digest: str | None = None
    ran: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Ready:
    """A worker has its working copy."""


@dataclass(frozen=True)
class Plan:
    """What every worker of a sweep is told once.

    `folder` is where working copies are, `logs` where what variants print is kept. `environ` are
    variables that their stages have beside the caller's.
    """

    base: Base
    folder: Path
    logs: Path
    environ: Mapping[str, str]


def main(connection: Connection, plan: Plan) -> None:
    """Run what comes in, until nothing does."""
    os.setpgid(0, 0)  # Ctrl-C is for who started the sweep
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(plan.environ)
    with places.place(plan.folder) as place, dvc_yaml.remembered():
        _Worker(connection, plan, place.folder).work()


class _Worker:
    def __init__(self, connection: Connection, plan: Plan, folder: Path) -> None:
        self._connection = connection
        self._plan = plan
        self._known: dict[str, str] = {}
        self._ran: list[str] = []
        self._copy = dvc_experiment.WorkingCopy(plan.base, folder / "clone")

    def work(self) -> None:
        with suppress(EOFError, BrokenPipeError):  # whoever started this has gone
            self._connection.send(Ready())
            while isinstance(task := self._connection.recv(), Task):
                self._known |= task.known
                self._connection.send(self._outcome(task))
        self._copy.close()

    def _outcome(self, task: Task) -> Outcome:
        began = time.monotonic()
        log = self._plan.logs / f"{task.number}.log"
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        try:
            found = self._run(task)
        except (DvcError, WherefromError) as error:
            found = {"state": "failed", "error": _error(log, error)}
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        return Outcome(task.number, **found, seconds=time.monotonic() - began)

    def _run(self, task: Task) -> dict[str, Any]:
        self._copy.reset()
        digest = self._copy.set_params(task.overrides)
        if digest in self._known:
            return {"state": "linked", "experiment": self._known[digest], "digest": digest}
        self._ran.clear()
        made = self._copy.run(task.name, self._start)
        values, _ = metrics.read(self._copy.root, made.metric_files)
        record = _record(self._copy.root, made.metric_files)
        return {
            "state": "done",
            "experiment": task.name,
            "commit": made.commit,
            "digest": digest,
            "ran": tuple(self._ran),
            "metrics": values,
            "record_id": record.record_id if record else None,
            "run_id": record.mlflow_run_id if record else None,
        }

    def _start(self, command: str, folder: str, environ: Mapping[str, str]) -> int | None:
        self._ran.append(command)
        found = script.parse(command, folder, environ)
        if found is None:
            return None
        pid = script.fork(found, folder, environ)
        handle = os.pidfd_open(pid)
        try:
            select.select([handle], [], [])
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        finally:
            os.close(handle)


def _record(root: Path, paths: Iterable[str]) -> records.Record | None:
    """Read the record that names the result: of those that a pipeline writes the last to end."""
    found = [
        records.from_text((root / path).read_text(encoding="utf-8"), path)
        for path in paths
        if is_record(path)
    ]
    return max(found, key=lambda record: record.ended, default=None)


def _error(log: Path, error: Exception) -> str:
    """Say why a variant failed: the last that its stage said, else DVC."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line for line in lines if line.strip()]
    return said[-1] if said else str(error)
