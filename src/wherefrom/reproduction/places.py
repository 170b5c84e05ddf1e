"""Folders for as long as a process works in them: those of one that was killed are removed."""

from __future__ import annotations

import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wherefrom import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
        shutil.rmtree(here.folder)
    here.folder.with_suffix(".lock").unlink(missing_ok=True)
