"""What git's refs name: branches, tags, DVC's experiments, and the heads of all worktrees."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.errors.git import DamagedRepositoryError, ToolError
from wherefrom.identity import CommitSha, ExperimentName
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

KEPT = ("refs/heads", "refs/tags", "refs/remotes", "refs/exps")
"""Below these are the refs that keep commits."""
# DVC's own bookkeeping: `dvc.repo.experiments.refs.ITER_SKIP_NAMESPACES`
_DVCS_OWN = tuple(
    f"refs/exps/{name}" for name in ("apply/", "celery/", "exec/", "queue", "stash", "temp/")
)
_SHA = re.compile(r"\b[0-9a-f]{40}\b")
_RACY = 2_000_000_000  # nanoseconds


@dataclass(frozen=True)
class Experiment:
    """A DVC experiment, by its ref `refs/exps/<2 digits>/<38 digits of its baseline>/<name>`."""

    name: ExperimentName
    baseline: CommitSha
    commit_sha: CommitSha


@dataclass(frozen=True)
class Refs:
    """All that keeps commits: refs by their full names (`HEAD` of each worktree among them)."""

    shas: dict[str, CommitSha]

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The DVC experiments of this clone."""
        return tuple(_experiments(self.shas))

    @property
    def digest(self) -> str:
        """A digest that changes with any of them."""
        return hashlib.sha256(json.dumps(self.shas).encode()).hexdigest()


def read(root: Path) -> Refs:
    """Read the refs that keep commits; DVC's own (its queue, its bookkeeping) are left out.

    Raises `DamagedRepositoryError` for one that leads to what git cannot read.
    """
    shas: dict[str, CommitSha] = {}
    for line in _lines(root):
        kind, sha, tagged, peeled, name = line.split(" ", 4)
        if name.startswith(_DVCS_OWN):
            continue
        # git before 2.45 goes one step; a tag may be of a tag, and of a file or a folder
        found = {tagged: peeled, kind: sha}.get("commit") or git_repo.resolve(root, sha)
        if found is not None:
            shas[name] = CommitSha(found)
    shas.update(_heads(root))
    return Refs(shas)


def _lines(root: Path) -> list[str]:
    form = "%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)"
    try:
        return git_repo.run(root, "for-each-ref", f"--format={form}", *KEPT).split("\n")[:-1]
    except ToolError as error:
        if damaged := _SHA.search(error.output):
            raise DamagedRepositoryError(damaged[0]) from error
        raise


def _heads(root: Path) -> Iterator[tuple[str, CommitSha]]:
    """Give the heads of all worktrees; one without a commit has zeros."""
    folder = ""
    for line in git_repo.run(root, "worktree", "list", "--porcelain", "-z").split("\0"):
        key, _, value = line.partition(" ")
        folder = value if key == "worktree" else folder
        if key == "HEAD" and value.strip("0"):
            yield f"HEAD {folder}", CommitSha(value)


def _experiments(shas: dict[str, CommitSha]) -> Iterator[Experiment]:
    for ref, sha in shas.items():
        if ref.startswith("refs/exps/"):
            _, _, first, rest, *name = ref.split("/", 4)
            if name and len(first + rest) == len(sha):
                yield Experiment(ExperimentName(name[0]), CommitSha(first + rest), sha)


def signature(common_dir: Path, folders: Iterable[str] = ()) -> str | None:
    """Give a text that stays the same as long as no ref changes, without reading them.

    git replaces a ref's file, so its folder's time changes (gitrepository-layout(5)). None where
    that cannot be relied on: another form of refs, or a change so new that the next one could bear
    the same time. `folders` are those of the refs, as `ref_folders` lists them.
    """
    if (common_dir / "reftable").exists():
        return None
    places = [*folders, "HEAD", "packed-refs", "shallow", "worktrees"]
    places += [f"worktrees/{tree.name}/HEAD" for tree in _worktrees(common_dir)]
    times = {place: _changed(common_dir / place) for place in places}
    if max(times.values(), default=0) > time.time_ns() - _RACY:
        return None
    return json.dumps(times, sort_keys=True)


def _worktrees(common_dir: Path) -> list[Path]:
    folder = common_dir / "worktrees"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def ref_folders(common_dir: Path) -> tuple[str, ...]:
    """List the folders that hold refs."""
    found = ["refs"]
    for folder in found:
        here = sorted((common_dir / folder).iterdir())
        found += [f"{folder}/{item.name}" for item in here if item.is_dir()]
    return tuple(found)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
