"""The files of many commits, by one `git cat-file`: each folder and each file is read once."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wherefrom.identity import CommitSha
    from wherefrom.sources.git_objects import Objects, TreeEntry

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
        found = {place: blob for path in paths for place, blob in self._files(sha, path)}
        self._read(found.values())
        return {p: self._contents[b] for p, b in found.items() if b in self._contents}

    def _files(self, sha: CommitSha, path: str) -> Iterator[tuple[str, str]]:
        entry = self._entry(sha, path)
        if entry is None:
            return
        if entry.is_folder:
            yield from self._below(path, entry.sha)
        else:
            yield path, entry.sha

    def _below(self, path: str, folder: str) -> Iterator[tuple[str, str]]:
        for entry in self._folder(folder).values():
            if entry.is_folder:
                yield from self._below(f"{path}/{entry.name}", entry.sha)
            else:
                yield f"{path}/{entry.name}", entry.sha

    def _entry(self, sha: CommitSha, path: str) -> TreeEntry | None:
        folder, entry = self._root(sha), None
        for name in self._names(path):
            entry = self._folder(folder).get(name) if folder else None
            folder = entry.sha if entry and entry.is_folder else None
        return entry

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
        new = [tree for tree in dict.fromkeys(trees) if tree not in self._folders]
        self._folders |= {tree: {} for tree in new}
        for tree, entries in self._objects.trees(new):
            self._folders[tree] = {entry.name: entry for entry in entries}

    def _read(self, blobs: Iterable[str]) -> None:
        wanted = dict.fromkeys(blobs)
        if self._held > _MEMORY:
            kept = {blob: self._contents[blob] for blob in wanted if blob in self._contents}
            self._contents, self._held = kept, sum(map(len, kept.values()))
        for blob, content in self._objects.contents(b for b in wanted if b not in self._contents):
            self._contents[blob] = content
            self._held += len(content)


def _pairs(wanted: Mapping[CommitSha, Iterable[str]]) -> Iterator[tuple[CommitSha, str]]:
    yield from ((sha, path) for sha, paths in wanted.items() for path in paths)
