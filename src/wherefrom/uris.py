"""URIs of tracking stores: made absolute, taken apart, and shown without credentials."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SQLITE = re.compile(r"(sqlite(?:\+\w+)?):///(?!/)(?P<path>[^?]*)(?P<query>\?.*)?")
_QUERY = re.compile(r"(\w://[^\s?#'\"<>]*)[?#][^\s'\"<>]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def tracking_uri(anchor: Path, wanted: str | None) -> str:
    """Give the tracking URI, absolute: a relative one is meant from the main project.

    `wanted` is `MLFLOW_TRACKING_URI` or the setting; None or "" means the project's own store.
    """
    if not wanted:
        return f"sqlite:///{anchor / 'mlflow.db'}"
    if match := _SQLITE.fullmatch(wanted):
        scheme, path, query = match.group(1), match["path"], match["query"] or ""
        return wanted if path in {"", ":memory:"} else f"{scheme}:///{anchor / path}{query}"
    if wanted.startswith("file:") and not wanted.startswith("file:/"):
        return (anchor / wanted.removeprefix("file:")).as_uri()
    if _SCHEME.match(wanted) or wanted in {"databricks", "uc", "databricks-uc"}:
        return wanted
    return (anchor / os.path.expanduser(wanted)).resolve().as_uri()  # noqa: PTH111


def store_name(anchor: Path, uri: str) -> str:
    """Name a store for later: without credentials, and from the main project, which may be moved.

    The project's own is `sqlite:///mlflow.db`, wherever it stands.
    """
    shown = redact(uri)
    return shown.replace(f"{anchor.as_uri()}/", "file:").replace(f"{anchor}/", "")


def is_inside(anchor: Path, uri: str) -> bool:
    """Whether a store lies in the main project: it is that project's alone."""
    return store_name(anchor, uri) != redact(uri)


def redact(uri: str) -> str:
    """Remove credentials from a URI: the user, the password, the query and what follows it.

    A password may hold any character, so everything before the last `@` goes, unless it is a path.
    """
    scheme, separator, rest = uri.partition("://")
    if separator and not rest.startswith("/"):
        rest = rest.rpartition("@")[2]
    return re.split(r"[?#]", f"{scheme}{separator}{rest}", maxsplit=1)[0]


def redact_text(text: str) -> str:
    """Remove credentials from all URIs in a text, such as an error's: also their queries."""
    return _QUERY.sub(r"\1", re.sub(r"//\S+@", "//", text))


def sqlite_path(uri: str) -> Path | None:
    """Give the file of a SQLite store; None for any other store and for one in memory."""
    match = re.fullmatch(r"sqlite(?:\+\w+)?:///(?P<path>[^?]+)(?:\?.*)?", uri)
    return Path(match["path"]) if match and match["path"] != ":memory:" else None
