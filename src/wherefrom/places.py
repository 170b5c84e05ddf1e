"""Folders for as long as a process works in them: those of one that was killed are removed."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wherefrom import files

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Place:
    """A folder; it stays where `kept` is set."""

    folder: Path
    kept: bool = False


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Make a folder below `folder` that goes at the end.

    A lock file beside it is held meanwhile: the kernel lets it go with the process. A folder
    without one was kept.
    """
    name = uuid.uuid4().hex[:12]
    lock = FileLock(folder / f"{name}.lock")
    with lock.acquire(timeout=0):
        here = Place(folder / name)
        here.folder.mkdir()
        try:
            yield here
        finally:
            _clear(here)


def sweep(folder: Path) -> None:
    """Remove what processes left that are gone."""
    for file in sorted(folder.glob("*.lock")):
        try:
            with FileLock(file).acquire(timeout=0):
                _clear(Place(file.with_suffix("")))
        except Timeout:  # somebody works there
            continue


def own_folder(state: Path, name: str) -> Path:
    """Make a folder of the project's state in which neither git nor DVC look for anything."""
    folder = files.private_folder(files.private_folder(state) / name)
    ignore = folder / ".dvcignore"
    if not ignore.exists():
        files.write(ignore, "*\n")
    return folder


def _clear(here: Place) -> None:
    """Remove a folder and, last, the lock file, which says that there is something to remove."""
    if not here.kept and here.folder.exists():
        _open_folders(here.folder)
        shutil.rmtree(here.folder)
    here.folder.with_suffix(".lock").unlink(missing_ok=True)


def _open_folders(folder: Path) -> None:
    """Let folders be emptied: a stage may have protected what it left."""
    for place, names, _ in os.walk(folder):
        for below in (Path(place) / name for name in names):
            if not below.is_symlink():
                below.chmod(stat.S_IRWXU)
