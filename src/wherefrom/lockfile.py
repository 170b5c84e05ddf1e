"""Text of `dvc.lock` and `.dvc` files -> facts, and the fingerprint of a stage. Opens no file.

Formats: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#dvclock-file and
https://dvc.org/doc/user-guide/project-structure/dvc-files.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom import yaml12
from wherefrom.errors.project import LockfileError
from wherefrom.identity import DataHash, Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RECORD_SUFFIX = ".wherefrom.json"
"""A file of this ending is a record: it says who made the bytes, so it is no part of them."""

_STAGE_LINE = re.compile(r"^(?=  \S)", re.MULTILINE)
_SECTION_LINE = re.compile(r"^(?=    [^\s-])", re.MULTILINE)
_ITEM_LINE = re.compile(r"^(?=    - )", re.MULTILINE)
# a path and a hash that YAML could take for nothing but text
_PLAIN_ITEM = re.compile(
    r"    - path: ([A-Za-z_][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)+)\n      hash: md5\n"
    r"      md5: ((?=[0-9]*[abcdf])[0-9a-f]{32}(?:\.dir)?)\n      size: (0|[1-9][0-9]*)\n"
)
_HASH_KEYS = ("md5", "etag", "checksum")
_NO_IDENTITY = {"path", "hash", "size", "nfiles", "isexec", "remote", "cloud", "desc", "type"}


def is_record(path: str) -> bool:
    """Whether a path names a record file."""
    return path.endswith(RECORD_SUFFIX)


@dataclass(frozen=True)
class FileFacts:
    """A dependency or an output as a lock holds it.

    `path` is relative to the stage's working directory; `hash` is None where the lock has none (an
    output of a stage that is still running); `size` is in bytes.
    """

    path: str
    hash: DataHash | None
    size: int | None = None
    hash_name: str = "md5"


@dataclass(frozen=True)
class StageFacts:
    """What `dvc.lock` says of one stage. `params` maps a parameter file to its keys and values."""

    name: str
    cmd: str | tuple[str, ...]
    deps: tuple[FileFacts, ...] = ()
    outs: tuple[FileFacts, ...] = ()
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The identity of what the stage computes (see `fingerprint`)."""
        return _fingerprint(self)


@dataclass(frozen=True)
class TrackedFile:
    """An output of a `.dvc` file: raw data, `path` relative to the file's folder.

    `pushed` is False where DVC pushes it to no remote.
    """

    path: str
    hash: DataHash | None
    size: int | None
    remote: str | None = None
    pushed: bool = True


def parse_lock(text: str, where: str = "dvc.lock") -> dict[str, StageFacts]:
    """Read a `dvc.lock` of schema 1.0 or 2.0.

    `where` names the text in errors. Raises `LockfileError` for text that is no lock.
    """
    with suppress(yaml.YAMLError, LockfileError, ValueError, TypeError):  # said below
        if (blocks := _blocks(text)) is not None:
            return {stage.name: stage for stage in map(_block, blocks)}
    data = mapping(text, where)
    stages = data.get("stages", {}) if "schema" in data else data
    if not isinstance(stages, dict):
        raise LockfileError(where, "`stages` is no mapping")
    return {str(name): _stage(str(name), entry, where) for name, entry in stages.items()}


def _blocks(text: str) -> list[str] | None:
    """Cut a lock as DVC writes it into the texts of its stages; None for any other form.

    Most stages of a history are the same as in the commit before: each is read once.
    """
    head = "schema: '2.0'\nstages:\n"
    if not text.startswith(head):
        return None
    blocks = _STAGE_LINE.split(text[len(head) :])
    names = [block.partition("\n")[0] for block in blocks[1:]]
    return blocks[1:] if not blocks[0] and len(set(names)) == len(names) else None


