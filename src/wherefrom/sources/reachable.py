"""Whether a tracking store answers, found out in seconds: MLflow itself tries for minutes."""

from __future__ import annotations

import http.client
import sqlite3
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.uris import redact, redact_text, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROBE_SECONDS = 4


def probe(uri: str) -> None:
    """Ask a store for a sign of life. Raises `StoreUnreachableError` within ten seconds."""
    if uri.startswith(("http://", "https://")):
        _probe_http(uri)
    elif path := sqlite_path(uri):
        _probe_folder(uri, path.parent)
        _probe_database(uri)
    elif uri.startswith("file:"):
        _probe_folder(uri, Path(urllib.request.url2pathname(uri.removeprefix("file:"))))
    elif "://" in uri and not uri.startswith("databricks"):
        _probe_database(uri)


def _probe_http(uri: str) -> None:
    """Ask in a thread of its own: a limit of urllib's is one for each part of an answer."""
    problems: list[str] = []
    thread = threading.Thread(target=lambda: problems.extend(_health(uri)), daemon=True)
    thread.start()
    thread.join(2 * _PROBE_SECONDS)
    if thread.is_alive():
        problems.append(f"no whole answer within {2 * _PROBE_SECONDS} seconds")
    if problems:
        raise StoreUnreachableError(redact(uri), problems[0])


def _health(uri: str) -> Iterator[str]:
    """Ask without credentials: `/health` needs none, and urllib would take them for the host."""
    try:
        request = urllib.request.Request(f"{redact(uri).rstrip('/')}/health")  # noqa: S310
        with urllib.request.urlopen(request, timeout=_PROBE_SECONDS):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        with error:
            if error.code >= 500:  # noqa: PLR2004 - a proxy whose server is down
                yield f"HTTP status {error.code}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        yield short_text(error)


def _probe_folder(uri: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnreachableError(redact(uri), short_text(error)) from error


def _probe_database(uri: str) -> None:
    """Connect once: MLflow itself would try for minutes."""
    if path := sqlite_path(uri):
        _probe_sqlite(uri, path)
        return
    import sqlalchemy  # noqa: PLC0415 - MLflow brings it, and it is slow to import

    server = uri.startswith(("postgres", "mysql"))
    limit = {"connect_timeout": _PROBE_SECONDS} if server else {}
    try:
        engine = sqlalchemy.create_engine(uri, connect_args=limit, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))
    except (sqlalchemy.exc.SQLAlchemyError, ImportError, OSError) as error:
        raise StoreUnreachableError(redact(uri), short_text(error)) from error


def _probe_sqlite(uri: str, path: Path) -> None:
    try:
        database = sqlite3.connect(path, timeout=_PROBE_SECONDS)
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            database.close()
    except sqlite3.Error as error:
        raise StoreUnreachableError(redact(uri), short_text(error)) from error


def short_text(error: BaseException) -> str:
    """Give an error in one line, without credentials.

    Of a database's it is what the database says, without the query and SQLAlchemy's advice.
    """
    said = getattr(error, "orig", None) or getattr(error.__cause__, "orig", None) or error
    text = " ".join(str(said).split())
    return redact_text(text)[:300] or type(error).__name__
