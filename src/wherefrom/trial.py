"""What a stage tells of a sweep that it runs in, and hears from it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pickle
import socket
import sys
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from wherefrom.sources.dvc_running import RunningStage

VARIABLE = "WHEREFROM_TRIAL"
"""The number of the connection with the sweep's worker, in a stage that one runs."""
NAME = "WHEREFROM_SWEEP"
"""The name of the sweep that a stage runs in."""
PARENT = "WHEREFROM_PARENT_RUN"
"""The MLflow run of the sweep, in which those of its variants are nested."""
LENT = "WHEREFROM_LENT"
"""In a stage that was forked: its process id, and the name of the last module that it was lent."""
_OF_FACTS = ("sources/dvc_running.py", "sources/disk.py", "lockfile.py", "record.py", "identity.py")


def own_modules() -> dict[str, ModuleType]:
    """Give the modules that this process has imported itself: all of them, but in a sweep."""
    pid, _, last = os.environ.get(LENT, "").partition(":")
    return modules_after(last if pid == str(os.getpid()) else None)


def modules_after(last: str | None) -> dict[str, ModuleType]:
    """Give the modules that were imported after one; all of them where it is not there.

    It does not look at the others, of which a process that was forked has thousands: a look copies
    the memory that they are in.
    """
    found = list(takewhile(lambda name: name != last, reversed(sys.modules)))
    return {name: sys.modules[name] for name in reversed(found)}


def is_one() -> bool:
    """Whether this is a stage that a sweep runs."""
    return VARIABLE in os.environ


def is_to_stop(metrics: Mapping[str, float], step: int) -> bool:
    """Say how a variant stands, and hear whether it is given up; False outside of a sweep."""
    return _ask({"step": step, "metrics": dict(metrics)}) == "1"


def stage() -> RunningStage | None:
    """Hear what DVC knows of this stage; None outside of a sweep, or where its code is another."""
    if not is_one():
        return None
    told = _ask({"code": code()})
    return pickle.loads(base64.b64decode(told)) if told else None  # noqa: S301 - of the worker


def code() -> str:
    """Digest the code by which facts of a stage are handed from one process to another."""
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in _OF_FACTS)).hexdigest()


def _ask(question: Mapping[str, Any]) -> str:
    """Ask the worker; nothing where there is none, or it has gone: nobody gives anything up."""
    number = os.environ.get(VARIABLE)
    if number is None:
        return ""
    with suppress(OSError, ValueError), socket.socket(fileno=os.dup(int(number))) as connection:
        connection.sendall(f"{json.dumps(question)}\n".encode())
        with connection.makefile("r", encoding="utf-8") as answers:
            return answers.readline().strip()
    return ""
