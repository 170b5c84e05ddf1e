"""Whether what is there is what DVC has: of every stage by `dvc.lock`, of data by `.dvc` files.

`dvc exp run TARGET` and `dvc exp save` make experiments of which it is not so. Data of which it is
so, and that lies in the workspace alone, is put into DVC's cache.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from wherefrom.sources.dvc_repo import files

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_whole(repo: Any) -> bool:  # noqa: ANN401
    """Compare each stage's command, parameters and dependencies with what its lock has.

    What another stage leaves, and data, need not be there: their hashes are compared.
    """
    left = {out.fs_path: out.hash_info for out in repo.index.outs}
    stages = [stage for stage in repo.index.stages if stage.cmd and not stage.frozen]
    return all(_is_current(stage, left) for stage in stages)


def _is_current(stage: Any, left: Mapping[str, Any]) -> bool:  # noqa: ANN401
    if stage.changed_stage() or not all(out.hash_info for out in stage.outs):
        return False
    read = files(stage.deps)
    params = [dep for dep in stage.deps if dep not in read]
    return all(_is_as_read(dep, left) for dep in read) and not any(map(_differs, params))


def _is_as_read(dep: Any, left: Mapping[str, Any]) -> bool:  # noqa: ANN401
    if dep.fs_path in left:
        return bool(dep.hash_info == left[dep.fs_path])
    if any(_meet(dep.fs_path, path) for path in left):  # a part of an output, or more than one
        return bool(dep.hash_info)
    return not _differs(dep)


def edited_data(repo: Any) -> list[str]:  # noqa: ANN401
    """List the data that stages read and that is not as its `.dvc` file says, if it is there."""
    edited = [out.fs_path for out in _read_data(repo) if out.exists and out.changed_checksum()]
    return [os.path.relpath(path, repo.root_dir) for path in edited]


def cache_data(repo: Any) -> None:  # noqa: ANN401
    """Put the data that stages read into DVC's cache where it is in the workspace alone.

    There it comes from a copy or a script beside its `.dvc` file. Nothing else is written:
    `dvc exp run --queue` does so too, and writes `.dvc` files besides.
    """
    data = [out for out in _read_data(repo) if out.use_cache and out.exists]
    for out in [out for out in data if out.changed_cache()]:
        with repo.lock:
            out.stage.commit(filter_info=out.fs_path, relink=False)


def _read_data(repo: Any) -> list[Any]:  # noqa: ANN401
    stages = repo.index.stages
    read = [dep.fs_path for stage in stages if stage.cmd for dep in files(stage.deps)]
    data = [out for stage in stages if stage.is_data_source for out in stage.outs]
    return [out for out in data if any(_meet(out.fs_path, path) for path in read)]


def _meet(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _differs(dep: Any) -> bool:  # noqa: ANN401
    return bool(dep.workspace_status())
