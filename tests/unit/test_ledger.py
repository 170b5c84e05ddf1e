"""The workspace's own files, read without DVC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wherefrom import ledger
from wherefrom.errors.project import LockfileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data" / "folder" / "in").mkdir(parents=True)
    (tmp_path / "data" / "a.csv.dvc").write_text("outs: [{md5: aa, path: a.csv}]\n")
    (tmp_path / "data" / "folder.dvc").write_text("outs: [{md5: bb.dir, path: folder}]\n")
    (tmp_path / "data" / "named.dvc").write_text(
        "outs: [{md5: cc, path: other.csv, remote: sample}]\n"
    )
    (tmp_path / "data" / "dir.dvc").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "digest", "dvc_file"),
    [
        ("data/a.csv", "aa", "data/a.csv.dvc"),
        ("data/folder", "bb.dir", "data/folder.dvc"),
        ("data/folder/in/x.csv", "bb.dir", "data/folder.dvc"),
        ("data/other.csv", "cc", "data/named.dvc"),
        ("./data/a.csv", "aa", "data/a.csv.dvc"),
    ],
)
def test_the_dvc_file_of_a_raw_table_is_found(
    root: Path, path: str, digest: str, dvc_file: str
) -> None:
    found = ledger.raw_file(root, path)

    assert found is not None
    assert (found.facts.hash, found.dvc_file) == (digest, dvc_file)


@pytest.mark.parametrize("path", ["data/b.csv", "data", "a.csv", "nowhere/x.csv"])
def test_a_path_that_no_dvc_file_holds_has_none(root: Path, path: str) -> None:
    assert ledger.raw_file(root, path) is None


def test_a_broken_dvc_file_beside_the_table_is_named(root: Path) -> None:
    (root / "data" / "a.csv.dvc").write_text("<<<<<<< HEAD\nouts: [\n")

    with pytest.raises(LockfileError, match=r"data/a\.csv\.dvc"):
        ledger.raw_file(root, "data/a.csv")


def test_a_workspace_without_a_lock_has_no_stages_and_no_metrics(tmp_path: Path) -> None:
    assert ledger.stages(tmp_path) == {}
    assert ledger.metric_files(tmp_path) == ()


def test_the_roots_lock_and_metrics_are_read(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages: {a: {cmd: x}}\n")
    (tmp_path / "dvc.yaml").write_text("stages: {a: {cmd: x, metrics: [m.json]}}\n")

    assert set(ledger.stages(tmp_path)) == {"a"}
    assert ledger.metric_files(tmp_path) == ("m.json",)
