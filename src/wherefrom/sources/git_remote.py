"""Remotes of git: what they hold, asked without touching a ref of this clone."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from wherefrom.errors.stores import RemoteUnreachableError
from wherefrom.identity import CommitSha
from wherefrom.sources import git_repo
from wherefrom.sources.git_objects import Objects
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SECONDS = 60
_WAYS = ("GIT_ASKPASS", "GIT_HTTP", "GIT_PROXY", "GIT_SSH", "GIT_SSL")
"""The user's ways to reach a remote; nothing else of git's environment is let through."""


def refs(root: Path, name: str) -> dict[str, CommitSha]:
    """Ask a remote for its refs. Raises `RemoteUnreachableError`, which names no credentials."""
    ways = {key: value for key, value in os.environ.items() if key.startswith(_WAYS)}
    env = git_repo.environment({**ways, "GIT_TERMINAL_PROMPT": "0"})
    command = ["git", "-C", str(root), "ls-remote", "--quiet", name]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            env=env,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            text=True,
        )
    except subprocess.TimeoutExpired as error:
        raise RemoteUnreachableError("git", name, f"no answer in {_SECONDS} seconds") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(redact_text(error.stderr).split())[:300]
        raise RemoteUnreachableError("git", name, said) from None
    lines = (line.split("\t", 1) for line in done.stdout.splitlines())
    return {ref: CommitSha(sha) for sha, ref in lines}


def reached(root: Path, shas: Iterable[CommitSha]) -> tuple[frozenset[CommitSha], bool]:
    """Give the commits that some of a remote lead to; and whether all of these are known here."""
    wanted = list(dict.fromkeys(shas))
    with Objects(root) as objects:
        kinds = objects.kinds(wanted)
    tips = [sha for sha in wanted if kinds[sha] == "commit"]
    found = git_repo.run(root, "rev-list", *tips, "--") if tips else ""
    return frozenset(map(CommitSha, found.split())), all(kinds.values())
