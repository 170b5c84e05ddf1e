"""Which process does the work, so that another one can tell later whether it still does."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass

import psutil

from wherefrom.environment import boot_id

_PARENTS = 6


@dataclass(frozen=True)
class ProcessId:
    """A process of one boot of one host; `created` tells a reused process id from the first."""

    host: str
    boot: str
    pid: int
    created: float

    def text(self) -> str:
        """Write it as one tag."""
        return f"{self.host} {self.boot} {self.pid} {self.created:.2f}"


def current() -> ProcessId:
    """Give this process."""
    return ProcessId(socket.gethostname(), boot_id(), os.getpid(), psutil.Process().create_time())


def parse(text: str) -> ProcessId | None:
    """Read what `text` wrote; None for anything else."""
    parts = text.split(" ")
    try:
        host, boot, pid, created = parts
        return ProcessId(host, boot, int(pid), float(created))
    except ValueError:
        return None


def is_gone(process: ProcessId) -> bool:
    """Whether a process of this host and this boot has ended; False where that cannot be known."""
    if process.host != socket.gethostname() or process.boot != boot_id():
        return False
    try:
        found = psutil.Process(process.pid)
        reused = abs(found.create_time() - process.created) > 1
        return reused or found.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def parents(
    address: str, stage: psutil.Process | None = None
) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Give the nearest parents of a stage's process, this one: those outside of it, and inside.

    The first outside is DVC: it has not got `DVC_STAGE` itself, and a shell or a script between it
    and the stage has. Left out is what may not be looked at, or has just gone: not DVC, then.
    """
    outside: list[psutil.Process] = []
    inside: list[psutil.Process] = []
    for process in (stage or psutil.Process()).parents()[:_PARENTS]:
        with suppress(psutil.Error):
            is_inside = process.environ().get("DVC_STAGE") == address
            (inside if is_inside else outside).append(process)
    return outside, inside
