"""Where what is made for others goes: what may not be written over, and how it gets there."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wherefrom import files, predictions, tree
from wherefrom.errors.inputs import NoRoomError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wherefrom.predictions import Predictions
    from wherefrom.project import Project


_PAGES = (".html", ".htm", ".md", ".txt", ".json")


def check(project: Project, table: Path, output: Path) -> None:
    """Raise `OutputError` where predictions may not or cannot go, before an hour of work.

    Of what is there only earlier predictions are written over, by the file beside them, and what is
    empty.
    """
    if output.suffix.lower() != ".csv":
        raise OutputError(str(output), "give it a name that ends in .csv")
    if output.exists() and output.samefile(table):
        raise OutputError(str(output), "that is the table itself")
    beside = predictions.place_of(output)
    if output.exists() and output.stat().st_size and not beside.exists():
        why = f"it is there, and no {beside.name} beside it says that `wherefrom` predicted it"
        raise OutputError(str(output), why)
    _check_place(project, output)


def check_page(project: Project, output: Path) -> None:
    """Raise `OutputError` where a page may not or cannot go: over what is none, by its name."""
    if output.exists() and output.suffix.lower() not in _PAGES:
        why = f"it is there, and its name does not end as that of a page: {', '.join(_PAGES)}"
        raise OutputError(str(output), why)
    _check_place(project, output)


def _check_place(project: Project, output: Path) -> None:
    """Raise `OutputError` where a file cannot be written, or is what a stage leaves."""
    root, stages = project.workspace, tree.of_workspace(project.workspace).holding.stages.values()
    outs = (path for stage in stages for path in stage.outs)
    if left := next((path for path in outs if output.is_relative_to(root / path)), None):
        raise OutputError(str(output), f"a stage leaves {left}")
    if output.exists() and not output.is_file():
        raise OutputError(str(output), "that is no file")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=output.parent).close()
    except OSError as error:
        raise OutputError(str(output), str(error)) from error


def hand_over(made: Path, said: Predictions, target: Path) -> None:
    """Put predictions to their place at once, and what made them beside; else all stays as it is.

    They are brought near first: another disk may have no room for them.
    """
    near = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.move(made, near)
        # In this order: a table whose file speaks of another one is seen to be changed.
        files.write(predictions.place_of(target), predictions.to_text(said))
        near.replace(target)
    finally:
        near.unlink(missing_ok=True)


@contextmanager
def room_needed() -> Iterator[None]:
    """Raise `NoRoomError` where a disk is full, or a quota is used up."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise NoRoomError(error.strerror or str(error)) from error
