"""Where things stand: the workspace that a stage runs in, and the main project it belongs to.

A DVC experiment runs in the workspace, or in a temporary copy of it that is deleted afterwards, or
in a linked git worktree. What must outlive it (the tracking store, runs that wait to be logged)
is anchored at the main project.
"""

from __future__ import annotations

import configparser
import posixpath
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.errors.project import NotAProjectError
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Project:
    """A DVC project.

    `workspace` is the DVC root that is worked in, `git_root` the root of its worktree (None for a
    project outside of git) and `prefix` the path from there ("" or `sub`). `anchor` is the DVC root
    of the main repository, and holds the store and the state; all paths are absolute. `repository`
    is where the main project stands in git: its refs are asked, not a temporary copy's. It is None
    outside of git.
    """

    workspace: Path
    git_root: Path | None
    prefix: str
    anchor: Path
    repository: git_repo.Layout | None = None

    @property
    def state(self) -> Path:
        """The folder of everything that is no result and must not be lost with a workspace."""
        return self.anchor / ".wherefrom"

    @property
    def artifact_root(self) -> Path:
        """The folder of MLflow's artifacts, for stores without one of their own."""
        return self.anchor / "mlruns"

    @cached_property
    def cache_roots(self) -> tuple[Path, ...]:
        """The DVC roots whose caches may hold an object: each worktree may have its own."""
        trees = git_repo.worktrees(self.git_root) if self.git_root else ()
        others = (tree / self.prefix for tree in trees)
        own = (self.workspace, self.anchor)
        return tuple(dict.fromkeys((*own, *(root for root in others if (root / ".dvc").is_dir()))))

    def in_git(self, path: str) -> str:
        """Turn a path that is seen from the workspace into one below the worktree's root."""
        return posixpath.normpath(f"{self.prefix}/{path}") if self.prefix else path

    def from_git(self, path: str) -> str:
        """Turn a path below the worktree's root into one seen from the workspace."""
        return posixpath.relpath(path, self.prefix) if self.prefix else path


def locate(folder: Path, environ: Mapping[str, str]) -> Project:
    """Find the project of a folder.

    `environ` may hold `DVC_ROOT`, which DVC sets to the main project also in a temporary copy.
    Raises `NotAProjectError` where there is no DVC, or no git in a project that is to have it.
    """
    workspace = dvc_root(folder)
    if _is_without_git(workspace):
        return Project(workspace, None, "", workspace)
    here = git_repo.layout(workspace)
    main = Path(environ["DVC_ROOT"]) if environ.get("DVC_ROOT") else workspace
    main = main if (main / ".dvc").is_dir() else workspace
    stand = here if main == workspace else git_repo.layout(main)
    anchor = _anchor_of_linked(stand) if stand.linked else main.resolve()
    return Project(workspace, here.toplevel, here.prefix, anchor, stand)


def dvc_root(folder: Path) -> Path:
    """Find the DVC root at or above a folder. Raises `NotAProjectError`."""
    for candidate in (folder.resolve(), *folder.resolve().parents):
        if (candidate / ".dvc").is_dir():
            return candidate
    raise NotAProjectError(folder, "DVC")


def _is_without_git(root: Path) -> bool:
    """Whether the project was made by `dvc init --no-scm`, by DVC's own settings file."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read(root / ".dvc" / "config", encoding="utf-8")
        return config.getboolean("core", "no_scm", fallback=False)
    except (configparser.Error, ValueError):  # DVC itself names what is wrong with it
        return False


def _anchor_of_linked(stand: git_repo.Layout) -> Path:
    """Give the folder that outlives a worktree: the same DVC root in the main worktree.

    A bare main repository has none; there it is a folder of ours inside the repository.
    """
    if stand.main_worktree is None:
        return stand.common_dir / "wherefrom" / stand.prefix
    return stand.main_worktree / stand.prefix
