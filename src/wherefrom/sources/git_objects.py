"""git's objects in bulk, by one `git cat-file --batch` for as many as are wanted."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from wherefrom.identity import CommitSha
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_AT_ONCE = 500  # requests of 41 bytes each, which fit into a pipe: neither side waits for the other
FOLDER = "40000"


@dataclass(frozen=True)
class CommitFacts:
    """A commit: its tree, its parents, its committer's time (seconds, UTC) and its first line.

    `author` is who wrote it, and when: the same after an amendment and a rebase.
    """

    sha: CommitSha
    tree: str
    parents: tuple[CommitSha, ...]
    time: int
    subject: str
    author: str


@dataclass(frozen=True)
class TreeEntry:
    """A name in a folder, and the object behind it."""

    name: str
    sha: str
    is_folder: bool


class Objects:
    """The objects of a repository. A context manager: git runs as long as it is open."""

    def __init__(self, root: Path) -> None:
        self._git = subprocess.Popen(
            ["git", "-C", str(root), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=git_repo.environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._git.communicate()

    def commits(self, shas: Iterable[str]) -> Iterator[CommitFacts]:
        """Read commits; one that is not there (beyond a shallow clone's edge) is left out."""
        for sha, content in self._read(shas, "commit"):
            yield _commit(CommitSha(sha), content)

    def trees(self, shas: Iterable[str]) -> Iterator[tuple[str, tuple[TreeEntry, ...]]]:
        """Read folders."""
        for sha, content in self._read(shas, "tree"):
            yield sha, tuple(_entries(content, len(sha) // 2))

    def texts(self, shas: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Read files as text; bytes that are no UTF-8 are kept as surrogates."""
        for sha, content in self.contents(shas):
            yield sha, content.decode("utf-8", errors="surrogateescape")

    def contents(self, shas: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files."""
        return self._read(shas, "blob")

    def kinds(self, shas: Iterable[str]) -> dict[str, str | None]:
        """Say what objects are: `commit`, `tag`, `tree` or `blob`; None for one not here."""
        wanted = list(shas)
        found: dict[str, str | None] = dict.fromkeys(wanted)
        for kind in ("commit", "tag", "tree", "blob"):
            rest = [sha for sha in wanted if found[sha] is None]
            found |= {sha: kind for sha, _ in self._read(rest, kind)}
        return found

    def _read(self, shas: Iterable[str], kind: str) -> Iterator[tuple[str, bytes]]:
        """Read the objects of one kind; what is of another, or not there, is left out."""
        wanted = list(shas)
        stdin, stdout = self._git.stdin, self._git.stdout
        if stdin is None or stdout is None:
            raise LookupError("git was started without pipes")
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            stdin.write("".join(f"{sha}\n" for sha in part).encode())
            stdin.flush()
            for sha in part:
                head = stdout.readline().split()
                if len(head) == 3:  # noqa: PLR2004 - name, type, size; else `missing`
                    content = stdout.read(int(head[2]))
                    stdout.read(1)
                    if head[1] == kind.encode():
                        yield sha, content


def _commit(sha: CommitSha, content: bytes) -> CommitFacts:
    head, _, message = content.decode("utf-8", errors="replace").partition("\n\n")
    tree, parents, time, author = "", [], 0, ""
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        if key == "tree":
            tree = value
        elif key == "parent":
            parents.append(CommitSha(value))
        elif key == "author":
            author = value
        elif key == "committer":
            time = int(value.rsplit(" ", 2)[1])
    return CommitFacts(sha, tree, tuple(parents), time, message.partition("\n")[0], author)


def _entries(content: bytes, width: int) -> Iterator[TreeEntry]:
    """Take a tree object apart: mode, name, zero, binary id, again and again."""
    here = 0
    while here < len(content):
        end = content.index(b"\0", here)
        mode, _, name = content[here:end].partition(b" ")
        here = end + 1 + width
        sha = content[end + 1 : here].hex()
        yield TreeEntry(name.decode("utf-8", "surrogateescape"), sha, mode == FOLDER.encode())
