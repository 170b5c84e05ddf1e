"""DVC: what stands in the workspace, against what `dvc.lock` and `.dvc` files say."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.sources import dvc_stage
from wherefrom.sources.dvc_repo import files, opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wherefrom.sources.dvc_stage import Place


def unchanged(root: Path, paths: Iterable[str]) -> list[str]:
    """Say which of these data and dependencies are as `dvc.lock` or `.dvc` say.

    `paths` are seen from the root.
    """
    wanted = list(paths)
    with opened(root) as repo:
        status = repo.data_status()
        read = _deps(repo, wanted)
        as_read = {path for path, deps in read.items() if not any(map(_differs, deps))}
    listed = {
        p for paths in (status["committed"] | {"": status["unchanged"]}).values() for p in paths
    }
    changed = {str(p) for paths in status["uncommitted"].values() for p in paths}
    same = {str(path).rstrip(os.sep) for path in listed} - {p.rstrip(os.sep) for p in changed}
    return [path for path in wanted if path in same | as_read]


def _deps(repo: Any, paths: Iterable[str]) -> dict[str, list[Any]]:  # noqa: ANN401
    """Map paths to the dependencies of stages that stand there."""
    places = {os.path.join(repo.root_dir, path): path for path in paths}  # noqa: PTH118
    found: dict[str, list[Any]] = {}
    for dep in (dep for stage in repo.index.stages for dep in files(stage.deps)):
        if dep.fs_path in places:
            found.setdefault(places[dep.fs_path], []).append(dep)
    return found


def _differs(dep: Any) -> bool:  # noqa: ANN401
    return bool(dep.workspace_status())


def put_back_outputs(place: Place) -> tuple[str, ...]:
    """Bring back the running stage's outputs as `dvc.lock` has them, from DVC's cache.

    DVC removes them before it runs the command. Gives those that the lock names and the cache does
    not hold. An output that is there is left as it is.
    """
    with opened(place.root) as repo:
        stage = dvc_stage.find(repo, place, dvc_stage.one)
        gone = [out for out in stage.outs if out.hash_info and not out.exists]
        return tuple(out.def_path for out in gone if not _put_back(repo, out))


def _put_back(repo: Any, out: Any) -> bool:  # noqa: ANN401
    """Check an output out; one that git keeps is in the cache as well, for the run cache."""
    from dvc.exceptions import CheckoutError  # noqa: PLC0415, TID251

    if out.use_cache:
        try:
            out.checkout(force=True)
        except (CheckoutError, FileNotFoundError):  # not in the cache
            return False
        return bool(out.exists)
    source = Path(repo.cache.local.oid_to_path(out.hash_info.value))
    if not source.is_file():
        return False
    Path(out.fs_path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, out.fs_path)
    return True
