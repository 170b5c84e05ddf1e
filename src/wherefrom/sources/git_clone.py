"""A clone of the user's repository that borrows its objects and writes nothing into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from pathlib import Path

    from wherefrom.identity import CommitSha

_LINK = "120000"


def clone(common_dir: Path, sha: CommitSha, target: Path) -> None:
    """Check a commit out into a new repository at `target`, without hooks and without a remote.

    Raises `ToolError`, also where the repository does not have the commit.
    """
    shared = ("--quiet", "--shared", "--no-checkout", "--template=")
    settings = ("--config", "core.hooksPath=/dev/null", "--config", "advice.detachedHead=false")
    git_repo.run(common_dir, "clone", *shared, *settings, str(common_dir), str(target))
    git_repo.run(target, "remote", "remove", "origin")  # no stage is to push into it
    # a shallow repository is copied instead, without what no branch leads to
    alternates = target / ".git" / "objects" / "info" / "alternates"
    alternates.write_text(f"{common_dir / 'objects'}\n", encoding="utf-8")
    git_repo.run(target, "checkout", "--quiet", "--force", "--detach", sha)


def copy(root: Path, target: Path) -> None:
    """Write the files of a checkout, as they were committed, to another place."""
    git_repo.run(root, "checkout-index", "--all", f"--prefix={target}/")


def blobs(root: Path) -> dict[str, str]:
    """Map the files of a checkout to mode and blob."""
    entries = (e.partition("\t") for e in git_repo.run(root, "ls-files", "-sz").split("\0") if e)
    return {path: " ".join(head.split()[:2]) for head, _, path in entries}


def links(root: Path) -> dict[str, str]:
    """Map the symbolic links of a checkout, by their paths from its root, to what they say."""
    paths = [path for path, blob in blobs(root).items() if blob.startswith(_LINK)]
    return {path: str((root / path).readlink()) for path in paths if (root / path).is_symlink()}
