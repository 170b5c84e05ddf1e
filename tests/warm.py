"""Processes with their imports behind them: nine tenths of what a stage that logs to MLflow takes.

A server imports what `dvc`, `mlflow`, `wherefrom` and the stages need, but nothing of a workspace,
and forks for each call. In a warm environment these commands, and `python SCRIPT`, are its clients:
a process of its own has the caller's folder, variables and streams and gives its exit status. Only
its parent and its group are other ones, and `import mlflow` finds MLflow imported: what is about
that, such as signals and plugins, needs a cold environment, or one with cold scripts, where the
commands alone are served. A server of forks that a command starts is a fork of it, too.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import re
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from ast import literal_eval
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module, metadata
from itertools import pairwise
from multiprocessing import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.context import ForkProcess

FORK = multiprocessing.get_context("fork")
SPAWN = util.spawnv_passfds  # type: ignore[attr-defined]
TOOLS = ("dvc", "mlflow", "wherefrom")
COMMANDS = (*TOOLS, "python")
IMPORTED = (
    *("dvc.cachemgr", "dvc.cli.parser", "dvc.data_cloud", "dvc.dirs", "dvc.repo.artifacts"),
    *("dvc.repo.datasets", "dvc.repo.experiments.queue.celery", "dvc.repo.experiments.run"),
    *("dvc.repo.experiments.show", "dvc.repo.graph", "dvc.repo.index", "dvc.repo.plots"),
    *("dvc.repo.experiments.executor.local", "dvc.repo.experiments.queue.tempdir"),
    *("dvc.repo.metrics.show", "dvc.repo.params.show", "dvc.utils.hydra", "dvc.fs.dvc"),
    *("hydra.core.override_parser.overrides_parser", "optuna"),
    *("dvc.repo.stage", "dvc.utils.strictyaml", "alembic.command", "celery.bin.celery"),
    *("dulwich.porcelain", "dulwich.worktree", "dvc_render", "hydra._internal.config_loader_impl"),
    *("networkx", "ruamel.yaml", "scmrepo.git.backend.pygit2.filter"),
    *("matplotlib.backends.backend_agg", "matplotlib.figure"),
    *("mlflow.cli", "mlflow.pyfunc", "mlflow.sklearn"),
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    *("pyarrow.dataset", "pyarrow.parquet", "skops.io", "sqlalchemy.dialects.sqlite"),
    *("sklearn.ensemble", "sklearn.impute", "sklearn.linear_model", "sklearn.pipeline"),
    *("wherefrom.cli", "wherefrom.commands.audit", "wherefrom.commands.keep"),
    *("wherefrom.commands.ls", "wherefrom.commands.summary", "wherefrom.commands.sweep"),
    "wherefrom.commands.sync",
    *("wherefrom.render.summary", "wherefrom.render.traced", "wherefrom.stage"),
    "wherefrom.tracking",
)
IMPORTS_MLFLOW = re.compile(r"^import .*\bmlflow\b", re.MULTILINE)
HOLD, HELD = b"hold", b"y"
CLIENT = """\
#!/bin/sh
'''exec' '{python}' -IS "$0" "$@"
' '''
import _socket, array, os, sys  # no more than that: each import is half of what Python itself takes
name = os.path.basename(sys.argv[0])
if name == "python" and not "".join(sys.argv[1:2]).endswith(".py"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
call = dict(args=[name, *sys.argv[1:]], cwd=os.getcwd(), env=dict(os.environ))
streams = _socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2])
server = _socket.socket(_socket.AF_UNIX)
server.connect({address!r})
server.sendmsg([repr(call).encode()], [streams])
status = int(server.recv(10))
if status < 0:
    os.kill(os.getpid(), -status)
os._exit(status)
"""


@contextmanager
def served(environment: Mapping[str, str], shared: Path) -> Iterator[dict[str, str]]:
    """Give the warm form of an environment, as long as this goes on.

    All who share a folder have one server: the first starts it, nobody waits for its end, and it
    ends with the last. Its own folder goes with the session's for temporary files.
    """
    place = shared / "warm"
    with ExitStack() as stack:
        with FileLock(f"{place}.lock"):
            if not (place.is_symlink() and _holds(place.readlink(), stack)):
                place.unlink(missing_ok=True)
                place.symlink_to(_started_server(environment, stack))
        path = f"{place.readlink()}/bin{os.pathsep}{environment['PATH']}"
        yield {**environment, "PATH": path}


def _started_server(environment: Mapping[str, str], stack: ExitStack) -> str:
    """Start a server that is held as long as the stack is there, and give its folder."""
    folder = tempfile.mkdtemp(prefix="warm-")  # a socket's path has to be short
    _write_clients(Path(folder, "bin"), COMMANDS, f"{folder}/socket")
    _write_clients(Path(folder, "tools"), TOOLS, f"{folder}/socket")
    server = subprocess.Popen(
        [sys.executable, __file__, f"{folder}/socket"],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    stack.callback(server.stdin.close)
    with server.stdout:
        assert server.stdout.readline() == b"ready\n"
    server.returncode = 0  # it may outlive this process, and nobody waits for it
    return folder


def _holds(folder: Path, stack: ExitStack) -> bool:
    """Keep a server from ending as long as the stack is there; False where it has ended."""
    holder = stack.enter_context(socket.socket(socket.AF_UNIX))
    with suppress(OSError):
        holder.connect(f"{folder}/socket")
        holder.send(HOLD)
        return holder.recv(1) == HELD
    return False


def _write_clients(folder: Path, commands: tuple[str, ...], address: str) -> None:
    folder.mkdir()
    for name in commands:
        client = folder / name
        client.write_text(CLIENT.format(python=sys.executable, address=address))
        client.chmod(0o755)


def cold(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment in which each command is the process that does the work."""
    return {**environment, "PATH": environment["PATH"].partition(os.pathsep)[2]}


