"""DVC in a clone that is there to make a result again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# What the commit, the user or the machine have chosen elsewhere: a cache that is shared, links
# into it, results that are staged.
_SETTINGS = """\
[core]
    analytics = false
    check_update = false
    autostage = false
    interactive = false
[cache]
    dir = cache
    type = copy
"""


def settle(root: Path) -> None:
    """Let DVC keep everything below `root`, and forget what it has run there.

    Its local settings are stronger than the commit's, the user's and the machine's.
    """
    (root / ".dvc" / "config.local").write_text(_SETTINGS, encoding="utf-8")
    for lock in git_repo.files(root, ("dvc.lock",)):
        (root / lock).unlink()


def command(stages: Iterable[str]) -> list[str]:
    """Give the command that runs these stages, each once, in this order, whatever has changed."""
    return ["dvc", "repro", "--force", "--single-item", "--no-commit", *stages]
