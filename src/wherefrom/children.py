"""Processes that end with this one, whatever ends it: an error, Ctrl-C or `kill -9`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_WATCH = "import os, signal, sys; sys.stdin.read(); os.killpg(0, signal.SIGKILL)"


class Children:
    """A group of processes. A context manager: at its end none of them is left.

    The first of them waits for this process to go and kills the others: its input ends then. The
    terminal's Ctrl-C is for this process alone.
    """

    def __init__(self) -> None:
        self._watcher = subprocess.Popen(
            [sys.executable, "-IS", "-c", _WATCH], stdin=subprocess.PIPE, process_group=0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()
        self._watcher.communicate()

    def require_open(self) -> None:
        """Raise `ProcessLookupError` where all of them have been killed: there is no more to do."""
        if self._watcher.poll() is not None:
            raise ProcessLookupError("the command is ending")

    def end(self) -> None:
        """Kill all of them; none can be started any more."""
        with suppress(ProcessLookupError):  # they are gone already
            os.killpg(self._watcher.pid, signal.SIGKILL)

    def start(
        self, command: Sequence[str], folder: Path, environ: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        """Start a process; what it writes, on both streams, is read from its `stdout`."""
        self.require_open()
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=self._watcher.pid,
        )