@lru_cache(maxsize=4096)
def _block(text: str) -> StageFacts:
    """Read one stage's text; its files one by one, since code is the same in all experiments."""
    name, *sections = _SECTION_LINE.split(text)
    entry: dict[str, Any] = {}
    for section in sections:
        head, _, rest = section.partition("\n")
        if head in {"    deps:", "    outs:"}:
            entry[head.strip(" :")] = [_item(item) for item in _ITEM_LINE.split(rest) if item]
        else:
            entry |= _section(section)
    ((key, nothing),) = _section(name).items()
    if nothing is not None or len(entry) != len(sections):
        raise LockfileError("dvc.lock", "a stage is no plain mapping")
    return _stage(str(key), entry, "dvc.lock")


@lru_cache(maxsize=16384)
def _item(text: str) -> dict[str, Any]:
    """Read one file's text: in the form that nearly all have, without YAML, ten times as fast."""
    if plain := _PLAIN_ITEM.fullmatch(text):
        path, md5, size = plain.groups()
        return {"path": path, "hash": "md5", "md5": md5, "size": int(size)}
    (item,) = yaml12.load(text)
    return dict(item)


@lru_cache(maxsize=4096)
def _section(text: str) -> dict[str, Any]:
    return mapping(text, "dvc.lock")


def parse_stage(name: str, entry: object, where: str) -> StageFacts:
    """Read one stage's entry as a lock holds it, from its parsed mapping."""
    return _stage(name, entry, where)


def parse_dvc_file(text: str, where: str) -> tuple[TrackedFile, ...]:
    """Read the outputs of a `.dvc` file. Raises `LockfileError` for text that is none."""
    data = mapping(text, where)
    outs = data.get("outs", [])
    if not isinstance(outs, list) or not all(isinstance(out, dict) for out in outs):
        raise LockfileError(where, "`outs` is no list of files")
    deps = data.get("deps")
    sources = [dep for dep in deps if isinstance(dep, dict)] if isinstance(deps, list) else []
    imported = any("repo" in dep for dep in sources)
    wdir = str(data.get("wdir", "."))
    return tuple(_tracked(out, wdir, where, imported=imported) for out in outs)


def fingerprint(stage: StageFacts) -> Fingerprint:
    """Give the identity of what a stage computes: SHA-256 of canonical JSON.

    It covers what DVC's run cache takes as its key (`dvc.stage.cache._get_stage_hash`): command,
    dependencies with their hashes, parameters, output paths; neither sizes nor record files.
    """
    return stage.fingerprint


