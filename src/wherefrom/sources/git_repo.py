"""git, by a process for each question; `git_objects` has the one that stays open.

What is made in it: `git_kept`.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.errors.git import ToolError
from wherefrom.errors.project import NotAProjectError
from wherefrom.identity import CommitSha

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NO_WORKTREE = ("not a git repository", "must be run in a work tree")


@dataclass(frozen=True)
class Layout:
    """Where a folder stands in git.

    `prefix` is its path below the worktree's root, "" for the root. `main_worktree` is None where
    the main repository is bare; `linked` says whether the folder is in a linked worktree.
    """

    toplevel: Path
    common_dir: Path
    prefix: str
    linked: bool
    main_worktree: Path | None


@dataclass(frozen=True)
class Change:
    """A path that differs from HEAD, relative to the worktree's root."""

    path: str
    untracked: bool


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give git an environment that no caller's `GIT_*` or language can bend.

    The user's settings stay: in a container `safe.directory` is often given in `GIT_CONFIG_*`.
    """
    settings = "GIT_CONFIG_"
    clean = {k: v for k, v in os.environ.items() if k.startswith(settings) or k[:4] != "GIT_"}
    return {**clean, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **(extra or {})}


def run(
    root: Path, *args: str, extra: Mapping[str, str] | None = None, given: str | None = None
) -> str:
    """Run `git ARGS` in `root` and give its output; `given` is its input.

    Raises `ToolError` for any other end than 0.
    """
    command = ["git", "-C", str(root), *args]
    text = None if given is None else given.encode(errors="surrogateescape")
    try:
        done = subprocess.run(
            command, capture_output=True, input=text, env=environment(extra), check=False
        )
    except FileNotFoundError as error:
        raise ToolError("git", 127, "git is not installed") from error
    if done.returncode != 0:
        shown = " ".join(["git", *args])
        raise ToolError(shown, done.returncode, done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="surrogateescape")


def layout(folder: Path) -> Layout:
    """Say where a folder stands in git.

    Raises `NotAProjectError` outside of a worktree, and `ToolError` where git refuses to say.
    """
    args = ("--path-format=absolute", "--show-toplevel", "--git-common-dir", "--git-dir")
    try:
        toplevel, common, git_dir, *prefix = run(
            folder, "rev-parse", *args, "--show-prefix"
        ).splitlines()
    except ToolError as error:
        if any(said in error.output for said in _NO_WORKTREE):
            raise NotAProjectError(folder, "git") from error
        raise
    linked = Path(git_dir) != Path(common)
    main = _main_worktree(folder) if linked else Path(toplevel)
    return Layout(Path(toplevel), Path(common), "".join(prefix).rstrip("/"), linked, main)


def _main_worktree(folder: Path) -> Path | None:
    """Give the first worktree, which git lists first; None for a bare repository."""
    entry = run(folder, "worktree", "list", "--porcelain", "-z").split("\0\0", maxsplit=1)[0]
    lines = entry.split("\0")
    return None if "bare" in lines else Path(lines[0].removeprefix("worktree "))


def worktrees(root: Path) -> tuple[Path, ...]:
    """List all worktrees of a repository, the main one first; a bare repository is none."""
    entries = run(root, "worktree", "list", "--porcelain", "-z").split("\0\0")
    lines = (entry.split("\0") for entry in entries if entry)
    return tuple(Path(one[0].removeprefix("worktree ")) for one in lines if "bare" not in one)


def head(root: Path) -> CommitSha | None:
    """Give the commit that is checked out; None before the first one."""
    try:
        return CommitSha(run(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip())
    except ToolError:
        return None


def author(root: Path) -> str | None:
    """Give who commits here, as `Name <address>`; None where git knows no name.

    The variables that `git commit` takes it from count here, too.
    """
    known = {k: v for k, v in os.environ.items() if k in {"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"}}
    try:
        ident = run(root, "var", "GIT_AUTHOR_IDENT", extra=known)
    except ToolError:
        return None
    return ident.rsplit(" ", 2)[0]


def branch(root: Path) -> str | None:
    """Give the branch that is checked out; None on a detached HEAD."""
    try:
        return run(root, "symbolic-ref", "--quiet", "--short", "HEAD").strip()
    except ToolError:
        return None


def changes(root: Path) -> tuple[Change, ...]:
    """List what differs from HEAD in the whole worktree, untracked files one by one."""
    args = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    entries = run(root, *args).split("\0")
    return tuple(Change(entry[3:], entry.startswith("??")) for entry in entries if entry)


def tracked(root: Path, paths: Iterable[str]) -> frozenset[str]:
    """Say which of the paths (relative to `root`) git tracks."""
    wanted = list(paths)
    if not wanted:
        return frozenset()
    listed = run(root, "--literal-pathspecs", "ls-files", "-z", "--", *wanted)
    return frozenset(listed.split("\0")) - {""}


def files(root: Path, patterns: Iterable[str]) -> tuple[str, ...]:
    """List the files below `root` that git does not ignore and whose names match a pattern."""
    wanted = [part for p in patterns for part in (f":(glob)**/{p}", f":(glob){p}")]
    args = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return tuple(filter(None, run(root, *args, "--", *wanted).split("\0")))


def ignored(root: Path, folders: Iterable[str]) -> frozenset[str]:
    """List the files in some folders, by their paths from `root`, that git ignores."""
    args = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", *folders)
    return frozenset(run(root, "--literal-pathspecs", *args).split("\0")) - {""}


def would_ignore(root: Path, paths: Iterable[str]) -> frozenset[str]:
    """Say which of the paths, whether they are there or not, git is told to ignore."""
    try:
        said = run(root, "check-ignore", "--no-index", "-z", "--stdin", given="\0".join(paths))
    except ToolError as error:
        if error.status != 1:  # which says that it is none of them
            raise
        said = ""
    return frozenset(said.split("\0")) - {""}


def resolve(root: Path, revision: str) -> CommitSha | None:
    """Give the commit that a revision names; None where it names none."""
    if revision.startswith("-"):
        return None
    try:
        name = f"{revision}^{{commit}}"
        return CommitSha(run(root, "rev-parse", "--verify", "--quiet", name).strip())
    except ToolError:
        return None


def has(git_dir: Path, sha: CommitSha) -> bool:
    """Whether a repository, given by the folder of git itself, has a commit."""
    try:
        # the repository of a submodule names a worktree that need not be there
        own = ("--git-dir=.", "--work-tree=.")
        run(git_dir, *own, "cat-file", "-e", f"{sha}^{{commit}}")
    except ToolError:
        return False
    return True


def containing(root: Path, sha: CommitSha) -> tuple[str, ...]:
    """List the branches and tags that contain a commit, by their full ref names."""
    places = ("refs/heads", "refs/tags", "refs/remotes")
    listed = run(root, "for-each-ref", "--format=%(refname)", "--contains", sha, *places)
    return tuple(listed.split())


def introduced(root: Path, path: str, text: str, tips: Iterable[str]) -> CommitSha | None:
    """Find the first commit, among those that `tips` lead to, in which a file holds a text.

    `path` is from the worktree's root. None where no such commit is there.
    """
    order = ("--reverse", "--topo-order", "-m", "--format=%H")
    args = ("-c", "log.showRoot=true", "log", *order, f"-S{text}", *tips, "--", path)
    return next((CommitSha(sha) for sha in run(root, *args).split()), None)


def listed(root: Path, sha: CommitSha, paths: Iterable[str]) -> dict[str, str]:
    """Map the files of a commit that are at `paths`, or below one, to their blobs.

    No commit holds what is above its root or at an absolute path.
    """
    wanted = [path for path in paths if not posixpath.normpath(path).startswith(("../", "/"))]
    if not wanted:
        return {}
    text = run(root, "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", sha, *wanted)
    entries = (entry.partition("\t") for entry in text.split("\0") if entry)
    return {path: head.split()[2] for head, _, path in entries}


def refs_below(root: Path, prefix: str) -> dict[str, CommitSha]:
    """Map what follows `prefix` in the names of refs to what they lead to."""
    text = run(root, "for-each-ref", "--format=%(objectname) %(refname)", prefix)
    found = (line.split(" ", 1) for line in text.splitlines())
    return {name.removeprefix(prefix): CommitSha(sha) for sha, name in found}


def remotes(root: Path) -> tuple[str, ...]:
    """List the names of the remotes."""
    return tuple(run(root, "remote").split())
