"""Whether a commit holds what its `dvc.lock` says was read: the lock is checked, not believed.

DVC hashes dependencies after the command, and somebody may commit another file than was read.
Only files that git keeps are compared here; data are in DVC's care.
"""

from __future__ import annotations

import hashlib
import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from wherefrom import formats
from wherefrom.lockfile import folder_hash, is_record
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from wherefrom.holding import Stage
    from wherefrom.lineage import Lineage


def sources(result: Lineage) -> dict[str, tuple[Stage, str]]:
    """Map the dependencies that neither a stage nor a `.dvc` file makes to stage and hash."""
    made = {path for stage in result.stages for path in stage.outs}
    others = made | {item.path for item in result.raw}
    around = {folder for path in others for folder in _parents(path)}
    return {
        path: (stage, dep.hash)
        for stage in result.stages
        for path, dep in stage.deps.items()
        if dep.hash and dep.hash_name == "md5" and not is_record(path) and "://" not in path
        if path not in around and others.isdisjoint((path, *_parents(path)))
    }


def kept(result: Lineage) -> dict[str, tuple[Stage, str]]:
    """Map the outputs of stages to stage and hash: git may keep them, as it does metrics."""
    return {
        path: (stage, out.hash)
        for stage in result.stages
        for path, out in stage.outs.items()
        if out.hash and out.hash_name == "md5" and not out.hash.endswith(".dir")
    }


def hashes_of(
    paths: Iterable[str],
    contents: Mapping[str, bytes],
    beside: Iterable[tuple[str, Mapping[str, str]]] = (),
) -> dict[str, set[str]]:
    """Map files and folders to the hashes that DVC may have recorded for them.

    `contents` are the files of a tree, those below the folders too; `beside` says what was
    in folders and is not in git. What is not there is left out.
    """
    more = list(beside)
    found = {path: _hashes(path, contents, [b for f, b in more if f == path]) for path in paths}
    return {path: values for path, values in found.items() if values}


def unlike(wanted: Mapping[str, tuple[Stage, str]], hashes: Mapping[str, set[str]]) -> list[str]:
    """List the files and folders that do not have the hash of the lock."""
    return [path for path, (_, value) in wanted.items() if value not in hashes.get(path, ())]


def check(
    wanted: Mapping[str, tuple[Stage, str]], hashes: Mapping[str, set[str]], where: str
) -> Iterator[Gap]:
    """Compare the files and folders of a tree, by their hashes, with the lock."""
    for path in unlike(wanted, hashes):
        stage, value = wanted[path]
        yield Gap(
            what=f"{path} in {where} is not what {stage.address} read"
            if path in hashes
            else f"{path}, which {stage.address} read, is not in {where}",
            why=f"dvc.lock says {value}{_ALSO if value.endswith('.dir') else ''}",
            remedy=f"{_IGNORE if value.endswith('.dir') else ''}commit what was read, "
            "or run it again: `dvc repro`",
        )


def ignored(result: Lineage) -> list[tuple[str, Mapping[str, str]]]:
    """List the folders that its stages read, with what git ignores in them, by their records."""
    records = (record for record in (result.record, result.training) if record)
    return [item for record in records for item in record.ignored.items()]


def uncommitted(result: Lineage, where: str) -> Iterator[Gap]:
    """Name what was in the folders of code and git ignores, caches of Python left out."""
    names = (f"{folder}/{path}" for folder, inside in ignored(result) for path in inside)
    for name in dict.fromkeys(names):
        if not _is_cache(name):
            yield Gap(
                what=f"{name}, in a folder that a stage read, is not in {where}",
                why="git ignores it, and dvc.lock counts it",
                remedy="`git add --force` it if the result needs it, else name it in .dvcignore",
            )


def _is_cache(path: str) -> bool:
    return path.endswith(".pyc") or "__pycache__" in path.split("/")


# without such a record: a lock has one hash of a folder and no list
_ALSO = ", of all that was in it, what git ignores (__pycache__) included"
_IGNORE = "name caches in .dvcignore (`__pycache__/`, `*.pyc`), "


def data(result: Lineage) -> Mapping[str, tuple[str, str]]:
    """Map raw data and outputs to what a stage did with them (`train left`) and their hash."""
    left = {
        path: (f"{stage.address} left", out.hash)
        for stage in result.stages
        for path, out in stage.outs.items()
        if out.hash and out.hash_name == "md5" and not is_record(path)
    }
    read = {
        path: (f"{stage.address} read", dep.hash)
        for stage in result.stages
        for path, dep in stage.deps.items()
        if path in result.used and dep.hash and dep.hash_name == "md5" and "://" not in path
    }
    return left | read


