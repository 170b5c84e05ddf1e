"""The facts of one tree (a commit, an experiment, the workspace) from the texts that it holds.

Paths are seen from the DVC root, with forward slashes. Opens no file.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from wherefrom.dvcyaml import Declared, Destination, parse_dvc_yaml
from wherefrom.errors.project import LockfileError, RecordError
from wherefrom.identity import StageAddress
from wherefrom.lockfile import StageFacts, is_record, mapping, parse_dvc_file, parse_lock
from wherefrom.record import Gap, Record, from_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.identity import DataHash, Fingerprint
    from wherefrom.lockfile import FileFacts


@dataclass(frozen=True)
class Stage:
    """A stage that has run, by a `dvc.lock`, with its files by their paths from the DVC root.

    `declared_cmd` is its command by the `dvc.yaml` beside it; None where that has a template.
    `destinations` says of each output where DVC pushes it to.
    """

    address: StageAddress
    wdir: str
    facts: StageFacts
    deps: Mapping[str, FileFacts]
    outs: Mapping[str, FileFacts]
    metrics: tuple[str, ...]
    declared_cmd: str | tuple[str, ...] | None = None
    destinations: Mapping[str, Destination] = field(default_factory=dict)

    @property
    def fingerprint(self) -> Fingerprint:
        """The identity of what it computes."""
        return self.facts.fingerprint

    @property
    def lock_path(self) -> str:
        """The `dvc.lock` that has it."""
        folder, found, _ = self.address.rpartition(":")[0].rpartition("/")
        return f"{folder}/dvc.lock" if found else "dvc.lock"

    @property
    def record_path(self) -> str | None:
        """The record file that it leaves; None for a stage that keeps none."""
        return next((path for path in self.outs if is_record(path)), None)


@dataclass(frozen=True)
class Raw:
    """Data that no stage makes, as its `.dvc` file says; `size` is in bytes.

    `remote` is the DVC remote that it names, None for the default one; `pushed` is False where DVC
    never pushes it: an import from another repository, or `push: false`.
    """

    path: str
    hash: DataHash | None
    size: int | None
    dvc_file: str
    remote: str | None = None
    pushed: bool = True


@dataclass(frozen=True)
class Holding:
    """What a tree holds: its stages, raw data and records (by path), and what cannot be read."""

    stages: Mapping[StageAddress, Stage] = field(default_factory=dict)
    raw: Mapping[str, Raw] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()

    @property
    def metric_files(self) -> tuple[tuple[str, DataHash | None], ...]:
        """The metric files of all stages, with their hashes by the lock."""
        return tuple((p, s.outs[p].hash) for s in self.stages.values() for p in s.metrics)


def is_fact(path: str) -> bool:
    """Whether a file of a tree says how results were made."""
    name = posixpath.basename(path)
    if name in {"dvc.lock", "dvc.yaml", "params.yaml"} or is_record(name):
        return True
    return name.endswith(".dvc") and name != ".dvc"


def read(texts: Mapping[str, str]) -> Holding:
    """Read the facts of a tree from the texts of its files (those of `is_fact`).

    Nothing is raised for a text that is damaged: it is a gap, and the rest is answered.
    """
    gaps: list[Gap] = []
    stages: dict[StageAddress, Stage] = {}
    raw: dict[str, Raw] = {}
    records: dict[str, Record] = {}
    for path, text in sorted(texts.items()):
        name = posixpath.basename(path)
        try:
            if name == "dvc.lock":
                stages.update(_stages(path, text, texts))
            elif is_record(name):
                records[path] = _record(text)
            elif name.endswith(".dvc"):
                raw.update(_raw(path, text))
        except (LockfileError, RecordError) as error:
            gaps.append(Gap(f"{error.where or path} cannot be read here", error.why, _REMEDY))
    return Holding(stages, raw, records, tuple(gaps))


_REMEDY = "restore the file and commit it; what this tree holds beside it is answered"


@lru_cache(maxsize=4096)
def _record(text: str) -> Record:
    return from_text(text, "")


def _stages(path: str, text: str, texts: Mapping[str, str]) -> dict[StageAddress, Stage]:
    folder = posixpath.dirname(path)
    file = posixpath.join(folder, "dvc.yaml")
    declared = parse_dvc_yaml(texts[file], file) if file in texts else Declared()
    if declared.has_templates:
        declared = declared.with_params(_params(texts.get(_join(folder, "params.yaml"), "")))
    found = (_stage(folder, file, facts, declared) for facts in parse_lock(text, path).values())
    return {stage.address: stage for stage in found}


@lru_cache(maxsize=4096)
def _params(text: str) -> Mapping[str, Any]:
    """Read a `params.yaml`; DVC itself names what is wrong with one."""
    try:
        return mapping(text, "params.yaml")
    except LockfileError:
        return {}


def _stage(folder: str, file: str, facts: StageFacts, declared: Declared) -> Stage:
    wdir = _join(folder, declared.wdir(facts.name))
    outs = _located(wdir, facts.outs)
    whole = {_join(folder, path) for path in declared.of_file()}
    metrics = (
        path
        for path, out in outs.items()
        if not is_record(path) and (declared.is_metric(facts.name, out.path) or path in whole)
    )
    name = facts.name if file == "dvc.yaml" else f"{file}:{facts.name}"
    return Stage(
        address=StageAddress(name),
        wdir=wdir or ".",
        facts=facts,
        deps=_located(wdir, facts.deps),
        outs=outs,
        metrics=tuple(metrics),
        declared_cmd=declared.cmds.get(facts.name),
        destinations={
            path: declared.destination(facts.name, out.path) for path, out in outs.items()
        },
    )


def _located(wdir: str, files: Iterable[FileFacts]) -> dict[str, FileFacts]:
    return {_join(wdir, file.path): file for file in files}


def _join(folder: str, path: str) -> str:
    if "://" in path:  # an external dependency
        return path
    joined = f"{folder}/{path}" if folder and folder != "." else path
    if joined.startswith(".") or "/." in joined or "//" in joined or joined.endswith("/"):
        joined = posixpath.normpath(joined)
    return "" if joined == "." else joined


def _raw(path: str, text: str) -> dict[str, Raw]:
    folder = posixpath.dirname(path)
    found = {_join(folder, out.path): out for out in parse_dvc_file(text, path)}
    return {
        place: Raw(place, out.hash, out.size, path, out.remote, out.pushed)
        for place, out in found.items()
    }
