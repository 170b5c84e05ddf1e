"""DVC: the stage that runs.

`to_single_stage_lockfile` and `dumps_yaml` are how DVC itself writes a stage into `dvc.lock`.
Writing the running stage with them and reading the text with `lockfile` makes the fingerprint taken
inside a stage equal to the one taken from history by construction;
`tests/sources/test_dvc_running.py` holds both together.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom import yaml12
from wherefrom.identity import DataHash, StageAddress
from wherefrom.lockfile import StageFacts, is_record, parse_stage
from wherefrom.record import Gap
from wherefrom.sources import disk, dvc_stage
from wherefrom.sources.dvc_repo import files, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wherefrom.sources.dvc_stage import Place


@dataclass(frozen=True)
class RawInput:
    """Data that no stage makes: its path, DVC's hash and the `.dvc` file that holds it."""

    path: str
    hash: DataHash | None
    dvc_file: str
    remote: str | None


@dataclass(frozen=True)
class Output:
    """A declared output; `cached` is False where git keeps it."""

    path: str
    cached: bool
    metric: bool


@dataclass(frozen=True)
class RunningStage:
    """A stage as it runs. All paths are relative to the DVC root, with forward slashes.

    `facts` are the stage's own, as `dvc.lock` would hold them now; `params_of` are the stages
    whose parameters shape the result, each with its working directory: those before this one, this
    one, and those that rest on its record. `metrics_before` are the metric files of those before.
    `outputs_of_all` and `inputs_of_all` are those of every stage of the project. `folders` lists
    the files, with their hashes, of each dependency that is a folder and that no stage makes.
    `stamps` are of all files that the facts are read from, by their absolute paths, taken before
    they were read; None where these cannot tell.
    """

    address: StageAddress
    facts: StageFacts
    deps: Mapping[str, DataHash | None]
    outs: tuple[Output, ...]
    raw: tuple[RawInput, ...]
    params_of: tuple[tuple[str, StageFacts], ...]
    metrics_before: tuple[str, ...]
    outputs_of_all: frozenset[str]
    inputs_of_all: frozenset[str]
    gaps: tuple[Gap, ...]
    folders: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stamps: Mapping[str, tuple[int, ...]] | None = None


def running_stage(place: Place) -> RunningStage:
    """Read a stage as it runs.

    Hashes dependencies (DVC's state cache has them already). Raises DVC's own errors for files that
    it cannot read.
    """
    started = time.time_ns()
    with opened(place.root) as repo:
        stage = dvc_stage.find(repo, place, dvc_stage.of_index)
        return _with_stamps(repo, stage, started)


def as_dvc_has_it(stage: Any) -> RunningStage:  # noqa: ANN401
    """Read a stage by DVC's own object of it, in the process of the DVC that runs it."""
    return _with_stamps(stage.repo, stage, time.time_ns())


def _with_stamps(repo: Any, stage: Any, started: int) -> RunningStage:  # noqa: ANN401
    read = _read_by(stage)
    stamps = disk.stamps(read, started) if read else None
    return replace(_Reader(repo).read(stage), stamps=stamps)


def are_as_read(stage: RunningStage) -> bool:
    """Whether nothing of what a stage's facts were read from has been touched since."""
    return stage.stamps is not None and disk.are_as_stamped(stage.stamps)


def _read_by(stage: Any) -> list[str]:  # noqa: ANN401
    """List the files that a stage's facts are read from; none where others may be among them."""
    if "vars:" in Path(stage.path).read_text(encoding="utf-8"):
        return []
    deps = [dep.fs_path for dep in stage.deps if dep.protocol in {"local", None}]
    default = os.path.join(stage.wdir, "params.yaml")  # noqa: PTH118 - as DVC's own paths
    return [stage.path, default, *deps]


def facts_now(place: Place) -> StageFacts:
    """Read the facts of a running stage alone, as `dvc.lock` would hold them now."""
    with opened(place.root) as repo:
        stage = dvc_stage.find(repo, place, dvc_stage.one)
        stage.save_deps()
        return _facts(stage)


