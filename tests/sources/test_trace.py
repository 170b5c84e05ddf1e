"""What a trace says of a result besides whose it is: what it follows, what brings it back."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import ledger_repo
import pytest
from ledger_repo import LedgerRepo, Result, md5

from wherefrom import view
from wherefrom.commands import summary, trace

if TYPE_CHECKING:
    from pathlib import Path

    from wherefrom.commands.trace import Trace

FIRST, SECOND = Result(1), Result(2, table="c\n3\n")


@pytest.fixture
def repo(tmp_path: Path) -> LedgerRepo:
    """A project below the root of its repository, with one result on a branch."""
    found = ledger_repo.build(tmp_path / "repo", "sub")
    found.committed(FIRST)
    return found


def traced(repo: LedgerRepo, address: str, folder: str = ".") -> Trace:
    with view.look(repo.root / folder, os.environ) as looked:
        return trace.trace(looked, address, repo.root / folder)


def restore(repo: LedgerRepo, address: str, folder: str = ".") -> tuple[str, ...]:
    (version,) = traced(repo, address, folder).data
    return version.restore


# -- what it is compared with


def test_an_experiment_in_the_workspace_is_compared_with_its_baseline(repo: LedgerRepo) -> None:
    base = repo.git("rev-parse", "HEAD")
    repo.experiment(SECOND, "second")
    repo.put(SECOND)

    found = traced(repo, "workspace")

    assert (found.baseline, dict(found.changed)) == (base, {"lr": (1, 2)})


def test_what_the_workspace_alone_has_is_compared_with_head(repo: LedgerRepo) -> None:
    repo.put(SECOND)

    found = traced(repo, "workspace")

    assert (found.baseline, dict(found.changed)) == (repo.git("rev-parse", "HEAD"), {"lr": (1, 2)})


def test_the_first_result_is_compared_with_none(repo: LedgerRepo) -> None:
    found = traced(repo, "workspace")

    assert (found.baseline, dict(found.changed)) == (None, {})


# -- what brings its data back


def test_data_come_from_the_cache_if_that_has_them_and_else_from_the_remote(
    repo: LedgerRepo,
) -> None:
    sha, file = repo.git("rev-parse", "HEAD"), "data/raw.csv.dvc"
    out = f"git checkout {sha[:10]} -- {file}"
    assert restore(repo, "HEAD") == (out, f"dvc pull {file}")

    value = md5(FIRST.table)
    repo.write(f".dvc/cache/files/md5/{value[:2]}/{value[2:]}", FIRST.table)
    assert restore(repo, "HEAD") == (out, f"dvc checkout {file}")


def test_the_commands_are_for_the_folder_that_somebody_asks_from(repo: LedgerRepo) -> None:
    sha = repo.git("rev-parse", "HEAD")

    for folder, file in (("data", "raw.csv.dvc"), (".dvc", "../data/raw.csv.dvc")):
        (repo.root / folder).mkdir(exist_ok=True)
        assert restore(repo, "HEAD", folder)[0] == f"git checkout {sha[:10]} -- {file}"


def test_the_commands_take_names_with_blanks(repo: LedgerRepo) -> None:
    repo.git("mv", "sub/data/raw.csv.dvc", "sub/data/raw data.csv.dvc")
    sha = repo.commit()

    assert restore(repo, "HEAD") == (
        f"git checkout {sha[:10]} -- 'data/raw data.csv.dvc'",
        "dvc pull 'data/raw data.csv.dvc'",
    )


# -- what has to be committed so that a commit made it


def test_what_led_to_a_result_and_differs_from_head_is_to_be_kept(repo: LedgerRepo) -> None:
    repo.committed(replace(FIRST, record_id="7" * 32))
    assert summary.collect(repo.root).unkept == ()

    repo.put(Result(2, table="c\n3\n", code="print(2)\n", record_id="8" * 32))
    repo.write("notes.txt", "no part of it")

    assert set(summary.collect(repo.root).unkept) == {
        "params.yaml",
        "train.py",
        "data/raw.csv.dvc",
        "metrics.json",
        "train.wherefrom.json",
    }
