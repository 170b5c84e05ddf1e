"""MLflow's own UI on the project's store, on a port that is free."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import settings
from wherefrom.project import locate
from wherefrom.sources import local_store
from wherefrom.uris import tracking_uri

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TRIES = 20


@dataclass(frozen=True)
class Server:
    """How to start the UI: the command, the port, and the port that was wanted."""

    command: tuple[str, ...]
    port: int
    wanted: int


def plan(folder: Path, environ: Mapping[str, str], port: int) -> Server:
    """Plan the server; another port where the wanted one is taken. It listens on loopback only."""
    project = locate(folder, environ)
    chosen = settings.read(project.workspace, project.anchor.name)
    uri = tracking_uri(project.anchor, environ.get("MLFLOW_TRACKING_URI") or chosen.uri)
    local_store.make_store(uri, project.artifact_root, project.state)  # before two processes would
    free = _free_port(port)
    command = (
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(free)),
        *("--backend-store-uri", uri, "--default-artifact-root", str(project.artifact_root)),
    )
    return Server(command, free, port)


def serve(server: Server) -> None:
    """Become the server; a sync runs beside it for as long as it does."""
    sys.stdout.flush()
    beside = ("sync", "--watch", "--beside", str(os.getpid()))
    subprocess.Popen([sys.executable, "-m", "wherefrom.cli", *beside], stdout=subprocess.DEVNULL)
    os.execv(server.command[0], server.command)  # noqa: S606 - an argument list, no shell


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
