"""Where predictions go: what may not be written over, and how they get there, whole."""

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


def check(project: Project, table: Path, output: Path) -> None:
    """Raise `OutputError` where predictions may not or cannot go, before an hour of work.

    Of what is there only earlier predictions are written over, by the file beside them, and what is
    empty.
    """
    why = _against(project, table, output)
    if why is None:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=output.parent).close()
        except OSError as error:
            why = str(error)
    if why is not None:
        raise OutputError(str(output), why)


def _against(project: Project, table: Path, output: Path) -> str | None:
    if output.suffix.lower() != ".csv":
        return "give it a name that ends in .csv"
    if output.exists() and output.samefile(table):
        return "that is the table itself"
    root, stages = project.workspace, tree.of_workspace(project.workspace).holding.stages.values()
    outs = (path for stage in stages for path in stage.outs)
    if left := next((path for path in outs if output.is_relative_to(root / path)), None):
        return f"a stage leaves {left}"
    place = predictions.place_of(output)
    if output.exists() and output.stat().st_size and not place.exists():
        return f"a file is there, and no {place.name} beside it says that `wherefrom` predicted it"
    return None


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
