"""What a checkout of a commit would leave on disk, where that is not what git itself holds.

Of a file behind a filter (`filter=` in .gitattributes: Git LFS, git-crypt) git holds another form,
and of one in a submodule nothing but the commit.
"""

from __future__ import annotations

import configparser
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from wherefrom.errors.git import ToolError
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wherefrom.identity import CommitSha

_POINTER = b"version https://git-lfs.github.com/spec/"
LONGEST_POINTER = 1024
"""In bytes: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""
_NO_DOWNLOAD = {"GIT_LFS_SKIP_SMUDGE": "1"}


@dataclass(frozen=True)
class CheckedOut:
    """Files as a checkout leaves them, and the filter that each passes, if it passes one."""

    contents: Mapping[str, bytes]
    filters: Mapping[str, str]


def checked_out(root: Path, common_dir: Path, sha: CommitSha, paths: Iterable[str]) -> CheckedOut:
    """Give files of a commit, by their paths from git's root, as a checkout would leave them.

    Nothing of the repository is touched and nothing is fetched. The filters are those that the
    user's own settings name; a file whose filter is not set up comes as git holds it, and one whose
    filter fails not at all.
    """
    names = "".join(f"{path}\0" for path in paths)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        extra = _NO_DOWNLOAD | {"GIT_INDEX_FILE": str(folder / "index")}
        args = ("checkout-index", "--quiet", "--force", f"--prefix={folder}/tree/", "-z", "--stdin")
        with suppress(ToolError):  # a filter fails, or an object is damaged
            git_repo.run(root, "read-tree", sha, extra=extra)
            git_repo.run(root, *args, extra=extra, given=names)
        found = {path: folder / "tree" / path for path in names.split("\0") if path}
        contents = {path: f.read_bytes() for path, f in found.items() if f.is_file()}
        filters = _filters(root, names, extra)
    return CheckedOut({p: lfs_object(common_dir, c) or c for p, c in contents.items()}, filters)


def _filters(root: Path, names: str, extra: Mapping[str, str]) -> dict[str, str]:
    args = ("check-attr", "--cached", "-z", "--stdin", "filter")
    parts = git_repo.run(root, *args, extra=extra, given=names).split("\0")
    listed = zip(parts[::3], parts[2::3], strict=False)
    return {path: value for path, value in listed if value not in {"unspecified", "unset", "set"}}


def lfs_object(common_dir: Path, content: bytes) -> bytes | None:
    """Give the bytes that a pointer of Git LFS stands for; None where it is none, or has none here.

    Layout: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
    """
    if len(content) > LONGEST_POINTER or not content.startswith(_POINTER):
        return None
    lines = content.decode("utf-8", "replace").splitlines()
    oid = next((line.removeprefix("oid sha256:") for line in lines if "oid sha256:" in line), "")
    place = common_dir / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    return place.read_bytes() if oid.isalnum() and place.is_file() else None


def module_names(gitmodules: bytes) -> dict[str, str]:
    """Map the paths of submodules to their names, by the text of `.gitmodules`."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    text = "\n".join(line.strip() for line in gitmodules.decode("utf-8", "replace").splitlines())
    try:
        parser.read_string(text)
    except configparser.Error:  # git itself names what is wrong with it
        return {}
    named = ((section, parser[section].get("path", "")) for section in parser.sections())
    return {path: section.partition(" ")[2].strip('"') for section, path in named if path}


def module_dirs(common_dir: Path, name: str | None, folder: Path) -> Iterator[Path]:
    """List where the repository of a submodule may lie: `folder` is where it is checked out.

    Each linked worktree has repositories of its own.
    """
    if (folder / ".git").is_dir():
        yield folder / ".git"
    if name and ".." not in PurePosixPath(name).parts and not name.startswith("/"):
        kept = (common_dir, *sorted(common_dir.glob("worktrees/*")))
        yield from (p for p in (place / "modules" / name for place in kept) if p.is_dir())
