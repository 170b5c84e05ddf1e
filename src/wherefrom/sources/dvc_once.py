"""DVC does once for an experiment what it does many times over.

Half of what DVC itself costs an experiment is asking again what it has just been told: git's index
is read for each output and written for each handful of files, by a library in Python; each file
is looked up for each stage that depends on it, three times; and the project's stages are read for
the checkout, for the reproduction and for the commit. In a working copy nothing else writes, so

- the index of git is read again where its file is another one, and written by git itself;
- a file whose inode, time and size are the same has the hash that it had: what DVC's own state of
  files goes by;
- stages and parameters are read again where a file that says what they are is another one.

All that is not plainly so is done DVC's way. `tests/sources/test_dvc_once.py` compares.

Private: `Output._build`, `Repo._reset`, `read_param_file`, `collect_stages`, scmrepo's
`DulwichBackend` with `_expand_paths`.
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

_OF_STAGES = frozenset(["dvc.yaml", "params.yaml", ".dvcignore", ".gitignore"])
"""Names of files that say which stages a project has, beside those that end with `.dvc`."""
_NO_STAGES = frozenset([".git", ".dvc"])
_OF_INDEX = ("graph", "outs_trie")
"""What an index finds out about its stages from themselves."""


class Once:
    """What is known of one working copy, from one experiment to the next."""

    def __init__(self) -> None:
        self._hashes: dict[tuple[str, str], tuple[Stamp, Any, Any]] = {}
        self._params: dict[tuple[str, str, str], tuple[Stamp, Any]] = {}
        self._definitions: Any = None
        self._outputs: set[str] = set()
        self._tracked: tuple[tuple[str, Stamp], list[bytes]] | None = None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let DVC go by what is known, as long as this goes on."""
        from dvc.dependency import param  # noqa: PLC0415, TID251
        from dvc.output import Output  # noqa: PLC0415, TID251
        from dvc.repo import Repo, reproduce  # noqa: PLC0415, TID251
        from scmrepo.git.backend.dulwich import DulwichBackend  # noqa: PLC0415

        self._definitions = None
        with (
            mock.patch.object(Repo, "_reset", self._resetting(Repo._reset)),  # noqa: SLF001
            mock.patch.object(Output, "_build", self._building(Output._build)),  # noqa: SLF001
            mock.patch.object(param, "read_param_file", self._reading(param.read_param_file)),
            mock.patch.object(reproduce, "collect_stages", _collecting(reproduce.collect_stages)),
            mock.patch.object(DulwichBackend, "is_tracked", self._is_tracked),
            mock.patch.object(DulwichBackend, "add", self._adding(DulwichBackend.add)),
        ):
            yield

    def _resetting(self, by_dvc: Callable[[Any], None]) -> Callable[[Any], None]:
        """Keep the stages of a project where DVC forgets them, unless they may be others now.

        It does so before and after each of its commands. `dvc.lock` is no reason: the only one who
        writes it is the reproduction of the very stages that are kept.
        """

        def reset(repo: Any) -> None:  # noqa: ANN401
            index = repo.__dict__.get("index")
            if index is not None:
                self._outputs = {out.fs_path for out in index.outs if out.use_scm_ignore}
            before, self._definitions = self._definitions, _definitions(repo, self._outputs)
            by_dvc(repo)
            if index is not None and before is not None and before == self._definitions:
                repo.__dict__["index"] = _again(index)

        return reset

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

    def _reading(self, by_dvc: Callable[..., Any]) -> Callable[..., Any]:
        """Look parameters up once in a file, which stages have in common."""

        def read(fs: Any, path: str, key_paths: Any = None, **kwargs: Any) -> Any:  # noqa: ANN401
            stamp = _stamp(path) if fs.protocol == "local" else None
            key = (path, repr(key_paths), repr(kwargs))
            known = self._params.get(key)
            if stamp and known and known[0] == stamp:
                return copy.deepcopy(known[1])
            values = by_dvc(fs, path, key_paths, **kwargs)
            if stamp and stamp == _stamp(path):
                self._params[key] = stamp, copy.deepcopy(values)
            return values

        return read

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


@contextmanager
def quick_state() -> Iterator[None]:
    """Let DVC's databases of files that are made meanwhile not wait for the disk.

    diskcache keeps its settings in the database: those that are there already stay as they are.
    """
    import diskcache  # noqa: PLC0415

    with mock.patch.dict(diskcache.DEFAULT_SETTINGS, sqlite_synchronous=0):
        yield


def _folders(root: Path, names: list[bytes]) -> set[str]:
    return {str(root / os.fsdecode(os.path.dirname(name))) for name in names}  # noqa: PTH120


def _definitions(repo: Any, outputs: set[str]) -> Any:  # noqa: ANN401
    """Stamp all files that say which stages there are; None where other files may say so too.

    A template may take its values from any file that `vars` names, and DVC looks at a commit's
    files with the same object: when it comes back from there it has the workspace's file system
    first and then its root, and what is below the root of a commit is the whole disk. DVC looks for
    no stages in `outputs` that it keeps.
    """
    at_home = repo.fs.protocol == "local" and repo.fs.isin_or_eq(repo.root_dir, repo.scm.root_dir)
    if not at_home or repo.subrepos:
        return None
    found = []
    for folder, folders, files in os.walk(repo.root_dir):
        folders[:] = [
            name for name in folders if name not in _NO_STAGES and f"{folder}/{name}" not in outputs
        ]
        paths = [f"{folder}/{name}" for name in files if _says_of_stages(name)]
        found += [(path, _stamp(path)) for path in paths]
    stages = [path for path, _ in found if path.endswith("dvc.yaml")]
    plain = all(stamp for _, stamp in found) and not any(map(_has_vars, stages))
    return (repo.root_dir, id(repo.fs), found) if plain else None


def _collecting(by_dvc: Callable[..., Any]) -> Callable[..., Any]:
    """Take the stages of a file from the index: where a reproduction starts, not what it runs."""

    def collect(repo: Any, targets: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if list(targets) != ["dvc.yaml"] or repo.fs.protocol != "local":
            return by_dvc(repo, targets, *args, **kwargs)
        path = os.path.join(os.getcwd(), "dvc.yaml")  # noqa: PTH109, PTH118
        stages = [stage for stage in repo.index.stages if stage.path == path]
        return stages or by_dvc(repo, targets, *args, **kwargs)

    return collect


def _says_of_stages(name: str) -> bool:
    return name in _OF_STAGES or name.endswith(".dvc")


def _has_vars(path: str) -> bool:
    return b"vars" in Path(path).read_bytes()


def _again(index: Any) -> Any:  # noqa: ANN401
    """Give an index of the same stages that has looked at none of their files yet."""
    again = type(index).from_indexes(index.repo, [index])
    known = {name: index.__dict__[name] for name in _OF_INDEX if name in index.__dict__}
    again.__dict__.update(known)
    return again


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
