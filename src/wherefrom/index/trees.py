"""From a commit's tree to its files that may matter; every folder is read once in its life."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wherefrom.errors.git import DamagedRepositoryError
from wherefrom.holding import is_fact

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from wherefrom.sources.git_objects import Objects, TreeEntry

_MAY_BE_METRICS = (".json", ".yaml", ".yml", ".toml")

_DVC = ".dvc"

Entries = list[tuple[str, str, bool]]


class TreeReader:
    """Lists files below the DVC root, which stands at `prefix` in the repository."""

    def __init__(self, database: sqlite3.Connection, objects: Objects, prefix: str) -> None:
        self._database = database
        self._objects = objects
        self._prefix = prefix
        self._known: dict[str, Entries] = {}
        self._files: dict[str, dict[str, str]] = {}

    def files(self, trees: Iterable[str]) -> dict[str, dict[str, str]]:
        """Map each tree to its files that may matter: path -> blob, from the DVC root."""
        wanted = list(dict.fromkeys(trees))
        self._files.clear()
        self._load(wanted)
        return {tree: self._of_project(tree) for tree in wanted}

    def _of_project(self, tree: str) -> dict[str, str]:
        for name in filter(None, self._prefix.split("/")):
            inside = [sha for part, sha, folder in self._known[tree] if folder and part == name]
            if not inside:
                return {}
            tree = inside[0]
        return self._below(tree)

    def _below(self, tree: str) -> dict[str, str]:
        if tree not in self._files:
            found: dict[str, str] = {}
            for name, sha, folder in self._known[tree]:
                if folder and not self._is_project(sha):
                    found |= {f"{name}/{path}": blob for path, blob in self._below(sha).items()}
                elif not folder:
                    found[name] = sha
            self._files[tree] = found
        return self._files[tree]

    def _is_project(self, tree: str) -> bool:
        """Whether a folder is a DVC project of its own, or DVC's own folder."""
        entries = self._known.get(tree)
        return entries is None or any(part == _DVC for part, _, folder in entries if folder)

    def _load(self, trees: Iterable[str]) -> None:
        """Read the folders that are not known, level by level."""
        todo = list(trees)
        while todo:
            unread = [sha for sha in dict.fromkeys(todo) if not self._is_stored(sha)]
            rows = []
            for sha, entries in self._objects.trees(unread):
                self._known[sha] = [(e.name, e.sha, e.is_folder) for e in entries if _may_matter(e)]
                rows.append((sha, json.dumps(self._known[sha])))
            for lost in (sha for sha in todo if sha not in self._known):
                raise DamagedRepositoryError(lost)
            self._database.executemany("INSERT OR REPLACE INTO trees VALUES (?, ?)", rows)
            below = (
                sha
                for tree in todo
                for name, sha, folder in self._known[tree]
                if folder and name != _DVC
            )
            todo = [sha for sha in dict.fromkeys(below) if sha not in self._known]

    def _is_stored(self, sha: str) -> bool:
        if sha not in self._known:
            ask = "SELECT entries FROM trees WHERE sha = ?"
            row = self._database.execute(ask, (sha,)).fetchone()
            if row is None:
                return False
            self._known[sha] = [tuple(entry) for entry in json.loads(row[0])]
        return True


def _may_matter(entry: TreeEntry) -> bool:
    if entry.is_folder:
        return True
    may_be_metrics = "." not in entry.name or entry.name.endswith(_MAY_BE_METRICS)
    return may_be_metrics or is_fact(entry.name)
