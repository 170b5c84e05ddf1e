"""Which stage of a DVC project this process runs in: what `DVC_STAGE` means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PARENTS = 6


def find(repo: Any, address: str, wdir: Path, environ: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Find the stage that `DVC_STAGE` means.

    DVC gives the address as seen from the directory in which `dvc` was called, and does not say
    which that was. It is that of one of this process's parents; the stage's own working directory,
    which is this one, tells whether the right one was found.
    """
    file, _, name = address.rpartition(":")
    if not file and address.endswith(".dvc"):
        file, name = address, ""
    found: list[Any] = []
    for base in dict.fromkeys([*_callers_folders(address), environ.get("PWD", ""), str(wdir)]):
        path = os.path.normpath(os.path.join(base, file or "dvc.yaml"))  # noqa: PTH118
        stage = _load(repo, path, name) if os.path.isfile(path) else None  # noqa: PTH113
        found += [stage] if stage is not None else []
        if stage is not None and os.path.realpath(stage.wdir) == os.path.realpath(wdir):
            return stage
    if found:  # the command has changed its directory: `cd src && python train.py`
        return found[0]
    stages = [s for s in repo.index.stages if getattr(s, "name", None) == name]
    here = [s for s in stages if os.path.realpath(s.wdir) == os.path.realpath(wdir)]
    return _only(here or stages, address)


def _load(repo: Any, path: str, name: str) -> Any:  # noqa: ANN401
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


def _callers_folders(address: str) -> Iterator[str]:
    """Give the folders of the parents, that of DVC first: it has not got `DVC_STAGE` itself."""
    inside: list[str] = []
    process: psutil.Process | None = psutil.Process()
    for _ in range(_PARENTS):
        try:
            process = process.parent() if process else None
            if process and process.environ().get("DVC_STAGE") == address:
                inside.append(process.cwd())  # a shell or a script between DVC and the stage
            elif process:
                yield process.cwd()
        except psutil.Error:  # another user's process, or it has just gone: not DVC, then
            continue
    yield from inside
