"""The facts of every commit and experiment, so that any of them is found at once. Disposable."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from wherefrom.errors import NotAProjectError
from wherefrom.index import database as databases
from wherefrom.index import refresh
from wherefrom.index.query import Index
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherefrom.project import Project


def discard_index(project: Project) -> None:
    """Remove the index of a project; the next question makes it anew."""
    databases.discard(project.state / "index.db")


def open_index(
    project: Project, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Index:
    """Open the index of a project and bring it up to date; a damaged one is made anew.

    `progress` is told how many commits of how many have been read. Raises `NotAProjectError` for a
    project outside of git.
    """
    if project.git_root is None:
        raise NotAProjectError(project.workspace, "git")
    common_dir = git_repo.layout(project.workspace).common_dir
    path = project.state / "index.db"
    database = databases.connect(path)
    try:
        refresh.refresh(database, project, project.git_root, common_dir, progress)
    except sqlite3.DatabaseError as error:
        if databases.is_locked(error):
            raise
        database.close()
        databases.discard(path)
        database = databases.connect(path)
        refresh.refresh(database, project, project.git_root, common_dir, progress)
    return Index(database)
