"""The files of a commit or of the workspace, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom import holding as holdings
from wherefrom import metrics, yaml12
from wherefrom.attribution import is_as_locked
from wherefrom.lockfile import flatten
from wherefrom.record import Gap
from wherefrom.sources import dvc_cache, git_repo
from wherefrom.sources.git_objects import Objects
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from wherefrom.holding import Holding
    from wherefrom.identity import CommitSha, DataHash
    from wherefrom.view import View

PARAMS = "params.yaml"


@dataclass(frozen=True)
class Tree:
    """What a commit holds (`commit_sha` is None for the workspace), by paths from the DVC root."""

    commit_sha: CommitSha | None
    contents: Mapping[str, bytes]

    @cached_property
    def holding(self) -> Holding:
        """Its stages, raw data and records."""
        texts = {p: c.decode("utf-8", "surrogateescape") for p, c in self.contents.items()}
        return holdings.read({path: t for path, t in texts.items() if holdings.is_fact(path)})

    @cached_property
    def params_file(self) -> dict[str, Any]:
        """All of its `params.yaml`, flat, also what no stage uses; empty where it is none."""
        flat = flatten(self.params) if self.params else {}
        return {k: redact_text(v) if isinstance(v, str) else v for k, v in flat.items()}

    @cached_property
    def params(self) -> dict[str, Any]:
        """All of its `params.yaml`, as nested values; empty where it is none."""
        try:
            data = yaml12.load(self.contents.get(PARAMS, b"").decode("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError):  # DVC itself refuses it
            return {}
        return data if isinstance(data, dict) else {}

    def metrics(
        self, root: Path, files: Iterable[tuple[str, DataHash | None]]
    ) -> tuple[dict[str, float], tuple[Gap, ...]]:
        """Read metric files, from the tree or, where DVC keeps them, from its cache.

        One that is not what its stage left is left out: its numbers are nobody's. One that is not
        here is a gap.
        """
        found = {
            path: self.contents[path] if path in self.contents else dvc_cache.read(root, value)
            for path, value in files
            if path not in self.contents or not value or is_as_locked(self.contents[path], value)
        }
        values, gaps = metrics.join({p: c for p, c in found.items() if c is not None})
        return values, (*gaps, *(_not_here(path) for path, c in found.items() if c is None))


def _not_here(path: str) -> Gap:
    return Gap(
        what=f"{path} is not here, so its metrics are missing",
        why="DVC's cache does not hold it, nor does git as JSON, YAML or TOML",
        remedy="`dvc fetch --all-commits`; for an experiment `dvc exp pull`",
    )


def of_commit(view: View, sha: CommitSha) -> Tree:
    """Read a commit that the index knows."""
    with Objects(view.git_root) as objects:
        here = read(view, sha, objects.contents)
        commit = view.index.commit(sha)
        files = view.index.files(commit.snapshot) if commit else {}
        more = {p: files[p] for p, _ in here.holding.metric_files if p in files}
        contents = dict(objects.contents(more.values()))
        measured = {path: contents[blob] for path, blob in more.items() if blob in contents}
    return Tree(sha, {**here.contents, **measured})


def facts(view: View, sha: CommitSha) -> dict[str, str]:
    """Map the files of a commit that say how its results were made to their blobs."""
    commit = view.index.commit(sha)
    files = view.index.files(commit.snapshot) if commit else {}
    return {path: blob for path, blob in files.items() if holdings.is_fact(path)}


def read(
    view: View, sha: CommitSha, blobs: Callable[[Iterable[str]], Iterable[tuple[str, bytes]]]
) -> Tree:
    """Read a commit that the index knows, without its metrics, from what `blobs` gives."""
    here = facts(view, sha)
    contents = dict(blobs(here.values()))
    return Tree(sha, {path: contents[blob] for path, blob in here.items() if blob in contents})


def of_workspace(root: Path) -> Tree:
    """Read the workspace, as its files are now; a DVC project inside it is none of it."""
    listed = git_repo.files(
        root, ("dvc.lock", "dvc.yaml", "*.dvc", "*.wherefrom.json", "params.yaml")
    )
    folders = {folder for path in listed for folder in PurePosixPath(path).parents}
    others = {f for f in folders - {PurePosixPath()} if (root / f / ".dvc").is_dir()}
    mine = (path for path in listed if others.isdisjoint(PurePosixPath(path).parents))
    wanted = [path for path in mine if holdings.is_fact(path)]
    first = Tree(None, _contents(root, wanted))
    measured = [path for path, _ in first.holding.metric_files]
    return Tree(None, {**first.contents, **_contents(root, measured)})


def _contents(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    return {path: (root / path).read_bytes() for path in paths if (root / path).is_file()}
