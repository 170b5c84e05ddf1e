"""DVC's own object for a project, which `dvc_running` and `dvc_workspace` ask."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@contextmanager
def opened(root: Path) -> Iterator[Any]:
    """Give DVC's own object for a project."""
    from dvc.repo import Repo  # noqa: PLC0415, TID251 - half a second, for those who need it

    logging.getLogger("dvc").setLevel(logging.ERROR)
    with Repo(str(root)) as repo:
        yield repo


def files(deps: Iterable[Any]) -> list[Any]:
    """Leave out the dependencies that are parameters."""
    return [dep for dep in deps if dep.hash_name != "params"]


def ignored(root: Path, paths: Iterable[str]) -> frozenset[str]:
    """Say which of the paths DVC passes over by `.dvcignore`; a folder ends with a slash."""
    with opened(root) as repo:
        known = repo.dvcignore
        asked = {
            p: known.is_ignored_dir if p.endswith("/") else known.is_ignored_file for p in paths
        }
        return frozenset(p for p, ask in asked.items() if ask(str(root / p)))