class _Reader:
    """Turns DVC's objects into facts, with paths seen from the DVC root."""

    def __init__(self, repo: Any) -> None:  # noqa: ANN401
        self._repo = repo
        self._all = list(repo.index.stages)
        self._stages = [stage for stage in self._all if stage.outs]

    def read(self, stage: Any) -> RunningStage:  # noqa: ANN401
        before = self._before(stage)
        sources = [s for s in before if s.is_data_source]
        makers = [s for s in before if not s.is_data_source]
        stage.save_deps()
        later = [s for s in self._after_record(stage) if s not in makers and s is not stage]
        used = self._used(stage, makers)
        return RunningStage(
            address=self.address(stage),
            facts=_facts(stage),
            deps={self._path(dep): _hash(dep) for dep in files(stage.deps)},
            outs=tuple(self._output(out) for out in stage.outs),
            raw=tuple(self._raw(s, out, used) for s in sources for out in s.outs),
            params_of=(
                *((self._rel(s.wdir), _params_facts(s, locked=True)) for s in makers),
                *((self._rel(s.wdir), _params_facts(s)) for s in (stage, *later)),
            ),
            metrics_before=tuple(self._path(out) for s in makers for out in s.outs if out.metric),
            outputs_of_all=frozenset(self._path(o) for s in self._stages for o in s.outs),
            inputs_of_all=frozenset(
                self._path(d) for s in self._all for d in s.deps if d.protocol in {"local", None}
            ),
            gaps=(
                *self._stale(stage, makers),
                *self._other_data(sources, used),
                *self._other_params(makers),
            ),
            folders={
                self._path(dep): {"/".join(key): str(oid.value) for key, _, oid in dep.obj}
                for dep in files(stage.deps)
                if dep.hash_info.isdir and dep.obj and not self._makers(dep.fs_path)
            },
        )

    def address(self, stage: Any) -> StageAddress:  # noqa: ANN401
        file = self._rel(stage.path)
        name = getattr(stage, "name", None)
        if not name:
            return StageAddress(file)
        return StageAddress(name if file == "dvc.yaml" else f"{file}:{name}")

    def _before(self, stage: Any) -> list[Any]:  # noqa: ANN401
        """List the stages and `.dvc` files that a stage descends from, nearest first."""
        found: list[Any] = []
        todo = [stage]
        while todo:
            for dep in files(todo.pop(0).deps):
                for maker in self._makers(dep.fs_path):
                    if maker not in found and maker is not stage:
                        found.append(maker)
                        todo.append(maker)
        return found

    def _makers(self, path: str) -> list[Any]:
        return [s for s in self._stages if any(_overlap(path, o.fs_path) for o in s.outs)]

    def _after_record(self, stage: Any) -> list[Any]:  # noqa: ANN401
        """List the stages that rest on this one's record, with what they need."""
        records = {o.fs_path for o in stage.outs if is_record(o.def_path)}
        found = [s for s in self._stages if any(d.fs_path in records for d in files(s.deps))]
        needed = [s for last in found for s in self._before(last) if not s.is_data_source]
        return list(dict.fromkeys([*needed, *found]))

    def _used(self, stage: Any, makers: list[Any]) -> dict[str, Any]:  # noqa: ANN401
        """Map each input to the hash with which it was used: by the lock, or now by the stage."""
        return {d.fs_path: _hash(d) for s in (*makers, stage) for d in files(s.deps) if _hash(d)}

    def _other_data(self, sources: list[Any], used: dict[str, Any]) -> Iterator[Gap]:
        for out in (out for source in sources for out in source.outs):
            if used.get(out.fs_path, _hash(out)) != _hash(out):
                yield Gap(
                    what=f"{self._path(out)} is not what this result was made from",
                    why=f"a stage before this one used {used[out.fs_path]}, by dvc.lock",
                    remedy="run the stages before it too: `dvc repro`",
                )

    def _other_params(self, makers: list[Any]) -> Iterator[Gap]:
        for maker in makers:
            if _params_facts(maker, locked=True) != _params_facts(maker):
                yield Gap(
                    what=f"{self.address(maker)} has not run with the parameters of now",
                    why="those in dvc.lock, which it ran with, differ",
                    remedy="run the stages before it too: `dvc repro`",
                )

    def _stale(self, stage: Any, makers: list[Any]) -> Iterator[Gap]:  # noqa: ANN401
        """Name the inputs that are not what the stage before left, by its entry in the lock."""
        made = {out.fs_path: (maker, out) for maker in makers for out in maker.outs}
        for dep in files(stage.deps):
            maker, out = made.get(dep.fs_path, (None, None))
            if maker is not None and _hash(out) != _hash(dep) and not is_record(dep.def_path):
                yield Gap(
                    what=f"{self._path(dep)} is not what {self.address(maker)} left",
                    why="its bytes differ from the hash in dvc.lock",
                    remedy="run the stages before it too: `dvc repro`",
                )

    def _raw(self, stage: Any, out: Any, used: Mapping[str, Any]) -> RawInput:  # noqa: ANN401
        value = used.get(out.fs_path, _hash(out))
        return RawInput(self._path(out), value, self._rel(stage.path), out.remote)

    def _output(self, out: Any) -> Output:  # noqa: ANN401
        return Output(self._path(out), bool(out.use_cache), bool(out.metric))

    def _path(self, item: Any) -> str:  # noqa: ANN401
        local = item.protocol in {"local", None}
        return self._rel(item.fs_path) if local else str(item.def_path)

    def _rel(self, path: str) -> str:
        return Path(os.path.relpath(path, self._repo.root_dir)).as_posix()


def _facts(stage: Any) -> StageFacts:  # noqa: ANN401
    from dvc.stage.serialize import to_single_stage_lockfile  # noqa: PLC0415, TID251
    from dvc.utils.serialize import dumps_yaml  # noqa: PLC0415, TID251

    name = str(getattr(stage, "name", None) or stage.path)
    text = dumps_yaml(to_single_stage_lockfile(stage))
    return parse_stage(name, yaml12.load(text), name)


def _params_facts(stage: Any, *, locked: bool = False) -> StageFacts:  # noqa: ANN401
    """Give a stage with its parameters alone: those of now, or those of the lock if it has any."""
    from dvc.utils.serialize import dumps_yaml  # noqa: PLC0415, TID251

    params = {
        dep.def_path: dict(dep.hash_info.value if locked and dep.hash_info else dep.read_params())
        for dep in stage.deps
        if dep.hash_name == "params"
    }
    name = str(getattr(stage, "name", None) or stage.path)
    return parse_stage(name, {"cmd": "", "params": yaml12.load(dumps_yaml(params))}, name)


def _hash(item: Any) -> DataHash | None:  # noqa: ANN401
    return DataHash(str(item.hash_info.value)) if item.hash_info else None


def _overlap(path: str, other: str) -> bool:
    """Whether one path is, holds or lies in the other."""
    return path == other or path.startswith(other + os.sep) or other.startswith(path + os.sep)
