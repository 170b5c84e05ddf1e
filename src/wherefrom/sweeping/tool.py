"""Whether a folder has another `wherefrom` than the one that runs here.

A stage that comes with the very same code is lent the modules of it that are imported already.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Stamps = Mapping[str, tuple[int, int, int]]

NAME = __name__.partition(".")[0]
_HERE = Path(__file__).parents[1]


class Tool:
    """What is known of folders: whether their code of this tool is another one."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamps, bool]] = {}

    def is_other(self, folder: Path) -> bool:
        """Whether scripts of a folder import another `wherefrom` than this one."""
        there = folder / NAME
        stamps = _stamps(there)
        if there not in self._known or self._known[there][0] != stamps:
            is_other = bool(stamps) and _contents(there) != _contents(_HERE)
            self._known[there] = stamps, is_other
        return self._known[there][1] or (folder / f"{NAME}.py").exists()


def _stamps(package: Path) -> Stamps:
    found = {str(file): file.stat() for file in _files(package)}
    return {name: (one.st_ino, one.st_mtime_ns, one.st_size) for name, one in found.items()}


def _contents(package: Path) -> dict[str, bytes]:
    return {str(file.relative_to(package)): file.read_bytes() for file in _files(package)}


def _files(package: Path) -> list[Path]:
    files = (file for file in package.rglob("*") if "__pycache__" not in file.parts)
    return [file for file in files if file.is_file()]
