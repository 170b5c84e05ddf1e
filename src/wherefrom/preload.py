"""What a depot runs: it imports once what couriers need, and forks one whenever a stage asks.

It stands alone. Nothing of a workspace is imported before a fork, and no other module of
`wherefrom`, which may be a workspace's own. Whoever is forked has the folder, the variables and the
path of the process that asks; if that would import any of the packages from elsewhere, it has none.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from importlib.machinery import PathFinder
from typing import Any, NoReturn

# skops looks for the module of each of 800 functions of these two among all that are loaded, from
# the first one on: it takes a second less where they are the first.
_FIRST = ("numpy", "scipy.special")
_OF_DVC = (
    *("dvc.repo", "dvc.repo.index", "dvc.repo.stage", "dvc.cachemgr", "dvc.data_cloud"),
    *("dvc.dirs", "dvc.lock", "dvc.scm", "dvc.utils.strictyaml", "dvc.stage.serialize"),
    *("dvc.repo.artifacts", "dvc.repo.datasets", "dvc.repo.metrics", "dvc.repo.params"),
    *("dvc.repo.plots", "fsspec.implementations.memory", "ruamel.yaml", "psutil", "yaml"),
)
_OF_STORE = (
    *("pandas", "fastapi", "requests", "opentelemetry.trace", "mlflow", "sqlalchemy.orm"),
    *("mlflow.store.tracking.sqlalchemy_store", "alembic.config", "sqlalchemy.dialects.sqlite"),
)
_OF_MODEL = (
    *("scipy.stats", "sklearn.ensemble", "mlflow.sklearn", "mlflow.pyfunc.model"),
    *("pyarrow.parquet", "skops.io"),
)
MODULES = (*_FIRST, *_OF_DVC, *_OF_STORE, *_OF_MODEL)
"""What is imported, in this order. A model may never be asked for: then its part is left out."""
DVC = len(_FIRST + _OF_DVC)
STORE = DVC + len(_OF_STORE)
MODEL = len(MODULES)
"""How many of them are to be imported before a fork, which who asks says."""
_IDLE = 20.0
"""Seconds after which a depot that nobody uses ends, although DVC still runs."""
_PATIENCE = 5.0
_CALL = 1 << 16


@dataclass(frozen=True)
class Waiting:
    """A connection whose call waits for what is still to be imported."""

    connection: socket.socket
    stderr: int
    call: dict[str, Any]

    @property
    def needs(self) -> int:
        """How many modules are to be imported before the fork."""
        return int(self.call["needs"])


class Depot:
    """Serves one DVC process, and ends with it."""

    def __init__(self, listener: socket.socket, dvc: int) -> None:
        self._listener = listener
        self._dvc = dvc
        self._imported = 0
        self._waiting: list[Waiting] = []
        self._children: dict[int, int] = {}

    def run(self) -> None:
        """Import module by module, and fork meanwhile and afterwards for who asks."""
        gc.disable()  # imports make much and drop little
        while self._listen():
            if self._imported < self._wanted():
                self._import()
            for waiting in [w for w in self._waiting if w.needs <= self._imported]:
                self._waiting.remove(waiting)
                self._fork(waiting)

    def _wanted(self) -> int:
        return max([STORE, *(waiting.needs for waiting in self._waiting)])

    def _import(self) -> None:
        importlib.import_module(MODULES[self._imported])
        for name in [name for name in sys.modules if name.partition(".")[0] == "wherefrom"]:
            del sys.modules[name]  # MLflow's entry points load it, and each stage has its own
        gc.freeze()
        self._imported += 1

    def _listen(self) -> bool:
        """Take a call; where nothing is to be imported wait for one. False where none will come."""
        rest = None if self._children else _IDLE
        seconds = 0 if self._imported < self._wanted() else rest
        watched: list[Any] = [self._listener, self._dvc, *self._children]
        ready = select.select(watched, [], [], seconds)[0]
        if self._dvc in ready or (not ready and seconds):
            return False
        for child in self._children.keys() & set(ready):
            os.waitpid(self._children.pop(child), 0)
            os.close(child)
        if self._listener in ready:
            self._accept()
        return True

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(_PATIENCE)
        with contextlib.suppress(OSError, ValueError):  # whoever asks so has gone, or is not ours
            if owner_of(connection) == os.getuid():
                text, (stderr,), *_ = socket.recv_fds(connection, _CALL, 1)
                while not text.endswith(b"\n"):
                    text += _more(connection)
                connection.settimeout(None)
                self._waiting.append(Waiting(connection, stderr, json.loads(text)))
                return
        connection.close()

    def _fork(self, waiting: Waiting) -> None:
        if threading.active_count() > 1:
            raise SystemExit("a thread may hold a lock that its fork would wait for")
        pid = os.fork()
        if pid == 0:
            self._close_all()
            _become(waiting)
        self._children[os.pidfd_open(pid)] = pid
        waiting.connection.close()
        os.close(waiting.stderr)

    def _close_all(self) -> None:
        self._listener.close()
        for number in (self._dvc, *self._children):
            os.close(number)
        for other in self._waiting:
            other.connection.close()
            os.close(other.stderr)


def owner_of(connection: socket.socket) -> int:
    """Give the user id of the process at the other end."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int(struct.unpack("3i", credentials)[1])


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(_CALL)
    if not part:
        raise ConnectionResetError
    return part


def _become(waiting: Waiting) -> NoReturn:
    """Go on as a process of the stage that asks, with its connection as input and output."""
    call = waiting.call
    status = 1
    try:
        for number, stream in ((waiting.connection.fileno(), 0), (0, 1), (waiting.stderr, 2)):
            os.dup2(number, stream)
        os.chdir(call["cwd"])
        os.environ.clear()
        os.environ.update(call["environ"])
        own_path = list(sys.path)
        sys.path[:] = call["path"]
        importlib.invalidate_caches()
        if _places(own_path) == _places(sys.path) and _is_taken(waiting.connection):
            waiting.connection.close()
            os.close(waiting.stderr)
            gc.enable()
            module, _, function = call["function"].partition(":")
            getattr(importlib.import_module(module), function)()
        status = 0
    except BaseException as error:  # noqa: BLE001 - the boundary of this process
        _say(error)
    finally:
        os._exit(status)


def _is_taken(connection: socket.socket) -> bool:
    """Hand this process over to the stage that asked for it, unless that has ended meanwhile."""
    try:
        socket.send_fds(connection, [b"%d" % os.getpid()], [os.pidfd_open(os.getpid())])
    except ConnectionError:
        return False
    return True


def _say(error: BaseException) -> None:
    """Tell the stage of an error in one message that names a log, as the stage itself would."""
    handle, name = tempfile.mkstemp(prefix="wherefrom-", suffix=".log", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    said = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    text = f"unexpected, in a process beside the stage: {said}\n  the whole traceback is in {name}"
    os.write(2, f"wherefrom: {text}\n".encode())


def _places(path: list[str]) -> dict[str, str | None]:
    """Map what is imported here to the file that a process of this path would import."""
    names = [name for name in sys.modules if "." not in name]
    found = {name: PathFinder.find_spec(name, path) for name in names}
    return {name: spec.origin if spec else None for name, spec in found.items()}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Depot(socket.socket(fileno=int(sys.argv[1])), os.pidfd_open(int(sys.argv[2]))).run()
