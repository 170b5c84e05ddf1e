"""A clone of the user's repository that borrows its objects and writes nothing into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.errors.git import ToolError
from wherefrom.identity import CommitSha
from wherefrom.sources import git_checkout, git_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LINK, _SUBMODULE = "120000", "160000"


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
    for key, value in _filters(common_dir):
        git_repo.run(target, "config", "--add", key, value)
    git_repo.run(target, "checkout", "--quiet", "--force", "--detach", sha)


def _filters(common_dir: Path) -> Iterator[tuple[str, str]]:
    """List the filters that the repository's own settings name; the user's hold everywhere."""
    try:
        found = git_repo.run(common_dir, "config", "--local", "-z", "--get-regexp", r"^filter\.")
    except ToolError:  # there is none
        return
    for entry in filter(None, found.split("\0")):
        key, _, value = entry.partition("\n")
        yield key, value


def fill(common_dir: Path, users_root: Path, target: Path) -> None:
    """Bring into a checkout what git itself leaves out: submodules, and objects of Git LFS.

    They are taken from the user's repository; one that is not there is left out.
    """
    for path, (mode, blob) in _entries(target).items():
        if mode == _SUBMODULE:
            _fill_submodule(common_dir, users_root, target, path, CommitSha(blob))
        elif mode != _LINK and (target / path).is_file():
            content = git_checkout.lfs_object(common_dir, _head(target / path))
            if content is not None:
                (target / path).write_bytes(content)


def _fill_submodule(
    common_dir: Path, users_root: Path, target: Path, path: str, sha: CommitSha
) -> None:
    listed = target / ".gitmodules"
    names = git_checkout.module_names(listed.read_bytes() if listed.is_file() else b"")
    for folder in git_checkout.module_dirs(common_dir, names.get(path), users_root / path):
        if git_repo.has(folder, sha):
            clone(folder, sha, target / path)
            fill(folder, users_root / path, target / path)
            return


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(git_checkout.LONGEST_POINTER + 1)


def copy(root: Path, target: Path) -> None:
    """Write the files of a checkout, as they were committed, to another place."""
    git_repo.run(root, "checkout-index", "--all", f"--prefix={target}/")


def blobs(root: Path) -> dict[str, str]:
    """Map the files of a checkout to mode and blob."""
    return {path: " ".join(entry) for path, entry in _entries(root).items()}


def _entries(root: Path) -> dict[str, tuple[str, str]]:
    entries = (e.partition("\t") for e in git_repo.run(root, "ls-files", "-sz").split("\0") if e)
    parts = ((path, head.split()) for head, _, path in entries)
    return {path: (mode, blob) for path, (mode, blob, *_) in parts}


def links(root: Path) -> dict[str, str]:
    """Map the symbolic links of a checkout, by their paths from its root, to what they say.

    Those of its submodules are among them.
    """
    found: dict[str, str] = {}
    for path, (mode, _) in _entries(root).items():
        if mode == _LINK and (root / path).is_symlink():
            found[path] = str((root / path).readlink())
        elif mode == _SUBMODULE and (root / path / ".git").is_dir():
            found |= {f"{path}/{name}": to for name, to in links(root / path).items()}
    return found
