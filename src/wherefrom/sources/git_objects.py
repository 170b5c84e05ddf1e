"""git's objects in bulk, by one `git cat-file --batch` for as many as are wanted."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from wherefrom.identity import CommitSha
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_AT_ONCE = 500  # requests of 41 bytes each, which fit into a pipe: neither side waits for the other
FOLDER = "40000"
_SUBMODULE = "160000"


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
    mode: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode == FOLDER

    @property
    def is_submodule(self) -> bool:
        """Whether it is a commit of another repository."""
        return self.mode == _SUBMODULE


class Objects:
    """The objects of a repository. A context manager: git runs as long as it is open."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._git = _started(root)

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
        todo = list(shas)
        while todo:
            part, todo = todo[:_AT_ONCE], todo[_AT_ONCE:]
            self._ask(part)
            for number, sha in enumerate(part, start=1):
                answer = self._answer()
                if answer is None:  # git ends at an object that is damaged: on with the next one
                    self._git.communicate()
                    self._git, todo = _started(self._root), [*part[number:], *todo]
                    break
                if answer[0] == kind.encode():
                    yield sha, answer[1]

    def _ask(self, shas: Iterable[str]) -> None:
        _pipe(self._git.stdin).write("".join(f"{sha}\n" for sha in shas).encode())
        _pipe(self._git.stdin).flush()

    def _answer(self) -> tuple[bytes, bytes] | None:
        """Give the type of the next object and its bytes, both empty for one that is not there.

        None where git has ended in between.
        """
        stdout = _pipe(self._git.stdout)
        line = stdout.readline()
        head = line.split()
        if len(head) != 3:  # noqa: PLR2004 - name, type, size; else `missing`
            return (b"", b"") if line.endswith(b"\n") else None
        content = stdout.read(int(head[2]))
        return (head[1], content) if stdout.read(1) else None


def _started(root: Path) -> subprocess.Popen[bytes]:
    # the repository of a submodule names a folder that need not be there
    own = ["--git-dir=.", "--work-tree=."] if (root / "objects").is_dir() else []
    return subprocess.Popen(
        ["git", "-C", str(root), *own, "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=git_repo.environment(),
    )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise LookupError("git was started without pipes")
    return stream


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
        yield TreeEntry(name.decode("utf-8", "surrogateescape"), sha, mode.decode())
