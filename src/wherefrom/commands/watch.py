"""Sync again whenever git or DVC have changed: what MLflow's UI shows beside it is linked."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING

from wherefrom.commands.sync import sync
from wherefrom.errors import WherefromError
from wherefrom.journal import Journal
from wherefrom.project import locate
from wherefrom.sources import git_notes, git_refs, git_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SECONDS = 2.0


def watch(
    folder: Path, environ: Mapping[str, str], say: Callable[[str], None], parent: int
) -> None:
    """Sync until the process `parent`, which started this one, has ended, or Ctrl-C.

    What goes wrong is said once for as long as it stays the same: the next round tries again.
    """
    seen, said = "", ""
    while os.getppid() == parent:
        seen, problem = _try(folder, environ, seen)
        if problem and problem != said:
            say(problem)
        said = problem
        time.sleep(_SECONDS)


def _try(folder: Path, environ: Mapping[str, str], seen: str) -> tuple[str, str]:
    """Sync once if the state is no longer `seen`; gives that, and what is wrong ("": nothing)."""
    try:
        now = _state(folder, environ)
        if now != seen:
            sync(folder, environ)
    except (WherefromError, OSError, sqlite3.Error) as error:
        return seen, f"wherefrom: {error}"
    return now, ""


def _state(folder: Path, environ: Mapping[str, str]) -> str:
    """Give a text that changes with the refs, with what is said of results, and what waits."""
    project = locate(folder, environ)
    waiting = ",".join(sorted(entry.key for entry in Journal(project.state).waiting()))
    if project.git_root is None:
        return waiting
    said = git_repo.refs_below(project.git_root, git_notes.REF)
    return f"{git_refs.read(project.git_root).digest} {said} {waiting}"
