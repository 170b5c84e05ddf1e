"""Files and folders of the workspace, by their bytes, hashed as DVC does."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from wherefrom.identity import DataHash
from wherefrom.lockfile import folder_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHUNK = 1 << 22


def hash_of(path: Path, told: Callable[[int], None] = lambda _bytes: None) -> DataHash | None:
    """Hash a file or a folder; None where nothing is. `told` hears how many bytes were read."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return folder_hash(
            {"md5": _md5(file, told), "relpath": file.relative_to(path).as_posix()}
            for file in files
        )
    return _md5(path, told) if path.is_file() else None


def size_of(path: Path) -> int:
    """Count the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _md5(path: Path, told: Callable[[int], None]) -> DataHash:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            told(len(chunk))
    return DataHash(digest.hexdigest())
