"""MLflow's own UI on the project's store, on a port that is free."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherefrom import settings
from wherefrom.errors.stores import NoUiError, StoreUnreachableError
from wherefrom.project import locate
from wherefrom.sources import local_store, reachable
from wherefrom.uris import redact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.record import Gap

_TRIES = 20


@dataclass(frozen=True)
class Server:
    """Where the UI is, and how to start it; `command` is empty where the store is its own server.

    `environ` is for the command, and may hold credentials: a command line is for all to see.
    `taken` is the port that was wanted and could not be had, None where it could. `gaps` say why
    the store may be another one than is meant.
    """

    url: str
    command: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    taken: int | None = None
    gaps: tuple[Gap, ...] = ()


def plan(folder: Path, environ: Mapping[str, str], port: int) -> Server:
    """Plan the server; another port where the wanted one is taken. It listens on loopback only.

    Raises `NoUiError` for a store that does not answer.
    """
    project = locate(folder, environ)
    chosen, doubts = settings.understood(project.workspace, project.anchor.name)
    uri = chosen.store(project.anchor, environ)
    try:
        reachable.probe(uri)
    except StoreUnreachableError as error:
        raise NoUiError(error.uri, error.why) from error
    if uri.startswith(("http://", "https://")):
        return Server(redact(uri), gaps=doubts)
    local_store.make_store(uri, project.artifact_root, project.state)  # before two processes would
    free = _free_port(port)
    return Server(
        url=f"http://127.0.0.1:{free}",
        command=("-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(free)),
        environ={
            **environ,
            "MLFLOW_BACKEND_STORE_URI": uri,
            "MLFLOW_DEFAULT_ARTIFACT_ROOT": str(project.artifact_root),
        },
        taken=port if free != port else None,
        gaps=doubts,
    )


def serve(server: Server) -> None:
    """Become the server; a sync runs beside it for as long as it does.

    Where the store is a server of its own there is nothing to become but the sync.
    """
    sys.stdout.flush()
    sync = ("-m", "wherefrom.cli", "sync", "--watch")
    if not server.command:
        os.execv(sys.executable, (sys.executable, *sync))  # noqa: S606 - a list, no shell
    beside = (*sync, "--beside", str(os.getpid()))
    subprocess.Popen([sys.executable, *beside], stdout=subprocess.DEVNULL)
    command = (sys.executable, *server.command)
    os.execve(sys.executable, command, server.environ)  # noqa: S606


def _free_port(wanted: int) -> int:
    for port in range(wanted, wanted + _TRIES):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
