"""The file of the index: its tables, and its making anew where it is damaged or of another form."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from wherefrom import files
from wherefrom.errors.index import IndexPlaceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 8
"""Of the tables below and of what is written into them: another one is made anew."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;

-- what keeps commits: refs and the heads of worktrees; `baseline` and `name` of DVC's experiments
CREATE TABLE refs (ref TEXT PRIMARY KEY, sha TEXT, name TEXT, baseline TEXT) WITHOUT ROWID;
CREATE INDEX refs_name ON refs (name);
CREATE INDEX refs_sha ON refs (sha);

-- every commit ever seen; `live`: a ref leads to it now
CREATE TABLE commits (
    sha TEXT PRIMARY KEY, time INTEGER, parents TEXT, subject TEXT, snapshot INTEGER, live INTEGER,
    author TEXT
) WITHOUT ROWID;
CREATE INDEX commits_snapshot ON commits (snapshot);
CREATE INDEX commits_author ON commits (author);

-- a folder's files that may matter, and its folders that hold such
CREATE TABLE trees (sha TEXT PRIMARY KEY, entries TEXT) WITHOUT ROWID;

-- the files of a tree that may matter: many commits share one
CREATE TABLE snapshots (id INTEGER PRIMARY KEY, digest TEXT UNIQUE, files TEXT);

-- what a snapshot holds, and what of it cannot be read
CREATE TABLE problems (snapshot INTEGER, what TEXT, why TEXT, remedy TEXT);
CREATE TABLE results (
    id INTEGER PRIMARY KEY, snapshot INTEGER, key TEXT, stage TEXT, fingerprint TEXT,
    record_id TEXT, training_id TEXT, metrics TEXT, params TEXT, prints TEXT, gaps INTEGER,
    -- of its record file: the hash by the lock, and whether the file has it
    record_hash TEXT, genuine INTEGER
);
CREATE INDEX results_record ON results (record_hash);
CREATE INDEX results_key ON results (key);
CREATE INDEX results_training ON results (training_id);
CREATE INDEX results_snapshot ON results (snapshot);
-- the metric files that DVC's cache did not hold as a snapshot was read
CREATE TABLE missing (snapshot INTEGER, hash TEXT);
CREATE INDEX missing_hash ON missing (hash);
CREATE TABLE inputs (result INTEGER, path TEXT, hash TEXT, size INTEGER, dvc_file TEXT);
CREATE INDEX inputs_hash ON inputs (hash);
CREATE INDEX inputs_result ON inputs (result);

CREATE TABLE records (
    record_id TEXT, stage TEXT, relation TEXT, derived_from TEXT, fingerprint TEXT, run_id TEXT,
    run_name TEXT, experiment TEXT, baseline TEXT, started INTEGER, ended INTEGER,
    tags TEXT, plan TEXT,
    PRIMARY KEY (record_id, stage)
) WITHOUT ROWID;
CREATE INDEX records_run ON records (run_id);
CREATE INDEX records_name ON records (run_name);

-- the stages of all locks; those with the same facts are one
CREATE TABLE stages (
    id INTEGER PRIMARY KEY, digest TEXT UNIQUE, address TEXT, fingerprint TEXT, sources INTEGER
);
CREATE INDEX stages_fingerprint ON stages (fingerprint);
CREATE TABLE stage_snapshots (stage INTEGER, snapshot INTEGER);
CREATE INDEX stage_snapshots_stage ON stage_snapshots (stage);
CREATE TABLE outs (hash TEXT, path TEXT, stage INTEGER);
CREATE INDEX outs_hash ON outs (hash);
-- the dependencies that no stage makes, as sets: nearly all stages of a history share theirs
CREATE TABLE source_sets (id INTEGER PRIMARY KEY, digest TEXT UNIQUE);
CREATE TABLE sources (hash TEXT, path TEXT, source_set INTEGER);
CREATE INDEX sources_hash ON sources (hash);
"""


_PATIENCE = 120.0  # seconds: as long as another process may need to read a long history
_STEP = 0.1


class _Patient(sqlite3.Connection):
    """Waits for other processes in short steps: Ctrl-C is heard between them alone."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return super().execute(sql, parameters)
            except sqlite3.OperationalError as error:
                if not is_locked(error) or time.monotonic() > end:
                    raise


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another process has the index, which is no damage."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def is_read_only(error: sqlite3.Error) -> bool:
    """Whether the index, or its folder, may not be written to, which is no damage."""
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def is_made(path: Path) -> bool:
    """Whether there is an index of this version. Raises `sqlite3.DatabaseError` if damaged."""
    if not path.is_file():
        return False
    with closing(sqlite3.connect(path)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        return bool(version == VERSION)


def connect(path: Path) -> sqlite3.Connection:
    """Open the index, made anew where it is damaged or of another version.

    Raises `IndexPlaceError` where no file can be made.
    """
    try:
        files.private_folder(path.parent)
        try:
            return _open(path)
        except sqlite3.DatabaseError as error:
            if is_locked(error):
                raise
            discard(path)
            return _open(path)
    except OSError as error:
        raise IndexPlaceError(path, error.strerror or str(error)) from error


def discard(path: Path) -> None:
    """Remove the index; the next command makes it again. Raises `IndexPlaceError`."""
    try:
        for name in (path.name, f"{path.name}-journal"):
            (path.parent / name).unlink(missing_ok=True)
    except OSError as error:
        raise IndexPlaceError(path, error.strerror or str(error)) from error


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_STEP, isolation_level=None, factory=_Patient)
    database.execute("PRAGMA synchronous = OFF")  # a crash costs no more than making it again
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        database.execute("SELECT key FROM meta LIMIT 1").fetchone()
        return database
    with writing(database):
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != VERSION:  # nobody else has made it meanwhile
            _make(database)
    return database


def _make(database: sqlite3.Connection) -> None:
    named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in named:
        database.execute(f'DROP TABLE "{name}"')
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def writing(database: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing, one process at a time."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
