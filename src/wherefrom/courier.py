"""A process beside the stage that runs its errands: importing MLflow takes as long as a stage."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from wherefrom import depot, preload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wherefrom.errands import Answer, Request

    Heard = Callable[[Request, Answer], None]

_SERVE = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from wherefrom import errands
errands.serve()
"""


class Runner(Protocol):
    """Who runs errands. `heard` is given each request with its answer, maybe in another thread."""

    heard: Heard

    def ask(self, request: Request) -> None:
        """Ask for an errand; the answers come in the order of the requests."""

    def settle(self, seconds: float) -> list[Request]:
        """Wait until all is answered; gives what never will be, because the process is gone."""

    def close(self) -> None:
        """End it: nobody asks for anything any more."""


class Process(Protocol):
    """The process of a courier: its input and output are one connection."""

    @property
    def connection(self) -> socket.socket:
        """Requests go in, answers come out."""

    @property
    def pid(self) -> int:
        """Its id."""

    def end(self) -> None:
        """Let it go: all that it was asked is answered."""

    def kill(self) -> None:
        """End it, whatever it does, and wait until it has ended."""


@dataclass(frozen=True)
class OwnProcess:
    """A process that this one has started."""

    connection: socket.socket
    popen: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its id."""
        return self.popen.pid

    def end(self) -> None:
        """End it: nobody else would wait for it."""
        self.kill()

    def kill(self) -> None:
        """End it, whatever it does, and wait until it has ended."""
        self.popen.kill()
        self.popen.wait()


class Here:
    """Errands in this process, which has MLflow already."""

    def __init__(self) -> None:
        self.heard: Heard = _unheard
        from wherefrom.errands import Errands  # noqa: PLC0415 - a courier has them elsewhere

        self._errands = Errands()

    def ask(self, request: Request) -> None:
        """Run it at once."""
        if request["do"] != "expect model":  # an import gains nothing by being early
            self.heard(request, self._errands.do(request))

    def settle(self, _seconds: float) -> list[Request]:
        """Nothing is ever under way."""
        return []

    def close(self) -> None:
        """Nothing is to be ended."""


class Courier:
    """Errands in a process beside this one: of the depot where there is one, else one of its own.

    It has this one's `sys.path`, so it imports the same `wherefrom` and the workspace's own code,
    which a model may need. It is in another session: a Ctrl-C is for the stage, which then tells
    MLflow so. It ends when its input does, however the stage has ended.
    """

    def __init__(self, *, model: bool = False) -> None:
        self.heard: Heard = _unheard
        needs = preload.MODEL if model else preload.STORE
        self._lent = depot.lend("wherefrom.errands:serve", needs, depot.variables())
        self._process: Process | None = None
        self._open: deque[Request] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._gone = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int | None:
        """The id of the process; None until it is there."""
        return self._process.pid if self._process else None

    def ask(self, request: Request) -> None:
        """Send a request, at once or as soon as the process is there."""
        with self._changed:
            self._open.append(request)
            if self._process is not None:
                _send(self._process, request)

    def settle(self, seconds: float) -> list[Request]:
        """Wait until all is answered; one that takes too long is killed."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or not self._open, seconds)
            left = list(self._open)
        if left:
            if self._process is not None:
                self._process.kill()
            self.close()
            self._open.clear()
        return left

    def close(self) -> None:
        """Let it go: what it has answered is done, and it has no other business."""
        with self._changed:
            self._closed = True
            if self._process is not None:
                self._process.end()
            elif self._lent is not None:
                with suppress(OSError):  # the depot has ended
                    self._lent.shutdown(socket.SHUT_RDWR)
        self._listener.join()

    def _listen(self) -> None:
        try:
            process = self._start()
            if process is not None:
                with process.connection.makefile("r", encoding="utf-8") as answers:
                    self._hear(answers)
                process.connection.close()
        finally:
            with self._changed:
                self._gone = True
                self._changed.notify_all()

    def _start(self) -> Process | None:
        """Wait for the process and send it what was asked meanwhile; None if nobody needs it."""
        lent = depot.arrived(self._lent) if self._lent is not None else None
        with self._changed:
            if self._closed:
                return None
            self._process = lent or _own_process()
            for request in self._open:
                _send(self._process, request)
            return self._process

    def _hear(self, answers: Iterable[str]) -> None:
        with suppress(ConnectionError):  # it was killed, with requests that it has not read
            for line in answers:
                self.heard(self._open[0], json.loads(line))
                with self._changed:
                    self._open.popleft()
                    self._changed.notify_all()


def _send(process: Process, request: Request) -> None:
    with suppress(OSError):  # `settle` tells that it is gone
        process.connection.sendall(json.dumps(request).encode() + b"\n")


def _own_process() -> Process:
    """Start a process of this stage alone."""
    here, there = socket.socketpair()
    with there:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, json.dumps(sys.path)],
            stdin=there.fileno(),
            stdout=there.fileno(),
            start_new_session=True,
            env=depot.without_stage(os.environ),
        )
    return OwnProcess(here, process)


def runner(*, model: bool = False) -> Runner:
    """Give what runs the errands of this process; without a stage to track there are none.

    `model` says that a scikit-learn model is to be saved.
    """
    if not depot.is_wanted(os.environ):
        return Here()
    depot.start(depot.variables())
    return Courier(model=model)


def _unheard(request: Request, _answer: Answer) -> None:
    raise LookupError(f"nobody listens to the answer to {request['do']}")