def with_cold_scripts(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment in which each script is a process that imports what it uses."""
    clients, _, others = environment["PATH"].partition(os.pathsep)
    return {**environment, "PATH": f"{Path(clients).with_name('tools')}{os.pathsep}{others}"}


def _serve(address: str) -> None:
    for module in IMPORTED:
        import_module(module)
    import_module("wherefrom.sweeping.libraries").exercise()
    _parse_each_text_once()
    gc.freeze()
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.fileno())
    running: dict[socket.socket, ForkProcess] = {}
    holders: set[Any] = {sys.stdin}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while holders:
            ready = select.select([listener, woken, *holders, *running], [], [])[0]
            holders -= set(ready)
            if woken in ready:
                woken.recv(1024)
            if listener in ready:
                caller, _ = listener.accept()
                text, streams, *_ = socket.recv_fds(caller, 1 << 20, 3)
                if text == HOLD:
                    caller.send(HELD)
                    holders.add(caller)
                else:
                    running[caller] = _started(text, streams)
            for caller in running.keys() & set(ready):  # it says nothing: it has gone
                running[caller].kill()
            for caller in [caller for caller in running if running[caller].exitcode is not None]:
                _tell(caller, running.pop(caller))
    for process in running.values():
        process.kill()


def _parse_each_text_once() -> None:
    """Let a process know what it has parsed as YAML: `dvc exp run` parses nine texts 57 times.

    Each caller gets values of its own, as from the parser.
    """
    yaml = import_module("ruamel.yaml").YAML
    load, known = yaml.load, {}

    def load_once(self: Any, stream: Any) -> Any:
        if self.typ != ["safe"] or not isinstance(stream, str):
            return load(self, stream)
        if stream not in known:
            known[stream] = pickle.dumps(load(self, stream))
        return pickle.loads(known[stream])  # noqa: S301 - its own

    yaml.load = load_once


def _started(text: bytes, streams: list[int]) -> ForkProcess:
    """Start what is called for."""
    process = FORK.Process(target=_become, args=(text, streams))
    process.start()
    for stream in streams:
        os.close(stream)
    return process


def _tell(caller: socket.socket, process: ForkProcess) -> None:
    """Tell a caller, if it is still there, how its process has ended."""
    with caller, suppress(ConnectionError):
        caller.send(str(process.exitcode).encode())


def _become(text: bytes, streams: list[int]) -> None:
    """Go on as the process that is called for."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    call = literal_eval(text.decode())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the suite was started with
    os.chdir(call["cwd"])
    os.environ.clear()
    os.environ.update(call["env"])
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    command, *args = call["args"]
    if command == "python":
        sys.argv = args
        sys.path.insert(0, str(Path(args[0]).parent.resolve()))
        if "DVC_STAGE" in os.environ and IMPORTS_MLFLOW.search(Path(args[0]).read_text()):
            import_module("wherefrom.plugin").anchor_store()  # the import would have done it
        runpy.run_path(str(Path(args[0]).absolute()), run_name="__main__")
    else:
        util.spawnv_passfds = _spawned  # type: ignore[attr-defined]
        sys.argv = call["args"]
        entry, *_ = metadata.entry_points(group="console_scripts", name=command)
        sys.exit(entry.load()())


def _spawned(path: str, args: Sequence[str], passed: Sequence[int]) -> int:
    """Start what `multiprocessing` starts: its server of forks need import nothing anew."""
    if "forkserver" not in args[-1]:
        return int(SPAWN(path, args, passed))
    pid = os.fork()
    if pid == 0:
        for last, number in pairwise([2, *sorted(passed), os.sysconf("SC_OPEN_MAX")]):
            os.closerange(last + 1, number)
        try:
            exec(args[-1], {})  # noqa: S102 - as `python -c` does
        finally:
            os._exit(0)
    return pid


if __name__ == "__main__":
    del sys.path[0]  # the tests are not what runs
    _serve(sys.argv[1])
