"""What git should hold of a result, and does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.names import LFS, SNAPSHOTS
from wherefrom.problems import Problem, Unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.identity import CommitSha


def unheld(sha: CommitSha, name: str | None) -> Problem:
    """Say that no ref leads to a commit that holds a result and is still there."""
    was = f"the experiment {name} was removed" if name else "its branch was deleted or rewritten"
    return Problem(
        what=f"no branch, tag or experiment leads to {sha[:10]}",
        why=f"{was}; git removes what nothing leads to, in two weeks or with `git gc --prune=now`",
        remedy=f"`wherefrom keep {sha[:10]}`, or delete its run in MLflow if nobody wants it",
        cause="commit",
        object=sha,
        lost="soon the code, the parameters and the hashes of its data",
    )


def unreadable(name: str, sha: CommitSha) -> Problem:
    """Say that a commit held a result, and that its dvc.lock or its record cannot be read now."""
    return Problem(
        what=f"the result {name} cannot be read in the commit {sha[:10]}",
        why="git does not give the dvc.lock or the record that it gave before: one is damaged",
        remedy="remove what `git fsck` names, then `git fetch --refetch`, if it was pushed",
        cause="commit",
        object=sha,
        lost="what it was made from, unless another copy has it",
    )


def damaged_object(path: str, name: str, loose: str | None) -> Unread:
    """Say that git does not give an object that a commit has at `path`.

    `loose` is its file in git's folder; None where it is in a pack, or gone.
    """
    first = f"remove .git/{loose}" if loose else "remove the pack that `git fsck` names"
    return Unread(
        what=f"git does not give the object {name[:10]}, which is {path}",
        why="the disk has damaged or lost it: `git fsck` names what is wrong",
        remedy=f"{first}, then `git fetch --refetch`, or copy the object from another clone",
        cause="object",
        object=name,
        lost=f"{path} as it was committed, unless another copy has it",
        path=path,
    )


def no_submodule(path: str, sha: CommitSha) -> Unread:
    """Say that the repository of a submodule, or its commit, is not here."""
    return Unread(
        what=f"the commit {sha[:10]} of the submodule {path} is not here",
        why="the submodule was not fetched, so whether its files are what was read is not known",
        remedy=f"`git submodule update --init {path}`, or `git fetch` in it",
        cause="unasked",
        object=sha,
        lost="nothing that is known",
        path=path,
    )


def not_filtered(path: str, name: str) -> Unread:
    """Say that a file is behind a filter that gives nothing here."""
    lfs = name == LFS
    return Unread(
        what=f"{path} passes the git filter {name}, which does not give it here",
        why="its object of Git LFS was not fetched"
        if lfs
        else f"filter.{name}.smudge is not set up, or fails",
        remedy="`git lfs fetch --all`" if lfs else f"set up filter.{name} as its project says",
        cause="unasked",
        object=path,
        lost="nothing that is known",
        path=path,
    )


def gone(name: str, sha: CommitSha | None, remotes: tuple[str, ...]) -> Problem:
    """Say that the commit of a result is not in this clone (any more).

    `name` is what a person calls it, `remotes` are those of git that might have it.
    """
    place = f"the commit {sha[:10]}" if sha else "any commit"
    fetch = f"`dvc exp pull {remotes[0]} {name}`" if remotes else ""
    return Problem(
        what=f"{place} that held the result {name} is not here"
        if sha
        else f"nothing here holds the result {name}",
        why="it was removed with its experiment or its branch, and git has cleaned up",
        remedy=f"{fetch}, if it was pushed" if fetch else "nothing brings it back; run it again",
        cause="commit",
        object=sha or name,
        lost="its code, its dvc.lock and its record",
    )


def uncommitted(key: str) -> Problem:
    """Say that the workspace alone has a result."""
    return Problem(
        what="no commit holds this result",
        why="the workspace alone has it, and the next run writes over it",
        remedy="commit dvc.lock and what git keeps beside it: `git add`, `git commit`",
        cause="commit",
        object=key,
        lost="all of it, as soon as the next run begins",
    )


def no_snapshot(ref: str, sha: CommitSha, remotes: tuple[str, ...]) -> Problem:
    """Say that the ref which keeps a dirty tree, or the tree itself, is not here."""
    fetch = " ".join(f"`git fetch {name} '{ref}:{ref}'`" for name in remotes[:1])
    return Problem(
        what=f"the snapshot of the dirty tree, {sha[:10]}, is not kept",
        why=f"there is no {ref}, or git has removed what it leads to",
        remedy=f"{fetch}, if it was pushed"
        if fetch
        else f"`git update-ref {ref} {sha[:10]}` as long as git has that commit; else nothing",
        cause="snapshot",
        object=ref,
        lost="the uncommitted files that the stage ran beside",
    )


def no_git_remote() -> Problem:
    """Say that a clone has no remote."""
    return Problem(
        what="this clone has no git remote",
        why="its commits are nowhere else",
        remedy="`git remote add origin URL`, `git push origin --all`",
        cause="git remote",
        object="",
        lost="all of it, with this disk",
    )


def not_pushed(
    sha: CommitSha, experiment: str | None, remote: str, refs: Sequence[str], *, ahead: bool
) -> Problem:
    """Say that no ref of any remote leads to the commit of a result; `refs` do here.

    `ahead` says that a remote has commits that this clone lacks.
    """
    known = [ref.split("/", 2)[2] for ref in refs if ref.startswith(("refs/heads/", "refs/tags/"))]
    branch = f"`git push {remote} {sha[:10]}:refs/heads/NAME`"
    push = f"`dvc exp push {remote} {experiment}`" if experiment else branch
    return Problem(
        what=f"{experiment or sha[:10]} is not pushed",
        why=f"no ref of {remote} leads to {sha[:10]}"
        + (", as far as it was fetched" if ahead else ""),
        remedy=f"`git push {remote} {known[0]}`" if known else push,
        cause="git remote",
        object=sha,
        lost="the result, with this disk",
    )


def snapshot_not_pushed(ref: str, remote: str) -> Problem:
    """Say that no remote has the snapshot of a dirty tree."""
    return Problem(
        what=f"the snapshot of the dirty tree {ref} is not pushed",
        why=f"{remote} has no such ref",
        remedy=f"`git push {remote} '{SNAPSHOTS}*:{SNAPSHOTS}*'`",
        cause="git remote",
        object=ref,
        lost="the uncommitted files that the stage ran beside, with this disk",
    )
