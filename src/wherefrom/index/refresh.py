"""Bring the index up to date with git: only what it has not seen is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wherefrom.index import database as databases
from wherefrom.index.snapshots import SnapshotWriter
from wherefrom.index.trees import TreeReader
from wherefrom.sources import dvc_cache, git_refs
from wherefrom.sources.git_objects import Objects

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from wherefrom.identity import CommitSha
    from wherefrom.project import Project
    from wherefrom.sources.git_objects import CommitFacts
    from wherefrom.sources.git_repo import Layout

_PART = 500  # commits at a time: what is in memory does not grow with the history


def refresh(
    database: sqlite3.Connection,
    project: Project,
    repository: Layout,
    progress: Callable[[int, int], None],
) -> None:
    """Read what is new since the last time. `progress` is told commits done and commits in all."""
    _read_refs(database, project, repository, progress)
    _read_late(database, project, repository.toplevel)


def _read_refs(
    database: sqlite3.Connection,
    project: Project,
    repository: Layout,
    progress: Callable[[int, int], None],
) -> None:
    known, common_dir = _meta(database), repository.common_dir
    same = git_refs.signature(common_dir, json.loads(known.get("folders", "[]")))
    if same is not None and same == known.get("signature"):
        return
    folders = git_refs.ref_folders(common_dir)
    signature = git_refs.signature(common_dir, folders)
    refs = git_refs.read(repository.toplevel)
    with databases.writing(database):
        digest = f"{refs.digest} {_edge(common_dir)}"
        if digest != _meta(database).get("refs"):
            _read_new(database, project, repository.toplevel, refs, progress)
            _write_refs(database, refs)
            _mark_live(database, refs)
        values = {"refs": digest, "folders": json.dumps(folders), "signature": signature or ""}
        database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def _meta(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT key, value FROM meta").fetchall())


def _read_new(
    database: sqlite3.Connection,
    project: Project,
    git_root: Path,
    refs: git_refs.Refs,
    progress: Callable[[int, int], None],
) -> None:
    with Objects(git_root) as objects:
        _write_commits(database, project, objects, _new_commits(database, objects, refs), progress)


def read_commit(
    database: sqlite3.Connection, project: Project, git_root: Path, sha: CommitSha
) -> None:
    """Read one commit that no ref leads to."""
    with databases.writing(database), Objects(git_root) as objects:
        found = list(objects.commits([sha]))
        _write_commits(database, project, objects, found, lambda _done, _all: None)


def _write_commits(
    database: sqlite3.Connection,
    project: Project,
    objects: Objects,
    new: list[CommitFacts],
    progress: Callable[[int, int], None],
) -> None:
    trees = TreeReader(database, objects, project.prefix)
    writer = SnapshotWriter(database, objects, project.anchor)
    for start in range(0, len(new), _PART):
        part = new[start : start + _PART]
        listed = trees.files([commit.tree for commit in part])
        ids = writer.write([listed[commit.tree] for commit in part])
        database.executemany(
            "INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?, ?, 0, ?)",
            [
                (c.sha, c.time, " ".join(c.parents), c.subject, snapshot, c.author)
                for c, snapshot in zip(part, ids, strict=True)
            ],
        )
        progress(start + len(part), len(new))


def _read_late(database: sqlite3.Connection, project: Project, git_root: Path) -> None:
    """Read the metric files that DVC's cache did not hold before, and holds now."""
    ask = "SELECT DISTINCT hash FROM missing WHERE hash IS NOT NULL"
    hashes = [value for (value,) in database.execute(ask)]
    here = dvc_cache.held(project.anchor, hashes)
    if not here:
        return
    ask = "SELECT snapshot FROM missing WHERE hash = ?"
    with databases.writing(database), Objects(git_root) as objects:
        found = {row[0] for value in here for row in database.execute(ask, (value,))}
        writer, late = SnapshotWriter(database, objects, project.anchor), sorted(found)
        for start in range(0, len(late), _PART):
            writer.measure(late[start : start + _PART])


def _new_commits(
    database: sqlite3.Connection, objects: Objects, refs: git_refs.Refs
) -> list[CommitFacts]:
    """Walk from the refs to what is known already."""
    found: dict[str, CommitFacts] = {}
    edge = "SELECT parents FROM commits WHERE parents != ''"
    missing = {sha for (line,) in database.execute(edge) for sha in line.split()}
    todo = _unknown(database, [*refs.shas.values(), *missing])  # a shallow clone may have grown
    while todo:
        here = list(objects.commits(todo))
        found |= {commit.sha: commit for commit in here}
        parents = (parent for commit in here for parent in commit.parents)
        todo = _unknown(database, (sha for sha in parents if sha not in found))
    return list(found.values())


def _edge(common_dir: Path) -> str:
    """Give the commits at which a shallow clone ends; empty for a whole one."""
    path = common_dir / "shallow"
    return path.read_text() if path.is_file() else ""


def _unknown(database: sqlite3.Connection, shas: Iterable[str]) -> list[str]:
    ask = "SELECT 1 FROM commits WHERE sha = ?"
    return [sha for sha in dict.fromkeys(shas) if not database.execute(ask, (sha,)).fetchone()]


def _write_refs(database: sqlite3.Connection, refs: git_refs.Refs) -> None:
    experiments = {
        f"refs/exps/{e.baseline[:2]}/{e.baseline[2:]}/{e.name}": e for e in refs.experiments
    }
    database.execute("DELETE FROM refs")
    rows = []
    for ref, sha in refs.shas.items():
        experiment = experiments.get(ref)
        named = (experiment.name, experiment.baseline) if experiment else (None, None)
        rows.append((ref, sha, *named))
    database.executemany("INSERT INTO refs VALUES (?, ?, ?, ?)", rows)


def _mark_live(database: sqlite3.Connection, refs: git_refs.Refs) -> None:
    """Mark the commits that a ref leads to; those that were amended away stay, unmarked."""
    parents = dict(database.execute("SELECT sha, parents FROM commits").fetchall())
    live: set[str] = set()
    todo = [sha for sha in refs.shas.values() if sha in parents]
    while todo:
        sha = todo.pop()
        if sha not in live:
            live.add(sha)
            todo += [parent for parent in parents[sha].split() if parent in parents]
    marked = {sha for (sha,) in database.execute("SELECT sha FROM commits WHERE live").fetchall()}
    change = "UPDATE commits SET live = ? WHERE sha = ?"
    database.executemany(change, [(1, sha) for sha in live - marked])
    database.executemany(change, [(0, sha) for sha in marked - live])
