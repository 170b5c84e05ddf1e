"""Workers, each a process that was forked from one with the libraries imported."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Self

from wherefrom import places
from wherefrom.errors.sweeps import SweepError
from wherefrom.sweeping import libraries, worker
from wherefrom.sweeping.messages import Broken, Ready, Report, Step, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.context import ForkServerProcess

    from wherefrom.sweeping.messages import Plan, State


@dataclass
class _Worker:
    connection: Connection
    process: ForkServerProcess
    task: Task | None = None
    ready: bool = False


@dataclass
class Asked:
    """What a process was asked to do."""

    name: str
    connection: Connection
    process: ForkServerProcess

    def value(self) -> Any:  # noqa: ANN401
        """Wait for what it gives; what it raises is raised."""
        try:
            value = self.connection.recv()
        except EOFError:
            raise ChildProcessError(f"{self.name} ended without an answer") from None
        finally:
            self.process.join()
        if isinstance(value, BaseException):
            raise value
        return value


class Nursery:
    """Where processes with imported libraries come from; it ends with this process.

    `names` are modules that are to be imported beside those of DVC and MLflow.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([libraries.__name__])
        os.environ[libraries.VARIABLE] = json.dumps(list(names))
        try:
            with _deaf():  # else Ctrl-C would end the imports with a traceback
                forkserver.ensure_running()
            self._context.Process(target=_nothing).start()
        finally:
            del os.environ[libraries.VARIABLE]

    def start(
        self, function: Callable[..., None], *arguments: object
    ) -> tuple[Connection, ForkServerProcess]:
        """Start a function in a process, with one end of a connection as its first argument."""
        here, there = self._context.Pipe()
        with there:
            process = self._context.Process(target=function, args=(there, *arguments))
            process.start()
        return here, process

    def ask(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        """Run a function in a process, and give what it gives; what it raises is raised."""
        return self.asked(function, *arguments).value()

    def asked(self, function: Callable[..., Any], *arguments: object) -> Asked:
        """Run a function in a process, beside what happens here."""
        return Asked(function.__name__, *self.start(_answer, function, *arguments))


def _said(connection: Connection) -> Any:  # noqa: ANN401
    """Take what a worker says; None where it has gone."""
    try:
        return connection.recv() if connection.poll() else None
    except (EOFError, OSError):
        return None


@contextmanager
def _deaf() -> Iterator[None]:
    """Ignore Ctrl-C, and let a process that is started ignore it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _nothing() -> None:
    """Be started."""


def _answer(connection: Connection, function: Callable[..., Any], *arguments: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        value = function(*arguments)
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        value = error
    with suppress(OSError):  # whoever asked has gone
        connection.send(value)


class Pool:
    """The workers of a sweep. A context manager: at its end none is left."""

    def __init__(self, nursery: Nursery, plan: Plan, jobs: int) -> None:
        self._nursery = nursery
        self._plan = plan
        self.is_stopped = False
        self._workers = [self._start() for _ in range(jobs)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for one in self._workers:
            with suppress(OSError):  # it has ended
                one.connection.send(None)
            one.connection.close()
        for one in self._workers:
            one.process.join()
        places.sweep(self._plan.folder)  # after workers that were killed

    @property
    def running(self) -> list[Task]:
        """The tasks that are under way."""
        return [one.task for one in self._workers if one.task is not None]

    @property
    def is_free(self) -> bool:
        """Whether a task can be given."""
        return any(one.task is None for one in self._workers)

    def give(self, task: Task) -> None:
        """Give a task to a worker that has none."""
        free = [one for one in self._workers if one.task is None]
        one = next((one for one in free if one.ready), free[0])
        one.task = task
        with suppress(OSError):  # it has died, and `wait` says so
            one.connection.send(task)

    def wait(self, seconds: float | None = None) -> Iterator[Report | Step]:
        """Wait for what workers say: tasks that have ended, and how one stands.

        Whoever stands somewhere waits for an `answer`. Raises `SweepError` where a worker cannot
        begin.
        """
        busy = [one for one in self._workers if one.task is not None]
        # a stage has its worker's connection too, which so outlives a worker that was killed
        watched = [item for one in busy for item in (one.connection, one.process.sentinel)]
        ready = set(wait(watched, seconds))
        for one in (one for one in busy if ready & {one.connection, one.process.sentinel}):
            message = _said(one.connection)
            if message is None:
                yield self._replace(one)
            elif isinstance(message, Ready):
                one.ready = True
            elif isinstance(message, Broken):
                one.task = None
                raise SweepError(f"a worker cannot begin: {message.why}", "mend that, and --resume")
            else:
                one.task = None if isinstance(message, Report) else one.task
                yield message

    def answer(self, step: Step, *, stop: bool) -> None:
        """Say whether a variant is to stop where it stands."""
        for one in self._workers:
            if one.task is not None and one.task.number == step.number:
                with suppress(OSError):  # it has died, and `wait` says so
                    one.connection.send(stop)

    def stop(self) -> None:
        """Ask what runs to end at once, so that stages tell MLflow; kill what was asked before."""
        for one in self._workers:
            with suppress(ProcessLookupError, PermissionError):
                how = signal.SIGKILL if self.is_stopped else signal.SIGTERM
                os.killpg(one.process.pid or 0, how)
        self.is_stopped = True

    def _start(self) -> _Worker:
        return _Worker(*self._nursery.start(worker.main, self._plan))

    def _replace(self, dead: _Worker) -> Report:
        """Put a new worker in the place of one that has ended, and say what that one had."""
        dead.process.join()
        with suppress(ProcessLookupError):  # a stage of it goes on
            os.killpg(dead.process.pid or 0, signal.SIGKILL)
        dead.connection.close()
        self._workers[self._workers.index(dead)] = self._start()
        number = dead.task.number if dead.task else 0
        code = dead.process.exitcode or 0
        how = f"by signal {-code}" if code < 0 else f"with {code}"
        state: State = "stopped" if self.is_stopped else "failed"
        return Report(number, state, error=f"the process that ran it ended {how}")
