"""Processes with their imports behind them: nine tenths of what a stage that logs to MLflow takes.

A server imports what `dvc`, `wherefrom` and the stages need, but nothing of a workspace, and forks
for each call. In a warm environment these commands, and `python SCRIPT`, are its clients: a process
of its own has the caller's folder, variables and streams and gives its exit status. Only its parent
and its group are other ones, and `import mlflow` finds MLflow imported: what is about that, such as
signals and plugins, needs a cold environment, or one with cold scripts, where `dvc` and `wherefrom`
alone are served.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import re
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib import import_module, metadata
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.context import ForkProcess

FORK = multiprocessing.get_context("fork")
TOOLS = ("dvc", "wherefrom")
COMMANDS = (*TOOLS, "python")
IMPORTED = (
    *("dvc.cli", "dvc.cachemgr", "dvc.data_cloud", "dvc.dirs", "dvc.utils.strictyaml"),
    *("dvc.commands.repro", "dvc.commands.experiments.run", "dvc.repo.experiments.run"),
    *("alembic.command", "dulwich.porcelain", "dvc_render", "pyarrow.dataset", "pyarrow.parquet"),
    *("matplotlib.backends.backend_agg", "matplotlib.figure"),
    *("mlflow.pyfunc", "mlflow.sklearn", "mlflow.store.tracking.sqlalchemy_store", "skops.io"),
    *("sklearn.ensemble", "sklearn.impute", "sklearn.linear_model", "sklearn.pipeline"),
    *("wherefrom.cli", "wherefrom.commands.ls", "wherefrom.commands.sync"),
    *("wherefrom.render.traced", "wherefrom.stage", "wherefrom.tracking"),
)
IMPORTS_MLFLOW = re.compile(r"^import .*\bmlflow\b", re.MULTILINE)
CLIENT = """\
#!/bin/sh
'''exec' '{python}' -IS "$0" "$@"
' '''
import os, socket, sys
name = os.path.basename(sys.argv[0])
if name == "python" and not "".join(sys.argv[1:2]).endswith(".py"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
import json
call = dict(args=[name, *sys.argv[1:]], cwd=os.getcwd(), env=dict(os.environ))
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [json.dumps(call).encode()], [0, 1, 2])
    status = int(server.recv(10))
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Give the warm form of an environment, as long as this goes on."""
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:  # a socket's path has to be short
        address = f"{folder}/socket"
        _write_clients(Path(folder, "bin"), COMMANDS, address)
        _write_clients(Path(folder, "tools"), TOOLS, address)
        with subprocess.Popen(
            [sys.executable, __file__, address],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield {**environment, "PATH": f"{folder}/bin{os.pathsep}{environment['PATH']}"}


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
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            FORK.Process(target=_answer, args=(connection,)).start()
            connection.close()
            multiprocessing.active_children()  # which buries those that have ended


def _answer(connection: socket.socket) -> None:
    """Run what is called for to its end, and tell how it ended."""
    text, streams, *_ = socket.recv_fds(connection, 1 << 20, 3)
    process = FORK.Process(target=_become, args=(json.loads(text), streams))
    process.start()
    for stream in streams:
        os.close(stream)
    Thread(target=_end_with, args=(connection, process), daemon=True).start()
    process.join()
    connection.send(str(process.exitcode).encode())


def _end_with(connection: socket.socket, process: ForkProcess) -> None:
    """End a process whose caller has gone; not by its sentinel, which daemons of it would hold."""
    connection.recv(1)
    process.kill()


def _become(call: dict[str, Any], streams: list[int]) -> None:
    """Go on as the process that is called for."""
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
        sys.argv = call["args"]
        (entry,) = metadata.entry_points(group="console_scripts", name=command)
        sys.exit(entry.load()())


if __name__ == "__main__":
    del sys.path[0]  # the tests are not what runs
    _serve(sys.argv[1])
