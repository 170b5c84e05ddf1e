"""Lists of results: what they show, and the gaps that they name."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import ledger_repo
import pytest
from ledger_repo import LedgerRepo, numbered

from wherefrom import view
from wherefrom.commands import ls, ui
from wherefrom.sources import local_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wherefrom.view import View


@pytest.fixture
def repo(tmp_path: Path) -> LedgerRepo:
    """A repository with two results committed."""
    found = ledger_repo.build(tmp_path / "repo")
    for result in numbered(2):
        found.committed(result)
    return found


@contextmanager
def looking(repo: LedgerRepo, **environ: str) -> Iterator[View]:
    with view.look(repo.root, os.environ | environ) as found:
        yield found


# -- a params.yaml that means something else


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("experiment: baseline\nlr: 2\n", False),
        ("tracking: true\n", True),
        ("- a\n", True),
        ("<<<<<<< HEAD\nlr: 1\n=======\nlr: 2\n>>>>>>> b\n", True),
    ],
    ids=["experiment", "tracking", "list", "conflict"],
)
def test_a_foreign_params_file_leaves_every_answer(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch, text: str, *, doubtful: bool
) -> None:
    monkeypatch.setattr(local_store, "make_store", lambda *_args: None)
    repo.write("params.yaml", text)

    with looking(repo) as found:
        assert {entry.key for entry in ls.entries(found)} == {r.key for r in numbered(2)}
        assert len(found.gaps) == doubtful
    assert len(ui.plan(repo.root, os.environ, 5000).gaps) == doubtful
