"""DVC does once for an experiment what it does many times over.

Half of what DVC itself costs an experiment is asking again what it has just been told: git's index
is read for each output and written for each handful of files, by a library in Python; each file
is looked up for each stage that depends on it, three times. In a working copy nothing else writes,
so

- the index of git is read again where its file is another one, and written by git itself;
- a file whose inode, time and size are the same has the hash that it had: what DVC's own state of
  files goes by.

All that is not plainly so is done DVC's way. `tests/sources/test_dvc_once.py` compares.

Private: `Output._build`, scmrepo's `DulwichBackend` with `_expand_paths`.
"""

from __future__ import annotations

import copy
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Stamp = tuple[int, int, int]
    """What DVC knows a file by: inode, time of the last change, size."""


class Once:
    """What is known of one working copy, from one experiment to the next."""

    def __init__(self) -> None:
        self._hashes: dict[tuple[str, str], tuple[Stamp, Any, Any]] = {}
        self._tracked: tuple[tuple[str, Stamp], list[bytes]] | None = None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let DVC go by what is known, as long as this goes on."""
        from dvc.output import Output  # noqa: PLC0415, TID251
        from scmrepo.git.backend.dulwich import DulwichBackend  # noqa: PLC0415

        with (
            mock.patch.object(Output, "_build", self._building(Output._build)),  # noqa: SLF001
            mock.patch.object(DulwichBackend, "is_tracked", self._is_tracked),
            mock.patch.object(DulwichBackend, "add", self._adding(DulwichBackend.add)),
        ):
            yield

    def _building(self, by_dvc: Callable[..., Any]) -> Callable[..., Any]:
        """Hash a file that is not put into the cache, unless it is the one that was hashed."""

        def build(out: Any, odb: Any, path: str, fs: Any, name: str, **kwargs: Any) -> Any:  # noqa: ANN401
            from dvc_data.hashfile.obj import HashFile  # noqa: PLC0415

            stamp = _stamp(path) if kwargs.get("dry_run") and fs.protocol == "local" else None
            known = self._hashes.get((path, name))
            if stamp and known and known[0] == stamp:
                meta, hash_info = (copy.copy(one) for one in known[1:])
                return None, meta, HashFile(path, fs, hash_info)
            staging, meta, obj = by_dvc(out, odb, path, fs, name, **kwargs)
            if stamp and stamp == _stamp(path):
                self._hashes[path, name] = stamp, copy.copy(meta), copy.copy(obj.hash_info)
            return staging, meta, obj

        return build

    @property
    def _is_tracked(self) -> Callable[[Any, str], bool]:
        def is_tracked(backend: Any, path: str) -> bool:  # noqa: ANN401
            name = os.fsencode(os.path.relpath(path, backend.root_dir))
            return any(one == name or one.startswith(name + b"/") for one in self._names(backend))

        return is_tracked

    def _names(self, backend: Any) -> list[bytes]:  # noqa: ANN401
        """List what git's index has; git replaces the file of it where it writes."""
        file = backend.repo.index_path()
        stamp = _stamp(file)
        if stamp is None:
            return list(backend.repo.open_index())
        if self._tracked is None or self._tracked[0] != (file, stamp):
            self._tracked = (file, stamp), list(backend.repo.open_index())
        return self._tracked[1]

    def _adding(self, by_dvc: Callable[..., None]) -> Callable[..., None]:
        """Add by git, which reads the files that have changed and no others."""

        def add(backend: Any, paths: Any, update: bool = False, force: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002
            given = [paths] if isinstance(paths, str) else list(paths)
            root = Path(backend.root_dir)
            concerned = given or _folders(root, self._names(backend))
            if (update and given) or not all(_is_plainly_below(root, path) for path in concerned):
                by_dvc(backend, paths, update=update, force=force)
            elif update:
                git_repo.run(root, "add", "--update")
            else:
                self._add(backend, list(backend._expand_paths(given, force=force)))  # noqa: SLF001

        return add

    def _add(self, backend: Any, files: list[str]) -> None:  # noqa: ANN401
        """Add files that are there, and take out those that were; others are none of git's."""
        root = Path(backend.root_dir)
        there = [f for f in files if os.path.lexists(root / f) or backend.is_tracked(root / f)]
        if there:
            names = "".join(f"{file}\0" for file in there)
            git_repo.run(root, "update-index", "--add", "--remove", "-z", "--stdin", given=names)


def _folders(root: Path, names: list[bytes]) -> set[str]:
    return {str(root / os.fsdecode(os.path.dirname(name))) for name in names}  # noqa: PTH120


def _is_plainly_below(root: Path, path: str) -> bool:
    """Tell whether no link is on the way to a path: git follows none where DVC does."""
    at = Path(path).absolute()
    where = at if at.is_dir() else at.parent
    plain = Path(os.path.realpath(root), os.path.relpath(where, root))
    return os.path.realpath(where) == os.path.normpath(plain)


def _stamp(path: str) -> Stamp | None:
    """None for what is no file, or is none by itself."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    regular = stat.S_ISREG(found.st_mode)
    return (found.st_ino, found.st_mtime_ns, found.st_size) if regular else None
