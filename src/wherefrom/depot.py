"""A process with its imports behind it, of which the stages of one `dvc` command have couriers.

Importing MLflow, DVC and what saves a model takes five seconds, and a few milliseconds where a
process that has them forks. So the first stage of a `dvc repro` or `dvc exp run` starts a depot
(`preload` is what it runs), which imports while that stage works, and the stages after it have
their processes of it. See docs/decisions/0019.

Its address is the DVC process with the variables and the interpreter of the stage: no two commands
share one. It is a name of Linux's abstract sockets, which leaves no file behind; each end checks
that the other is the same user's. Where there is none (another system, another parent than DVC), or
what it has imported is not what the stage would import, everything is done without it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from wherefrom import preload, process
from wherefrom.settings import is_off

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value = TypeVar("Value")
Given_co = TypeVar("Given_co", covariant=True)

_PID = 16
"""Bytes that a process id takes, at most."""
_PATIENCE = 60.0
"""Seconds to wait for a process of a depot that still imports."""
_BY_STAGE = {"DVC_STAGE", "PWD", "OLDPWD", "SHLVL", "_"}
"""Variables that differ between the stages of one DVC process."""
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""What is forked must have no threads, and needs none."""


@dataclass(frozen=True)
class Lent:
    """A process of the depot: its input and output, and a handle by which it is killed."""

    connection: socket.socket
    pid: int
    handle: int

    def end(self) -> None:
        """Let it go: it ends with its input."""
        with suppress(OSError):  # it has ended
            self.connection.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End it, whatever it does, and wait until it has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        select([self.handle], [], [])


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Whether this process is a stage that is tracked, and has MLflow still to import."""
    return bool(environ.get("DVC_STAGE")) and not is_off(environ) and "mlflow" not in sys.modules


@cache
def variables() -> dict[str, str]:
    """Give this process's variables as they were when it first asked: imports set some as well."""
    return dict(os.environ)


def start(environ: Mapping[str, str]) -> None:
    """Start the depot of this stage's DVC process, if there is none yet."""
    dvc = _dvc(environ)
    if dvc is None:
        return
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(_address(dvc, environ))
        except OSError:  # another stage has started it
            return
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, "-I", preload.__file__, str(listener.fileno()), str(dvc.pid)],
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=os.sep,  # the stage's folder may be a temporary copy
            env=without_stage(environ) | _ONE_THREAD,
        )
        process.returncode = 0  # it outlives this process, and nobody waits for it


def lend(function: str, needs: int, environ: Mapping[str, str]) -> socket.socket | None:
    """Ask the depot for a process that runs `MODULE:FUNCTION`; None where there is no depot.

    It is forked once the depot has imported what it `needs` (`preload.DVC` and others); `arrived`
    waits for it.
    """
    dvc = _dvc(environ)
    if dvc is None:
        return None
    connection = socket.socket(socket.AF_UNIX)
    call = {
        "function": function,
        "needs": needs,
        "cwd": str(Path.cwd()),
        "environ": without_stage(environ),
        "path": sys.path,
    }
    try:
        connection.connect(_address(dvc, environ))
        if preload.owner_of(connection) == os.getuid():
            text = json.dumps(call).encode() + b"\n"
            sent = socket.send_fds(connection, [text], [2])
            connection.sendall(text[sent:])
            return connection
    except OSError:  # there is none, or it has just ended
        pass
    connection.close()
    return None


def arrived(connection: socket.socket) -> Lent | None:
    """Wait for a process that `lend` has asked for; None where the depot refuses or has ended."""
    connection.settimeout(_PATIENCE)
    with suppress(OSError):
        pid, handles, *_ = socket.recv_fds(connection, _PID, 1)
        if pid:
            connection.settimeout(None)
            return Lent(connection, int(pid), handles[0])
    connection.close()
    return None


class Answer(Protocol[Given_co]):
    """What was asked for."""

    def value(self) -> Given_co:
        """Wait for it."""


@dataclass(frozen=True)
class Known(Generic[Value]):
    """An answer that is there already."""

    known: Value

    def value(self) -> Value:
        """Give it."""
        return self.known


class Asked(Generic[Value]):
    """What a function of plain values gives, asked of a process of the depot at once.

    The function is run in this process where there is no depot, or where it fails there.
    """

    def __init__(self, function: Callable[..., Value], *arguments: object) -> None:
        self._function = function
        self._arguments = arguments
        self._answers: list[Value] = []
        ask = is_wanted(os.environ)
        connection = lend("wherefrom.depot:answer", preload.DVC, variables()) if ask else None
        self._thread = threading.Thread(target=self._ask, args=(connection,), daemon=True)
        self._thread.start()

    def value(self) -> Value:
        """Wait for the answer."""
        self._thread.join()
        return self._answers[0] if self._answers else self._function(*self._arguments)

    def _ask(self, connection: socket.socket | None) -> None:
        lent = arrived(connection) if connection is not None else None
        if lent is None:
            return
        name = f"{self._function.__module__}:{self._function.__qualname__}"
        try:
            lent.connection.sendall(pickle.dumps((name, self._arguments)))
            lent.connection.shutdown(socket.SHUT_WR)
            with lent.connection.makefile("rb") as answer:
                self._answers.append(pickle.load(answer))  # noqa: S301 - of our own process
        except (OSError, EOFError):  # it has failed there: it is done here
            pass
        finally:
            lent.connection.close()
            os.close(lent.handle)


def answer() -> None:
    """Run the function that `Asked` asks for, in the process that the depot lends."""
    name, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the stage
    module, _, function = name.partition(":")
    try:
        value = getattr(importlib.import_module(module), function)(*arguments)
    except Exception:  # noqa: BLE001 - it is raised where it was asked, which runs it once more
        return
    with os.fdopen(1, "wb") as output:
        pickle.dump(value, output)


def _dvc(environ: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Find the process of DVC that has started this stage; None where a depot cannot be had."""
    address = environ.get("DVC_STAGE")
    if not address or sys.platform != "linux":
        return None
    outside, _ = process.parents(address)
    return outside[0] if outside else None


def _address(dvc: Any, environ: Mapping[str, str]) -> str:  # noqa: ANN401
    same = {key: value for key, value in environ.items() if key not in _BY_STAGE}
    who = [dvc.pid, dvc.create_time(), sys.executable, preload.__file__, same]
    return f"\0wherefrom-{hashlib.sha256(json.dumps(who, sort_keys=True).encode()).hexdigest()}"


def without_stage(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the variables of a process that is no stage: no plugin of ours is to act in it."""
    return {key: value for key, value in environ.items() if key != "DVC_STAGE"}
