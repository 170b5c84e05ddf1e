"""Which stage of a DVC project this process runs in: what `DVC_STAGE` means."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from wherefrom.process import parents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Place:
    """Where a stage runs, in plain values: another process may look for it too.

    `root` is the workspace's DVC root, `wdir` the stage's working directory. `address` is
    `DVC_STAGE`, which DVC gives as seen from the directory in which `dvc` was called; it does not
    say which that was, but it is one of `folders`.
    """

    root: Path
    wdir: Path
    address: str
    folders: tuple[str, ...]


def place(root: Path, wdir: Path, environ: Mapping[str, str]) -> Place:
    """Give the place of the stage that this process runs in."""
    address = environ["DVC_STAGE"]
    outside, inside = parents(address)
    folders: list[str] = []
    for process in (*outside, *inside):
        with suppress(psutil.Error):  # it has just gone: not DVC, then
            folders.append(process.cwd())
    folders += [environ.get("PWD", ""), str(wdir)]
    return Place(root, wdir, address, tuple(dict.fromkeys(folders)))


def find(
    repo: Any,  # noqa: ANN401
    place: Place,
    load: Callable[[Any, str, str], Any],
) -> Any:  # noqa: ANN401
    """Find the stage of a place; its working directory tells whether the right one was found.

    `load` is `one`, or `of_index` for who reads the whole index anyway.
    """
    address, wdir = place.address, place.wdir
    file, _, name = address.rpartition(":")
    if not file and address.endswith(".dvc"):
        file, name = address, ""
    found: list[Any] = []
    for base in place.folders:
        path = os.path.normpath(os.path.join(base, file or "dvc.yaml"))  # noqa: PTH118
        stage = load(repo, path, name) if os.path.isfile(path) else None  # noqa: PTH113
        found += [stage] if stage is not None else []
        if stage is not None and os.path.realpath(stage.wdir) == os.path.realpath(wdir):
            return stage
    if found:  # the command has changed its directory: `cd src && python train.py`
        return found[0]
    stages = [s for s in repo.index.stages if getattr(s, "name", None) == name]
    here = [s for s in stages if os.path.realpath(s.wdir) == os.path.realpath(wdir)]
    return _only(here or stages, address)


def of_index(repo: Any, path: str, name: str) -> Any:  # noqa: ANN401
    """Give the stage of a file as DVC's index has it; None where it has none."""
    real = os.path.realpath(path)
    for stage in repo.index.stages:
        if (getattr(stage, "name", None) or "", os.path.realpath(stage.path)) == (name, real):
            return stage
    return None


def one(repo: Any, path: str, name: str) -> Any:  # noqa: ANN401
    """Load the stage of a file and nothing else; None where it has none, or cannot be read."""
    from dvc.exceptions import DvcException  # noqa: PLC0415, TID251

    if not Path(path).resolve().is_relative_to(Path(repo.root_dir).resolve()):
        return None
    try:
        return repo.stage.load_one(path, name)
    except (DvcException, KeyError):
        return None


def _only(stages: list[Any], address: str) -> Any:  # noqa: ANN401
    if len(stages) != 1:
        raise LookupError(f"DVC_STAGE={address} names {len(stages)} stages that run here")
    return stages[0]
