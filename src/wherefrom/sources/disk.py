"""Files and folders of the workspace, by their bytes, hashed as DVC does."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from wherefrom.identity import DataHash
from wherefrom.lockfile import folder_hash, folder_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_CHUNK = 1 << 22
_TICK = 50_000_000
"""Nanoseconds that the clock of a file system may be behind."""


def hash_of(path: Path, told: Callable[[int], None] = lambda _bytes: None) -> DataHash | None:
    """Hash a file or a folder; None where nothing is. `told` hears how many bytes were read."""
    if path.is_dir():
        return folder_hash(_files(path, path, told))
    return _md5(path, told) if path.is_file() else None


def is_of(path: Path, value: str, told: Callable[[int], None] = lambda _bytes: None) -> bool:
    """Whether a file has a hash; until DVC 3 that of a text was of its line ends as on Unix."""
    return value == _md5(path, told) or value == _md5_of_text(path)


def is_as(path: Path, value: str) -> bool:
    """Whether a file or a folder has a hash."""
    return hash_of(path) == value or (path.is_file() and is_of(path, value))


def listing(root: Path, folders: Iterable[str]) -> tuple[str, str]:
    """List the files of folders, by their paths from `root`, and give the list's md5."""
    found = [entry for name in folders for entry in _files(root, root / name, lambda _bytes: None)]
    text = folder_listing(found)
    return text, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _files(root: Path, folder: Path, told: Callable[[int], None]) -> list[dict[str, str]]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return [{"md5": _md5(f, told), "relpath": f.relative_to(root).as_posix()} for f in files]


def stamps(paths: Iterable[str], before: int) -> dict[str, tuple[int, ...]] | None:
    """Say by what the file system tells that files, and those of folders, are as they were.

    None where one has been touched since `before` (nanoseconds, as `time.time_ns` has them), or
    just ahead of it: such a file could be written again and look the same.
    """
    found = {path: _stamp(path) for name in paths for path in _walk(name)}
    latest = max((moment for stamp in found.values() for moment in stamp[2:]), default=0)
    return found if latest < before - _TICK else None


def are_as_stamped(stamps: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether files and folders have the stamps that they had."""
    return all(_stamp(path) == stamp for path, stamp in stamps.items())


def _walk(path: str) -> Iterator[str]:
    yield path
    for folder, _, files in os.walk(path, followlinks=True):
        yield folder
        yield from (os.path.join(folder, name) for name in files)  # noqa: PTH118 - there are many


def _stamp(path: str) -> tuple[int, ...]:
    try:
        known = os.stat(path)  # noqa: PTH116
    except OSError:
        return ()
    return known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns


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


def _md5_of_text(path: Path) -> DataHash:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        for line in file:
            digest.update(line.replace(b"\r\n", b"\n"))
    return DataHash(digest.hexdigest())
