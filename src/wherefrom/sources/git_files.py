"""The files of many commits, by one `git cat-file`: each folder and each file is read once."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from wherefrom.identity import CommitSha
from wherefrom.sources.git_objects import FOLDER, TreeEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from wherefrom.sources.git_objects import Objects

_MEMORY = 1 << 26  # bytes of files that are kept, for the next commit that has them


class CommitFiles:
    """Reads files of commits below a DVC root, which stands at `prefix` in the repository."""

    def __init__(self, objects: Objects, prefix: str) -> None:
        self._objects = objects
        self._above = [name for name in prefix.split("/") if name]
        self._roots: dict[str, str | None] = {}
        self._folders: dict[str, dict[str, TreeEntry]] = {}
        self._contents: dict[str, bytes] = {}
        self._held = 0
        self._lost: set[str] = set()
        self._last: tuple[object, Sequence[tuple[str, TreeEntry]]] = (None, ())

    def is_here(self, sha: CommitSha) -> bool:
        """Whether a commit is in this clone."""
        return self._root(sha) is not None

    def expect(self, wanted: Mapping[CommitSha, Iterable[str]]) -> None:
        """Read at once what many commits will be asked for: git answers in one go."""
        todo = [(self._root(sha), self._names(path)) for sha, path in _pairs(wanted)]
        while todo:
            self._read_folders(tree for tree, _ in todo if tree)
            below = [(self._folders[tree].get(names[0]), names[1:]) for tree, names in todo if tree]
            todo = [(e.sha, names) for e, names in below if e and e.is_folder and names]
        found = [blob for sha, path in _pairs(wanted) for _, blob in self._files(sha, path)]
        self._read(found)

    def expect_commits(self, shas: Iterable[CommitSha]) -> None:
        """Read many commits at once."""
        new = [sha for sha in dict.fromkeys(shas) if sha not in self._roots]
        self._roots |= dict.fromkeys(new)
        self._roots |= {commit.sha: commit.tree for commit in self._objects.commits(new)}

    def blobs(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Read files by the names of their objects; what is not there is left out."""
        wanted = list(blobs)
        self._read(wanted)
        return {blob: self._contents[blob] for blob in wanted if blob in self._contents}

    def contents(self, sha: CommitSha, paths: Iterable[str]) -> dict[str, bytes]:
        """Read the files at `paths`, and those below one that is a folder.

        What is not there is left out. The bytes of a file are one object for all commits.
        """
        leaves = self._listed(sha, paths)
        found = {p: e.sha for p, e in leaves if not e.is_folder and not e.is_submodule}
        self._read(found.values())
        return {p: self._contents[b] for p, b in found.items() if b in self._contents}

    def all(self, sha: CommitSha) -> dict[str, bytes]:
        """Read every file of a commit."""
        names = self._folder(self._root(sha) or "")
        return self.contents(sha, list(names))

    def from_root(self, sha: CommitSha, name: str) -> bytes | None:
        """Read a file that stands at git's root; None where there is none."""
        root = self._root(sha)
        entry = self._folder(root).get(name) if root else None
        return self.blobs([entry.sha]).get(entry.sha) if entry else None

    def submodules(self, sha: CommitSha, paths: Iterable[str]) -> dict[str, CommitSha]:
        """Map the submodules at, above or below `paths` to the commits of theirs."""
        found = self._listed(sha, paths)
        return {place: CommitSha(entry.sha) for place, entry in found if entry.is_submodule}

    def lost(self, sha: CommitSha, paths: Iterable[str]) -> dict[str, str]:
        """Map the files and folders at and below `paths` that git does not give to their objects.

        A commit names them, so a disk has damaged or lost them.
        """
        found = {p: e for p, e in self._listed(sha, paths) if not e.is_submodule}
        self._read(e.sha for e in found.values() if not e.is_folder)
        return {p: e.sha for p, e in found.items() if e.is_folder or e.sha not in self._contents}

    def _listed(self, sha: CommitSha, paths: Iterable[str]) -> Sequence[tuple[str, TreeEntry]]:
        """List the leaves of some paths; what was asked for last is asked for several times."""
        asked = (sha, tuple(paths))
        if self._last[0] != asked:
            self._last = asked, [leaf for path in asked[1] for leaf in self._leaves(sha, path)]
        return self._last[1]

    def _files(self, sha: CommitSha, path: str) -> Iterator[tuple[str, str]]:
        for place, entry in self._leaves(sha, path):
            if not entry.is_folder and not entry.is_submodule:
                yield place, entry.sha

    def _leaves(self, sha: CommitSha, path: str) -> Iterator[tuple[str, TreeEntry]]:
        """List the entries at and below a path that are no folders, or that git does not give.

        One of them may be above it: a submodule, which holds the path.
        """
        folder, names = self._root(sha), self._names(path)
        if folder is not None and not self._folder(folder) and folder in self._lost:
            yield ".", TreeEntry(".", folder, FOLDER)
            return
        for depth, name in enumerate(names, start=1):
            entry = self._folder(folder).get(name) if folder else None
            if entry is None:
                return
            is_last = depth == len(names)
            if is_last or not entry.is_folder:
                yield from self._below(path if is_last else self._seen(names[:depth]), entry)
                return
            folder = entry.sha
            if not self._folder(folder) and folder in self._lost:
                yield self._seen(names[:depth]), entry
                return

    def _below(self, place: str, entry: TreeEntry) -> Iterator[tuple[str, TreeEntry]]:
        inside = self._folder(entry.sha).values() if entry.is_folder else ()
        if not entry.is_folder or entry.sha in self._lost:
            yield place, entry
        for below in inside:
            yield from self._below(f"{place}/{below.name}", below)

    def _seen(self, names: list[str]) -> str:
        """Give the path, from the DVC root, of what is at `names` from git's root."""
        return posixpath.relpath("/".join(names), "/".join(self._above) or ".")

    def _names(self, path: str) -> list[str]:
        """Take a path apart, from git's root; a stage may read what lies above DVC's."""
        if ".." not in path:
            return [*self._above, *path.split("/")]
        return posixpath.normpath("/".join((*self._above, path))).split("/")

    def _root(self, sha: CommitSha) -> str | None:
        if sha not in self._roots:
            self.expect_commits([sha])
        return self._roots[sha]

    def _folder(self, tree: str) -> dict[str, TreeEntry]:
        if tree not in self._folders:
            self._read_folders([tree])
        return self._folders[tree]

    def _read_folders(self, trees: Iterable[str]) -> None:
        new = {tree for tree in trees if tree not in self._folders}
        self._folders |= {tree: {} for tree in new}
        for tree, entries in self._objects.trees(list(new)):
            self._folders[tree] = {entry.name: entry for entry in entries}
            new.remove(tree)
        self._lost |= new

    def _read(self, blobs: Iterable[str]) -> None:
        wanted = dict.fromkeys(blobs)
        if self._held > _MEMORY:
            kept = {blob: self._contents[blob] for blob in wanted if blob in self._contents}
            self._contents, self._held = kept, sum(map(len, kept.values()))
        new = [b for b in wanted if b not in self._contents and b not in self._lost]
        for blob, content in self._objects.contents(new):
            self._contents[blob] = content
            self._held += len(content)
        self._lost |= {blob for blob in new if blob not in self._contents}


def _pairs(wanted: Mapping[CommitSha, Iterable[str]]) -> Iterator[tuple[CommitSha, str]]:
    yield from ((sha, path) for sha, paths in wanted.items() for path in paths)
