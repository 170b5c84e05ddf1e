"""Remarks as git notes: found from every commit that holds the blob, and pushed like a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filelock import FileLock

from wherefrom.errors.git import ToolError
from wherefrom.sources import git_kept, git_repo
from wherefrom.sources.git_objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

REF = "refs/notes/wherefrom"


def add(root: Path, blob: str, line: str, lock: Path) -> None:
    """Add a line to the note of a blob; `lock` is held meanwhile, so that none is lost."""
    with FileLock(lock):
        known = [one for one in of(root, blob).splitlines() if one]
        text = "".join(f"{one}\n" for one in sorted({*known, line}))
        note = git_repo.run(root, "hash-object", "-w", "--stdin", given=text).strip()
        args = ("notes", f"--ref={REF}", "add", "--force", "-C", note, blob)
        git_repo.run(root, *args, extra=git_kept.IN_OWN_NAME)


def of(root: Path, blob: str) -> str:
    """Give the note of a blob, "" where there is none."""
    try:
        return git_repo.run(root, "notes", f"--ref={REF}", "show", blob)
    except ToolError as error:
        if error.status == 1:
            return ""
        raise


def everything(root: Path) -> dict[str, str]:
    """Map all blobs that have a note to it."""
    listed = git_repo.run(root, "notes", f"--ref={REF}", "list").split()
    if not listed:
        return {}
    notes = dict(zip(listed[1::2], listed[::2], strict=True))
    with Objects(root) as objects:
        texts = dict(objects.texts(dict.fromkeys(notes.values())))
    return {blob: texts[note] for blob, note in notes.items() if note in texts}


def blob_of(root: Path, path: Path) -> str:
    """Give the blob of a file of the worktree, which git keeps from now on."""
    return git_repo.run(root, "hash-object", "-w", "--", str(path)).strip()
