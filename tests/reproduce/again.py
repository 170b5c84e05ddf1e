"""Results made again on the command line, and all that must stay as it was meanwhile."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from asking import answered

if TYPE_CHECKING:
    from pathlib import Path

    from asking import Answer
    from sandbox import Sandbox

OWN = (".wherefrom", "mlflow.db", ".git/objects", ".git/refs/notes", ".git/logs/refs/notes")
"""What the tool itself keeps: its state, the tags of runs, and notes, which are objects of git."""


def reproduce(sandbox: Sandbox, *args: str, **extra: str) -> Answer:
    """Make results again in this environment."""
    return answered(sandbox, "reproduce", *args, "--env", "current", **extra)


def outputs(found: dict[str, Any]) -> dict[str, bool]:
    """Map the outputs of a reproduction to whether their bytes are the same."""
    return {output["path"]: output["same"] for output in found["outputs"]}


def state(root: Path) -> dict[str, str]:
    """Map every file of a project, `.git` and DVC's cache among them, to the hash of its bytes."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() or path.is_symlink())
    return {
        path.relative_to(root).as_posix(): _hash(path)
        for path in files
        if not path.relative_to(root).as_posix().startswith(OWN)
    }


def left_over(sandbox: Sandbox) -> list[str]:
    """List what reproductions have left."""
    folder = sandbox.root / ".wherefrom" / "reproductions"
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


def _hash(path: Path) -> str:
    content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
    return hashlib.sha256(content).hexdigest()
