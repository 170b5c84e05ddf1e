"""What a stage tells of a sweep that it runs in, and hears from it."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "WHEREFROM_TRIAL"
"""The number of the connection with the sweep's worker, in a stage that one runs."""
NAME = "WHEREFROM_SWEEP"
"""The name of the sweep that a stage runs in."""
PARENT = "WHEREFROM_PARENT_RUN"
"""The MLflow run of the sweep, in which those of its variants are nested."""


def is_to_stop(metrics: Mapping[str, float], step: int) -> bool:
    """Say how a variant stands, and hear whether it is given up; False outside of a sweep."""
    number = os.environ.get(VARIABLE)
    if number is None:
        return False
    with suppress(OSError, ValueError), socket.socket(fileno=os.dup(int(number))) as connection:
        line = json.dumps({"step": step, "metrics": dict(metrics)})
        connection.sendall(f"{line}\n".encode())
        with connection.makefile("r", encoding="utf-8") as answers:
            return answers.readline().strip() == "1"
    return False  # the worker has gone: nobody gives anything up
