"""Waiting for what another process does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

HEARING = ("env", "--default-signal=INT")
"""Before a command: it hears Ctrl-C, also where the suite was started with that ignored."""


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether a process has not ended; one that nobody has asked how it ended is a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
