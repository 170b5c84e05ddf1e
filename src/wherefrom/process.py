"""Which process does the work, so that another one can tell later whether it still does."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

import psutil

from wherefrom.environment import boot_id


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
