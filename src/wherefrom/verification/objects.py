"""What DVC keeps of results: raw data and outputs, in its cache."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.lockfile import is_record
from wherefrom.problems import in_dvc
from wherefrom.sources import disk, dvc_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from wherefrom.problems import Problem
    from wherefrom.verification.ledger import Placed


@dataclass(frozen=True)
class Kept:
    """An object that DVC keeps for a result.

    `stage` is the one that left it, None for raw data; `remote` is the one that its `.dvc` file or
    `dvc.yaml` names.
    """

    path: str
    hash: str
    stage: str | None
    dvc_file: str | None = None
    remote: str | None = None
    pushed: bool = True

    @property
    def lost(self) -> str:
        """What cannot be had without it."""
        return f"{self.path} as {self.stage} left it" if self.stage else "the data it was made from"

    @property
    def again(self) -> str:
        """How to have it where no copy is left."""
        if self.stage:
            return f"`dvc repro --force {self.stage}` in its commit makes it again"
        return f"`dvc add {self.path}` takes it in again, if the file is still somewhere"


def of(placed: Placed) -> Iterator[Kept]:
    """List the objects that DVC, and not git, keeps for a result."""
    result = placed.lineage
    if result is None:
        return
    for raw in result.raw:
        value = result.used.get(raw.path, raw.hash)
        if value:
            yield Kept(raw.path, value, None, raw.dvc_file, raw.remote, raw.pushed)
    for stage in result.stages:
        for path, out in stage.outs.items():
            inside = path in placed.in_git or is_record(path) or "://" in path
            if out.hash and out.hash_name == "md5" and not inside:
                to = stage.destinations[path]
                yield Kept(path, out.hash, stage.address, None, to.remote, to.pushed)


@dataclass(frozen=True)
class Here:
    """What a cache has of objects: the files of each folder (None: the listing is not there).

    `closed` are those that the permissions of files hide.
    """

    files: Mapping[str, Mapping[str, str] | None]
    held: frozenset[str]
    closed: frozenset[str]

    @property
    def unreadable(self) -> frozenset[str]:
        """The folders whose listing is there and is none."""
        return frozenset(v for v, found in self.files.items() if found is None and v in self.held)

    def missing(self, value: str) -> tuple[str, ...]:
        """List what is not there of an object: itself (""), or the names of its files."""
        gone = {n: md5 for n, md5 in self._names(value).items() if md5 not in self.held}
        return tuple(name for name, md5 in gone.items() if md5 not in self.closed)

    def hidden(self, value: str) -> dict[str, str]:
        """Map what may not be read of an object, as `missing` names it, to the hashes."""
        return {n: md5 for n, md5 in self._names(value).items() if md5 in self.closed}

    def _names(self, value: str) -> dict[str, str]:
        inside = (self.files.get(value) or {}) if value in self.held else {}
        return {"": value, **inside}


def look(roots: Sequence[Path], values: Iterable[str]) -> Here:
    """Look objects up in DVC's caches, and the files of the folders among them; each once."""
    wanted = list(dict.fromkeys(values))
    files = {v: _listing(roots, v) for v in wanted if v.endswith(".dir")}
    parts = {md5 for inside in files.values() if inside for md5 in inside.values()}
    asked = {*wanted, *parts}
    held = frozenset(value for root in roots for value in dvc_cache.held(root, asked))
    closed = (value for root in roots for value in dvc_cache.closed(root, asked - held))
    return Here(files, held, frozenset(closed))


def _listing(roots: Sequence[Path], value: str) -> dict[str, str] | None:
    listings = (dvc_cache.listing(root, value) for root in roots)
    return next((found for found in listings if found is not None), None)


class Cache:
    """DVC's cache, asked once for all objects of many results.

    `roots` are the DVC roots whose caches count: each worktree may have one of its own.
    """

    def __init__(self, roots: Iterable[Path], values: Iterable[str]) -> None:
        self._roots = tuple(dict.fromkeys(roots))
        self.here = look(self._roots, values)
        self._has_remotes = any(map(dvc_cache.remotes, self._roots))
        self._wrong = self.here.unreadable

    def read_bytes(self, told: Callable[[int, int], None]) -> None:
        """Hash every object that is there. `told` hears how many bytes of how many were read."""
        asked = ((root, value) for root in self._roots for value in self.here.held)
        places = ((dvc_cache.find(root, value), value) for root, value in asked)
        found = {place: value for place, value in places if place}
        whole, done = sum(place.stat().st_size for place in found), 0

        def tell(count: int) -> None:
            nonlocal done
            done += count
            told(done, whole)

        def is_right(item: tuple[Path, str]) -> bool:
            place, value = item
            return disk.is_of(place, value.removesuffix(".dir"), tell)

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            right = threads.map(is_right, found.items())
            self._wrong |= {v for v, is_so in zip(found.values(), right, strict=True) if not is_so}

    def problems(self, kept: Kept) -> Iterator[Problem]:
        """Name what is missing of an object, or is not what its hash says."""
        if gone := self.here.missing(kept.hash):
            yield in_dvc.not_in_cache(kept.path, kept.hash, gone, kept.lost, self._remedy(kept))
        if hidden := self.here.hidden(kept.hash):
            yield in_dvc.not_readable(kept.path, hidden, kept.lost)
        inside = self.here.files.get(kept.hash) or {}
        names = {"": kept.hash, **inside}
        if wrong := {name: value for name, value in names.items() if value in self._wrong}:
            yield in_dvc.damaged(kept.path, wrong, kept.lost, self._remedy(kept))

    def _remedy(self, kept: Kept) -> str:
        if not self._has_remotes or (kept.stage and not kept.pushed):
            return kept.again
        only = f" {kept.dvc_file}" if kept.dvc_file else ""
        exps = "" if kept.dvc_file else ", of an experiment `dvc exp pull`"
        older = "" if kept.dvc_file else in_dvc.OLDER
        return f"`dvc fetch --all-commits{only}`{exps}{older}, if it was pushed; else {kept.again}"
