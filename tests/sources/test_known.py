"""Whether a stage has run before is asked of an index that is there; it never stops a stage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import ledger_repo
import pytest
from ledger_repo import LedgerRepo, Result

from wherefrom import index as indexes
from wherefrom import known, project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> LedgerRepo:
    """A repository with one result committed, whose index has been made."""
    found = ledger_repo.build(tmp_path / "repo")
    found.committed(Result(1))
    found.keys()
    return found


def starting(repo: LedgerRepo, result: Result, **environ: str) -> Any:
    """Give what is asked of a stage that starts."""
    return SimpleNamespace(
        project=project.locate(repo.root, environ),
        fingerprint=result.fingerprint,
        stage=SimpleNamespace(address="train"),
    )


def test_a_stage_that_has_run_is_known_also_in_a_temporary_copy(repo: LedgerRepo) -> None:
    copy = LedgerRepo(repo.root / ".dvc" / "tmp" / "copy")
    repo.git("clone", "--quiet", str(repo.git_root), str(copy.git_root))
    repo.experiment(Result(2), "two")

    said = known.said(starting(copy, Result(2), DVC_ROOT=str(repo.root)))

    assert said is not None
    assert said.startswith("train has run with the same inputs before (experiment two)")
    assert known.said(starting(repo, Result(3))) is None

    repo.experiment(Result(2, record_id="3" * 32), "again")

    said = known.said(starting(copy, Result(2), DVC_ROOT=str(repo.root)))

    assert said is not None
    assert ", 2 results have them): `wherefrom trace " in said


@pytest.mark.parametrize("error", [KeyError(""), OSError("no"), sqlite3.DatabaseError("cut")])
def test_whatever_goes_wrong_is_said_and_stops_no_stage(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(indexes.refresh, "refresh", fail)

    said = known.said(starting(repo, Result(1)))

    assert said is not None
    assert said.startswith("the index was not asked whether this has run before")
    assert str(error) in said


def test_an_index_of_another_version_is_not_made_for_a_stage(repo: LedgerRepo) -> None:
    with closing(sqlite3.connect(repo.database)) as connection:
        connection.execute("PRAGMA user_version = 1")
    before = repo.database.read_bytes()

    assert known.said(starting(repo, Result(1))) is None
    assert repo.database.read_bytes() == before


def test_a_damaged_index_is_not_made_anew_for_a_stage(repo: LedgerRepo) -> None:
    repo.database.write_bytes(b"this is no database" * 500)
    before = repo.database.read_bytes()

    said = known.said(starting(repo, Result(1)))

    assert said is not None
    assert repo.database.read_bytes() == before