def _fingerprint(stage: StageFacts) -> Fingerprint:
    text = json.dumps(
        {
            "cmd": stage.cmd,
            "deps": sorted(
                [dep.path, dep.hash_name, dep.hash] for dep in stage.deps if not is_record(dep.path)
            ),
            "outs": sorted(out.path for out in stage.outs if not is_record(out.path)),
            "params": _plain(stage.params),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return Fingerprint(hashlib.sha256(text.encode()).hexdigest())


def flat_params(stages: Iterable[tuple[str, StageFacts]]) -> dict[str, Any]:
    """Join the parameters of stages into one flat map, `train.random_forest.n_estimators`.

    Each stage comes with its working directory, seen from the DVC root. A key of a file other than
    the root's `params.yaml` has the file before it, as in `dvc exp show`: `config/a.toml:lr`.
    """
    flat: dict[str, Any] = {}
    for wdir, stage in stages:
        for file, values in stage.params.items():
            path = posixpath.normpath(posixpath.join(wdir, file))
            flat.update(flatten(values, "" if path == "params.yaml" else f"{path}:"))
    return dict(sorted(flat.items()))


def flatten(value: object, prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings with dots, as DVC does for its columns; lists stay values."""
    if not isinstance(value, dict):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, item in value.items():
        dotted = f"{prefix}{key}" if prefix.endswith(":") or not prefix else f"{prefix}.{key}"
        flat.update(flatten(item, dotted))
    return flat


def mapping(text: str, where: str) -> dict[str, Any]:
    """Read a YAML text that is a mapping, {} for an empty one. Raises `LockfileError`."""
    try:
        data = yaml12.load(text)
    except yaml.YAMLError as error:
        raise LockfileError(where, " ".join(str(error).split())) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise LockfileError(where, "it is no mapping")
    return data


def _stage(name: str, entry: object, where: str) -> StageFacts:
    if not isinstance(entry, dict) or "cmd" not in entry:
        raise LockfileError(where, f"the stage {name} has no command")
    cmd = entry["cmd"]
    return StageFacts(
        name=name,
        cmd=tuple(cmd) if isinstance(cmd, list) else str(cmd),
        deps=_files(entry.get("deps"), where),
        outs=_files(entry.get("outs"), where),
        params=_params(entry.get("params"), where),
    )


def _params(entries: object, where: str) -> dict[str, dict[str, Any]]:
    files = entries or {}
    if not isinstance(files, dict) or not all(isinstance(k, dict | None) for k in files.values()):
        raise LockfileError(where, "parameters are a mapping of files to keys and values")
    return {str(file): dict(keys or {}) for file, keys in files.items()}


def _files(entries: object, where: str) -> tuple[FileFacts, ...]:
    if not isinstance(entries, list | None):
        raise LockfileError(where, "dependencies and outputs are lists")
    return tuple(_file(entry, where) for entry in entries or [])


def _file(entry: object, where: str) -> FileFacts:
    if not isinstance(entry, dict) or "path" not in entry:
        raise LockfileError(where, f"a dependency or an output has no path: {entry!r}")
    try:
        name, value = _hash(entry)
    except (KeyError, TypeError) as error:
        raise LockfileError(where, f"the files of {entry['path']} have no hashes") from error
    size = entry.get("size")
    return FileFacts(str(entry["path"]), value, size if isinstance(size, int) else None, name)


def _hash(entry: Mapping[str, Any]) -> tuple[str, DataHash | None]:
    """Give the hash's name and value, whatever kind of dependency it is.

    `hash: md5` beside `md5:` came with DVC 3 and says nothing more. A version-aware remote leaves a
    folder's files instead of its hash; a dataset or a database leaves fields of its own.
    """
    for key in _HASH_KEYS:
        if entry.get(key):
            return key, DataHash(str(entry[key]))
    if isinstance(entry.get("files"), list):
        return "md5", folder_hash(entry["files"])
    rest = {key: value for key, value in entry.items() if key not in _NO_IDENTITY}
    return ("fields", DataHash(json.dumps(_plain(rest), sort_keys=True))) if rest else ("md5", None)


def folder_hash(files: Iterable[Mapping[str, Any]]) -> DataHash:
    """Compute DVC's hash of a folder from its files (`dvc_data.hashfile.tree.Tree.digest`)."""
    text = folder_listing(files)
    return DataHash(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir")


def folder_listing(files: Iterable[Mapping[str, Any]]) -> str:
    """Write the files of a folder, each with `md5` and `relpath`, in the form of DVC's objects."""
    entries = sorted(({"md5": f["md5"], "relpath": f["relpath"]} for f in files), key=_relpath)
    return json.dumps(entries, sort_keys=True)


def _relpath(entry: Mapping[str, Any]) -> str:
    return str(entry["relpath"])


def _tracked(out: Mapping[str, Any], wdir: str, where: str, *, imported: bool) -> TrackedFile:
    facts = _file(out, where)
    path = facts.path if wdir == "." else f"{wdir}/{facts.path}"
    remote = out.get("remote")
    pushed = not imported and out.get("push") is not False
    return TrackedFile(path, facts.hash, facts.size, str(remote) if remote else None, pushed)


def _plain(value: object) -> Any:  # noqa: ANN401
    """Make keys text and tuples lists, so that JSON can sort and write them."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
