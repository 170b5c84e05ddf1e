"""The raw inputs of a result: which bytes were read, who brought them in, how to restore them."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom import baseline as baselines
from wherefrom.sources import dvc_cache, git_repo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.identity import DataHash
    from wherefrom.index.rows import CommitRow
    from wherefrom.lineage import Lineage
    from wherefrom.view import View


@dataclass(frozen=True)
class Version:
    """A raw input of a result: what was read, and how to have it again.

    `hash` is the one that was read. `introduced` is the first commit with that version, None where
    no branch holds it; `label` is that of `data.version`, None where there is none. `restore` are
    commands for the folder that the question came from.
    """

    path: str
    hash: DataHash | None
    size: int | None
    label: str | None
    dvc_file: str
    introduced: CommitRow | None
    restore: tuple[str, ...]


def of_result(view: View, result: Lineage, commit: CommitRow | None) -> Iterator[Version]:
    """Give the raw inputs of a result that a commit holds; None: the workspace."""
    label = result.params.get(baselines.LABEL)
    for raw in result.raw:
        read = result.used.get(raw.path, raw.hash)
        first = _introduced(view, raw.dvc_file, read, commit)
        yield Version(
            path=raw.path,
            hash=read,
            size=raw.size if read == raw.hash else None,
            label=str(label) if label is not None else None,
            dvc_file=raw.dvc_file,
            introduced=first,
            restore=_restore(view, raw.dvc_file, read, first or commit),
        )


def _introduced(
    view: View, dvc_file: str, value: str | None, commit: CommitRow | None
) -> CommitRow | None:
    path = view.project.in_git(dvc_file)
    tips = [commit.sha] if commit else ["HEAD"]
    if not value or (commit is None and git_repo.head(view.git_root) is None):
        return None
    sha = git_repo.introduced(view.git_root, path, value, tips)
    return view.index.commit(sha) if sha else None


def _restore(
    view: View, dvc_file: str, value: str | None, commit: CommitRow | None
) -> tuple[str, ...]:
    """Give the commands that bring a version back: from DVC's cache, else from its remote."""
    place = os.path.relpath(view.project.workspace / dvc_file, view.folder)
    file = shlex.quote(Path(place).as_posix())
    verb = "checkout" if dvc_cache.has_all(view.project.anchor, value) else "pull"
    before = (f"git checkout {commit.sha[:10]} -- {file}",) if commit else ()
    return (*before, f"dvc {verb} {file}")
