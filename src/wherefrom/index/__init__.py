"""What joins the results of every commit and experiment, found at once. Disposable."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from wherefrom.errors.project import NotAProjectError
from wherefrom.index import database as databases
from wherefrom.index import refresh
from wherefrom.index.query import Index
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherefrom.identity import CommitSha
    from wherefrom.index.rows import CommitRow
    from wherefrom.project import Project
    from wherefrom.sources.git_repo import Layout


def discard_index(project: Project) -> None:
    """Remove the index of a project; the next question makes it anew."""
    databases.discard(project.state / "index.db")


def open_index(
    project: Project, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Index:
    """Open the index of a project and bring it up to date; a damaged one is made anew.

    `progress` is told how many commits of how many have been read. Raises `NotAProjectError` for a
    project outside of git, and `IndexPlaceError`.
    """
    if project.repository is None:
        raise NotAProjectError(project.workspace, "git")
    try:
        return _refreshed(project, project.repository, progress)
    except sqlite3.DatabaseError as error:
        if databases.is_locked(error):
            raise
        discard_index(project)
        return _refreshed(project, project.repository, progress)


def open_made(project: Project) -> Index | None:
    """Open the index as `open_index` does where it is made already; None where it is not.

    Raises `sqlite3.DatabaseError` for a damaged one.
    """
    if project.repository is None or not databases.is_made(project.state / "index.db"):
        return None
    return _refreshed(project, project.repository, lambda _done, _all: None)


def _refreshed(project: Project, repository: Layout, progress: Callable[[int, int], None]) -> Index:
    """Bring the index up to date; one that cannot be written to answers as it is."""
    database = databases.connect(project.state / "index.db")
    try:
        refresh.refresh(database, project, repository, progress)
    except BaseException as error:
        if isinstance(error, sqlite3.OperationalError) and databases.is_read_only(error):
            return Index(database, (_old(project, error),))
        database.close()
        raise
    return Index(database)


def _old(project: Project, error: sqlite3.Error) -> Gap:
    return Gap(
        what="what git has that is new is not known: the index could not be written to",
        why=f"{project.state / 'index.db'}: {error}",
        remedy="let the folder `.wherefrom` be written to",
    )


def commit(index: Index, project: Project, sha: CommitSha) -> CommitRow | None:
    """Give a commit, also one that no ref leads to (`HEAD@{1}`): that is read now.

    None where it cannot be, since the index is one that can only be read.
    """
    known = index.commit(sha)
    if known is None and project.git_root is not None:
        try:
            refresh.read_commit(index.database, project, project.git_root, sha)
        except sqlite3.OperationalError as error:
            if not databases.is_read_only(error):
                raise
    return known or index.commit(sha)
