"""A SQLite store on this disk: made by one process alone, and found again after a move.

MLflow has no interface for either. Private are the environment variable
`_MLFLOW_SERVER_ARTIFACT_ROOT`, by which MLflow's own server tells its store where artifacts go, and
the columns that hold places; `tests/sources/test_mlflow_store.py` fails when one changes.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from filelock import FileLock

from wherefrom import files
from wherefrom.uris import redact, sqlite_path

ARTIFACT_ROOT_VARIABLE = "_MLFLOW_SERVER_ARTIFACT_ROOT"

_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def make_store(uri: str, artifact_root: Path, state: Path) -> None:
    """Make the schema of a store on this disk, in a process of its own, if it has none.

    Parallel first uses of a fresh SQLite store break each other's migration. Raises
    `subprocess.CalledProcessError` where MLflow cannot make it.
    """
    path = sqlite_path(uri)
    if path is None or is_ready(uri, state):
        return
    with first_use(state):
        if is_ready(uri, state):
            return
        unmark(uri, state)
        path.parent.mkdir(parents=True, exist_ok=True)
        clean = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}
        clean[ARTIFACT_ROOT_VARIABLE] = str(artifact_root)
        code = "import sys, mlflow; mlflow.MlflowClient(sys.argv[1]).search_experiments()"
        command = [sys.executable, "-W", "ignore", "-c", code, uri]
        subprocess.run(command, env=clean, check=True, capture_output=True)
        relocate(uri, artifact_root, state)
        mark_ready(uri, state)


def first_use(state: Path) -> FileLock:
    """Give the lock under which a store or an experiment is made."""
    return FileLock(files.private_folder(state) / "store.lock", timeout=300)


def _ready_mark(uri: str, state: Path) -> str:
    """Name what a store is ready for: this MLflow, and this place of the project."""
    return json.dumps([redact(uri), _mlflow_version(), str(state)])


def _mlflow_version() -> str:
    """Ask MLflow itself where it is imported: the other way reads all that a package says."""
    version = getattr(sys.modules.get("mlflow.version"), "VERSION", None)
    return version or metadata.version("mlflow")


def is_ready(uri: str, state: Path) -> bool:
    """Whether a store was made with this MLflow, at this place, and is still there.

    Whoever looks whether one answers leaves an empty file in the place of one that was deleted.
    """
    path = sqlite_path(uri)
    if path is not None and not (path.is_file() and path.stat().st_size):
        return False
    try:
        return _ready_mark(uri, state) in (state / "stores").read_text().splitlines()
    except FileNotFoundError:
        return False


def mark_ready(uri: str, state: Path) -> None:
    """Remember that the schema is whole: `alembic_version` alone is there from the first step."""
    mark, path = _ready_mark(uri, state), state / "stores"
    known = path.read_text().splitlines() if path.exists() else []
    files.write(path, "\n".join([*(line for line in known if line != mark), mark]) + "\n")


def unmark(uri: str, state: Path) -> None:
    """Forget that a store was whole, before it is made again: its file is there from the start."""
    mark, path = _ready_mark(uri, state), state / "stores"
    known = path.read_text().splitlines() if path.exists() else []
    if mark in known:
        files.write(path, "".join(f"{line}\n" for line in known if line != mark))


def relocate(uri: str, artifact_root: Path, state: Path) -> bool:
    """Correct the artifact locations of a project that was moved with its own SQLite store.

    MLflow writes them absolute, and has no interface to change them. Only places below a root at
    which this project is known to have stood are corrected: another place is somebody's choice.
    True where it did so.
    """
    path = sqlite_path(uri)
    former = [root / artifact_root.name for root in _former_roots(state)]
    if path is None or not path.is_relative_to(artifact_root.parent) or not path.is_file():
        return False
    database = sqlite3.connect(path, timeout=30)
    with database:
        for root in former:
            _replace_prefix(database, f"{root}/", f"{artifact_root}/")
            for uri_of_old in dict.fromkeys((root.as_uri(), f"file://{root}")):
                _replace_prefix(database, f"{uri_of_old}/", f"{artifact_root.as_uri()}/")
        corrected = database.total_changes > 0
    database.close()
    return corrected


def place_now(place: str, artifact_root: Path, state: Path) -> str:
    """Give a place below the root at which this project stood before as it is now."""
    for root in (former / artifact_root.name for former in _former_roots(state)):
        for old, new in (
            (f"{root}/", f"{artifact_root}/"),
            (root.as_uri(), artifact_root.as_uri()),
        ):
            if place.startswith(old):
                return new + place[len(old) :]
    return place


def _replace_prefix(database: sqlite3.Connection, old: str, new: str) -> None:
    for table, column in _PLACES:
        database.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608
            f"WHERE substr({column}, 1, ?) = ?",
            (new, len(old) + 1, len(old), old),
        )


def _former_roots(state: Path) -> list[Path]:
    """List the roots at which this project's store was made ready before, but for this one."""
    known = state / "stores"
    lines = known.read_text().splitlines() if known.exists() else []
    roots = [Path(json.loads(line)[2]).parent for line in lines]
    return [root for root in dict.fromkeys(roots) if root != state.parent]
