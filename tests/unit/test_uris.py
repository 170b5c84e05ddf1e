"""Tracking stores: a relative one is meant from the main project, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from wherefrom import uris

ANCHOR = Path("/projects/a b")

URIS = {
    "nothing": (None, "sqlite:////projects/a b/mlflow.db"),
    "empty": ("", "sqlite:////projects/a b/mlflow.db"),
    "relative_sqlite": ("sqlite:///my.db", "sqlite:////projects/a b/my.db"),
    "relative_sqlite_in_a_folder": ("sqlite:///x/my.db", "sqlite:////projects/a b/x/my.db"),
    "relative_sqlite_with_a_driver": (
        "sqlite+pysqlite:///my.db?timeout=5",
        "sqlite+pysqlite:////projects/a b/my.db?timeout=5",
    ),
    "absolute_sqlite": ("sqlite:////data/my.db", "sqlite:////data/my.db"),
    "sqlite_in_memory": ("sqlite:///:memory:", "sqlite:///:memory:"),
    "sqlite_in_memory_by_no_path": ("sqlite://", "sqlite://"),
    "relative_file": ("file:mlruns", "file:///projects/a%20b/mlruns"),
    "relative_file_with_a_dot": ("file:./mlruns", "file:///projects/a%20b/mlruns"),
    "absolute_file": ("file:///data/mlruns", "file:///data/mlruns"),
    "absolute_file_of_one_slash": ("file:/data/mlruns", "file:/data/mlruns"),
    "plain_path": ("mlruns", "file:///projects/a%20b/mlruns"),
    "plain_path_with_dots": ("./x/../mlruns", "file:///projects/a%20b/mlruns"),
    "plain_path_above": ("../shared", "file:///projects/shared"),
    "plain_absolute_path": ("/data/mlruns", "file:///data/mlruns"),
    "http": ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    "https_with_a_path": ("https://host/p?q=1", "https://host/p?q=1"),
    "postgres": ("postgresql://u:p@host/db", "postgresql://u:p@host/db"),
    "mysql": ("mysql+pymysql://u:p@host/db", "mysql+pymysql://u:p@host/db"),
    "databricks": ("databricks", "databricks"),
    "databricks_profile": ("databricks://profile", "databricks://profile"),
}


@pytest.mark.parametrize(("wanted", "expected"), URIS.values(), ids=URIS.keys())
def test_a_tracking_uri_is_absolute_and_anchored_at_the_project(
    wanted: str | None, expected: str
) -> None:
    assert uris.tracking_uri(ANCHOR, wanted) == expected


@pytest.mark.parametrize("wanted", [item[1] for item in URIS.values()], ids=URIS.keys())
def test_an_absolute_uri_stays_as_it_is(wanted: str) -> None:
    assert uris.tracking_uri(Path("/elsewhere"), wanted) == wanted


def test_a_home_folder_is_the_users() -> None:
    assert uris.tracking_uri(ANCHOR, "~/mlruns") == (Path.home() / "mlruns").as_uri()


def test_the_current_folder_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert uris.tracking_uri(ANCHOR, "mlruns") == "file:///projects/a%20b/mlruns"


REDACTED = {
    "user_and_password": ("https://us3r:s3cr3t@host:5000/p", "https://host:5000/p"),
    "token_as_user": ("https://s3cr3t@host/p", "https://host/p"),
    "token_in_the_query": ("https://host/p?token=s3cr3t", "https://host/p"),
    "token_after_the_hash": ("https://host/p#s3cr3t", "https://host/p"),
    "all_of_them": ("http://us3r:s3cr3t@host/p?k=tok3n#x", "http://host/p"),
    "password_with_an_at": ("https://us3r:s3@cr3t@host/p", "https://host/p"),
    "password_with_a_slash": ("postgresql://us3r:s3cr3t/x@host/db", "postgresql://host/db"),
    "password_with_a_question_mark": ("https://us3r:s3cr3t?x@host/p", "https://host/p"),
    "password_with_a_hash": ("https://us3r:s3cr3t#x@host/p", "https://host/p"),
    "postgres": ("postgresql+psycopg2://us3r:s3cr3t@host/db", "postgresql+psycopg2://host/db"),
    "postgres_query": ("postgresql:///db?user=us3r&password=s3cr3t", "postgresql:///db"),
    "no_host": ("postgresql://us3r:s3cr3t@/db", "postgresql:///db"),
    "sqlite": ("sqlite:////a/b.db", "sqlite:////a/b.db"),
    "sqlite_query": ("sqlite:////a/b.db?key=s3cr3t", "sqlite:////a/b.db"),
    "file": ("file:///a/b", "file:///a/b"),
    "an_at_in_a_folder": ("file:///home/a@b/mlruns", "file:///home/a@b/mlruns"),
    "an_at_in_a_sqlite_folder": ("sqlite:////home/a@b/x.db", "sqlite:////home/a@b/x.db"),
    "git_remote": ("https://s3cr3t:x-oauth@github.com/a/b.git", "https://github.com/a/b.git"),
    "databricks_with_a_scope": ("databricks", "databricks"),
    "a_port_that_is_none": ("http://us3r:s3cr3t@host:port", "http://host:port"),
    "an_open_bracket": ("http://us3r:s3cr3t@[::1", None),
}
SECRETS = ("s3cr3t", "s3@cr3t", "cr3t", "tok3n", "us3r")


@pytest.mark.parametrize(("uri", "expected"), REDACTED.values(), ids=REDACTED.keys())
def test_credentials_are_removed_from_a_uri(uri: str, expected: str | None) -> None:
    shown = uris.redact(uri)

    assert not [secret for secret in SECRETS if secret in shown]
    if expected is not None:
        assert shown == expected


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:////a/b.db", Path("/a/b.db")),
        ("sqlite+pysqlite:////a/b.db", Path("/a/b.db")),
        ("sqlite:////a/b.db?timeout=5", Path("/a/b.db")),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("http://host", None),
        ("file:///a", None),
        ("postgresql://host/db", None),
    ],
)
def test_the_file_of_a_sqlite_store_is_known(uri: str, path: Path | None) -> None:
    assert uris.sqlite_path(uri) == path


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("sqlite:////projects/a b/mlflow.db", "sqlite:///mlflow.db"),
        ("file:///projects/a%20b/mlruns", "file:mlruns"),
        ("sqlite:////elsewhere/mlflow.db", "sqlite:////elsewhere/mlflow.db"),
        ("http://me:secret@host:5000", "http://host:5000"),
    ],
    ids=["own_sqlite", "own_files", "elsewhere", "server"],
)
def test_a_store_is_named_without_secrets_and_wherever_the_project_stands(
    uri: str, name: str
) -> None:
    assert uris.store_name(ANCHOR, uri) == name
    assert uris.tracking_uri(ANCHOR, name) == uri.replace("me:secret@", "")


TEXTS = {
    "of git": (
        "fatal: unable to access 'https://me:pass@host/r.git/': Could not resolve host: host",
        "fatal: unable to access 'https://host/r.git/': Could not resolve host: host",
    ),
    "a token for a name": ("https://token@host/r.git is gone", "https://host/r.git is gone"),
    "a query": ("GET http://host:9/p?token=abc&x=1: refused", "GET http://host:9/p refused"),
    "a query in quotes": ("url='http://host/p?token=abc', 403", "url='http://host/p', 403"),
    "both": ("http://me:pass@host/p?token=abc refused", "http://host/p refused"),
    "no uri": ("what? nothing #1", "what? nothing #1"),
}


@pytest.mark.parametrize(("text", "shown"), TEXTS.values(), ids=TEXTS)
def test_an_errors_text_shows_no_credentials(text: str, shown: str) -> None:
    assert uris.redact_text(text) == shown
