"""What is kept in git for good: the tree of a moment as a commit, and tags."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.errors.git import TagRefusedError, ToolError
from wherefrom.identity import CommitSha
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable

IN_OWN_NAME = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "wherefrom"), ("EMAIL", "wherefrom@localhost"))
}
"""The environment of a commit in the name of the tool: the user may have no name in git yet."""


def snapshot(root: Path, paths: Iterable[str], ref: str, message: str) -> CommitSha:
    """Keep HEAD with `paths` as they are now as a commit under `ref`; touch nothing else.

    `paths` are relative to the worktree's root `root`; a deleted one is deleted in the commit. The
    user's index, branch and files stay as they are. A former commit under `ref` becomes a parent.
    """
    base = git_repo.head(root)
    parents = [sha for sha in (base, git_repo.resolve(root, ref)) if sha]
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index"), "GIT_LITERAL_PATHSPECS": "1"}
        if base:
            git_repo.run(root, "read-tree", base, extra=index)
        for path in paths:
            here = os.path.lexists(root / path)
            verb = ("add", "--force") if here else ("rm", "--cached", "--quiet", "--ignore-unmatch")
            git_repo.run(root, *verb, "--", path, extra=index)
        tree = git_repo.run(root, "write-tree", extra=index).strip()
    former = parents[-1] if len(parents) > bool(base) else None
    if former and tree == git_repo.run(root, "rev-parse", f"{former}^{{tree}}").strip():
        return former
    return _commit(root, tree, parents, ref, message)


def _commit(root: Path, tree: str, parents: list[CommitSha], ref: str, message: str) -> CommitSha:
    """Commit a tree under `ref`."""
    args = [part for parent in parents for part in ("-p", parent)]
    text = git_repo.run(root, "commit-tree", tree, *args, "-m", message, extra=IN_OWN_NAME)
    git_repo.run(root, "update-ref", ref, text.strip())
    return CommitSha(text.strip())


def is_tag_name(root: Path, name: str) -> bool:
    """Whether a tag may have a name."""
    try:
        git_repo.run(root, "check-ref-format", f"refs/tags/{name}")
    except ToolError:
        return False
    return not name.startswith("-")


def tag(root: Path, name: str, sha: CommitSha, message: str) -> None:
    """Make an annotated tag, in the name of the tool where the user has none in git.

    Raises `TagRefusedError`.
    """
    try:
        git_repo.run(root, "var", "GIT_COMMITTER_IDENT")
        extra = {}
    except ToolError:
        extra = IN_OWN_NAME
    try:
        git_repo.run(root, "tag", "--annotate", "--message", message, name, sha, extra=extra)
    except ToolError as error:
        raise TagRefusedError(name, " ".join(error.output.split())) from error