def other_bytes(
    wanted: Mapping[str, tuple[str, str]], hashes: Mapping[str, str], where: str
) -> Iterator[Gap]:
    """Compare data and models, those that are in a tree, with the lock."""
    for path, (deed, value) in wanted.items():
        if hashes.get(path, value) != value:
            yield Gap(
                what=f"{path} in {where} is not what {deed}",
                why=f"dvc.lock says {value}, and it is {hashes[path]}",
                remedy=f"`dvc checkout {path}` brings it back; `dvc repro` makes results of it",
            )


def edited(
    outputs: Mapping[str, tuple[Stage, str]], contents: Mapping[str, bytes], where: str
) -> Iterator[Gap]:
    """Name the outputs that are in a tree and are not what their stages left."""
    for path, (stage, value) in outputs.items():
        if path in contents and not is_as_locked(contents[path], value):
            yield Gap(
                what=f"{path} in {where} is not what {stage.address} left",
                why=f"dvc.lock says {value}; it was edited, merged or committed with another lock",
                remedy=f"`dvc repro --force {stage.address}`, or restore it from git",
            )


def params_files(result: Lineage) -> tuple[str, ...]:
    """List the files of parameters that its stages read."""
    return tuple(dict.fromkeys(path for stage in result.stages for path, _ in _params(stage)))


def other_params(
    result: Lineage, contents: Mapping[str, bytes], where: str, unread: Collection[str] = ()
) -> Iterator[Gap]:
    """Name the parameters that the files of a tree have and no stage ran with.

    The files that are `unread` say nothing.
    """
    read = {path: _values(path, contents.get(path, b"")) for path in params_files(result)}
    for stage in result.stages:
        for path, keys in ((p, k) for p, k in _params(stage) if p not in unread):
            wrong = [key for key, value in keys.items() if _at(read[path], key) != value]
            if wrong:
                yield Gap(
                    what=f"{', '.join(wrong)} in {where} is not what {stage.address} ran with",
                    why=f"{path} was edited, and the stage did not run again",
                    remedy="run it again: `dvc repro`",
                )


def _params(stage: Stage) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file, keys in stage.facts.params.items():
        yield posixpath.normpath(posixpath.join(stage.wdir, file)), keys


def _values(path: str, content: bytes) -> object:
    try:
        return formats.load(path, content)
    except ValueError:  # then it has none of the parameters, which is what is said
        return None


def other_lock_file(name: str | None) -> Gap:
    """Say that a lock file (None: there is none) is not that of a result's environment."""
    return Gap(
        what=f"{name or 'no lock file'} here is not that of the environment of this result",
        why="DVC does not run a stage again when only the environment changes",
        remedy="run it in this one: `dvc repro --force`",
    )


def _at(params: object, key: str) -> object:
    """Look a key of a lock up in nested values: `train.lr`, or a name with a dot in it."""
    if isinstance(params, dict) and key in params:
        return params[key]
    found: Any = params
    for part in key.split("."):
        items = dict(enumerate(found)) if isinstance(found, list) else found
        name = int(part) if isinstance(found, list) and part.isdecimal() else part
        found = items.get(name) if isinstance(items, dict) else None
    return found


def is_as_locked(content: bytes, value: str) -> bool:
    """Whether a file has the hash that a lock says."""
    return value in _md5s(content)


@lru_cache(maxsize=100_000)  # many results name the same files
def _parents(path: str) -> tuple[str, ...]:
    """List the folders that a path lies in, the nearest first."""
    found: list[str] = []
    while path := path.rpartition("/")[0]:
        found.append(path)
    return tuple(found)


def _hashes(
    path: str, contents: Mapping[str, bytes], beside: Iterable[Mapping[str, str]]
) -> set[str]:
    if path in contents:
        return _md5s(contents[path])
    below = f"{path}/"
    files = [
        {"md5": _md5(content), "relpath": name.removeprefix(below)}
        for name, content in contents.items()
        if name.startswith(below)
    ]
    if not files:
        return set()
    names = {file["relpath"] for file in files}
    others = (
        [(name, md5) for name, md5 in one.items() if name not in names] for one in ({}, *beside)
    )
    return {folder_hash([*files, *({"md5": m, "relpath": n} for n, m in o)]) for o in others}


@lru_cache(maxsize=512)  # code is one object for all commits that have it
def _md5s(content: bytes) -> set[str]:
    """Give the hashes of a file: until DVC 3, text was hashed with its line ends as on Unix."""
    return {_md5(content), _md5(content.replace(b"\r\n", b"\n"))}


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
