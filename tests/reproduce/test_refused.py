"""What a commit may not do: lead out of the clone, and make this tool tell secrets."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from again import left_over, reproduce

from join.small_project import RESULT
from wherefrom.lockfile import parse_dvc_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox import Sandbox

SECRET = "hush-hush"


def _link(sandbox: Sandbox, path: str, target: Path | str) -> None:
    place = sandbox.root / path
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def _absolute_output(sandbox: Sandbox, outside: Path) -> None:
    sandbox.replace("dvc.yaml", "outs: [model.txt]", f"outs: [model.txt, {outside}/out.txt]")


def _output_above(sandbox: Sandbox, _outside: Path) -> None:
    sandbox.replace("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, ../out.txt]")


def _templated_output(sandbox: Sandbox, outside: Path) -> None:
    sandbox.replace("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, '${train.out}']")
    sandbox.replace("params.yaml", "lr: 0.1", f"lr: 0.1, out: {outside}/out.txt")


def _folder_above(sandbox: Sandbox, _outside: Path) -> None:
    stage = "stages:\n  more:\n    cmd: 'true'\n    wdir: ../..\n"
    sandbox.replace("dvc.yaml", "stages:\n", stage)


def _dependency_above(sandbox: Sandbox, _outside: Path) -> None:
    sandbox.replace("dvc.yaml", "deps: [code/train.py", "deps: [../../secret.txt, code/train.py")


def _lock_with_an_output_above(sandbox: Sandbox, _outside: Path) -> None:
    text = sandbox.text("dvc.lock").replace("path: model.txt", "path: ../../model.txt")
    (sandbox.root / "dvc.lock").write_text(text)


def _lock_that_is_a_link(sandbox: Sandbox, outside: Path) -> None:
    (sandbox.root / "sub").mkdir()
    (sandbox.root / "sub" / "dvc.yaml").write_text("stages: {}\n")
    _link(sandbox, "sub/dvc.lock", outside / "dvc.lock")


def _data_elsewhere(sandbox: Sandbox, outside: Path) -> None:
    sandbox.replace("data/rows.csv.dvc", "path: rows.csv", f"path: {outside}/rows.csv")


def _code_through_a_link(sandbox: Sandbox, outside: Path) -> None:
    shutil.copytree(sandbox.root / "code", outside / "code")
    _link(sandbox, "code", outside / "code")


def _link_in_a_folder(sandbox: Sandbox, outside: Path) -> None:
    sandbox.replace("dvc.yaml", "deps: [code/train.py", "deps: [more, code/train.py")
    (sandbox.root / "more").mkdir()
    _link(sandbox, "more/secret.txt", outside / "secret.txt")


def _links_that_go_round(sandbox: Sandbox, _outside: Path) -> None:
    sandbox.replace("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, one/out.txt]")
    _link(sandbox, "one", "two")
    _link(sandbox, "two", "one")


def _dvcs_own_folder(sandbox: Sandbox, outside: Path) -> None:
    _link(sandbox, ".dvc/tmp", outside)
    sandbox.git("add", "--force", ".dvc/tmp")


def _ignore_file(sandbox: Sandbox, outside: Path) -> None:
    _link(sandbox, ".gitignore", outside / "gitignore")


@pytest.mark.parametrize(
    "change",
    [
        _absolute_output,
        _output_above,
        _templated_output,
        _folder_above,
        _dependency_above,
        _lock_with_an_output_above,
        _lock_that_is_a_link,
        _data_elsewhere,
        _code_through_a_link,
        _link_in_a_folder,
        _links_that_go_round,
        _dvcs_own_folder,
        _ignore_file,
    ],
    ids=lambda change: change.__name__.strip("_"),
)
def test_a_path_that_leads_out_of_the_clone_is_refused_before_anything_runs(
    small: Sandbox, tmp_path: Path, change: Callable[[Sandbox, Path], None]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    small.replace("code/train.py", "def main", f"open({str(outside / 'ran')!r}, 'w')\ndef main")
    change(small, outside)
    small.commit("Lead out")
    before = sorted(outside.rglob("*"))

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["what"].endswith("leads out of the clone")
    assert sorted(outside.rglob("*")) == before
    assert left_over(small) == []


def test_a_dependency_at_a_url_is_no_path(small: Sandbox) -> None:
    url = "http://127.0.0.1:9/rows.csv"
    small.replace("dvc.yaml", "deps: [code/train.py", f"deps: ['{url}', code/train.py")
    small.commit("Read from elsewhere")

    answer = reproduce(small, "HEAD")

    assert "leads out" not in answer.found["missing"]["what"]
    assert "train (1 of 2)" in answer.said or "ended with an error" in answer.said


def test_damaged_data_are_found_before_the_code_that_reads_them_runs(small: Sandbox) -> None:
    (raw,) = parse_dvc_file(small.text("data/rows.csv.dvc"), "")
    value = str(raw.hash)
    cached = small.root / ".dvc" / "cache" / "files" / "md5" / value[:2] / value[2:]
    cached.chmod(0o644)
    cached.write_text("a,b\n1,3\n")

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["what"] == "data/rows.csv cannot be had"
    assert "train (1 of 2)" not in answer.said


def test_data_that_are_nowhere_are_missing(small: Sandbox) -> None:
    shutil.rmtree(small.root / ".dvc" / "cache")

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (1, "impossible")
    assert answer.found["missing"]["what"] == "data/rows.csv cannot be had"
    assert not (small.root / ".dvc" / "cache").exists()


def test_data_come_from_the_projects_remote_where_the_cache_lacks_them(
    small: Sandbox, tmp_path: Path
) -> None:
    small.dvc("remote", "add", "--local", "--default", "mine", str(tmp_path / "remote"))
    small.dvc("push", "--quiet", "data/rows.csv.dvc")
    shutil.rmtree(small.root / ".dvc" / "cache")

    answer = reproduce(small, "HEAD")

    assert (answer.status, answer.found["verdict"]) == (0, "identical")
    assert not (small.root / ".dvc" / "cache").exists()


def test_no_answer_no_remark_and_no_clone_holds_credentials(small: Sandbox) -> None:
    small.git("remote", "add", "origin", f"https://me:{SECRET}@127.0.0.1:9/project.git")
    url = f"http://me:{SECRET}@127.0.0.1:9/data"
    small.dvc("remote", "add", "--local", "--default", "mine", url)
    small.dvc("remote", "modify", "--local", "mine", "password", SECRET)
    store = f"http://me:{SECRET}@127.0.0.1:9"
    key = small.record(path=RESULT).record_id

    found = reproduce(small, "HEAD", "--keep", MLFLOW_TRACKING_URI=store)
    shutil.rmtree(small.root / ".dvc" / "cache")
    gone = reproduce(small, key, "--keep", MLFLOW_TRACKING_URI=store)

    assert (found.found["verdict"], gone.found["verdict"]) == ("identical", "impossible")
    assert [SECRET in str(answer) for answer in (found, gone)] == [False, False]
    own = [path for path in (small.root / ".wherefrom").rglob("*") if path.is_file()]
    assert [path for path in own if SECRET.encode() in path.read_bytes()] == []
    (blob,) = small.git("notes", "--ref=wherefrom", "list").split()[1::2]
    assert SECRET not in small.git("notes", "--ref=wherefrom", "show", blob)


def test_credentials_in_an_output_that_is_refused_are_not_remembered(small: Sandbox) -> None:
    url = f"ssh://me:{SECRET}@127.0.0.1:9/model.txt"
    small.replace("dvc.yaml", "outs: [model.txt]", f"outs: [model.txt, {url}: {{cache: false}}]")
    small.replace("dvc.lock", "path: model.txt", f"path: {url}")
    small.commit("Write elsewhere")

    answer = reproduce(small, "HEAD")

    assert answer.found["missing"]["what"].endswith("127.0.0.1:9/model.txt leads out of the clone")
    assert SECRET not in f"{answer}"
    (blob,) = small.git("notes", "--ref=wherefrom", "list").split()[1::2]
    assert SECRET not in small.git("notes", "--ref=wherefrom", "show", blob)


def test_data_that_were_imported_from_elsewhere_on_the_disk_are_those_of_the_cache(
    small: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "theirs.csv").write_text("a\n1\n")
    small.dvc("import-url", "--quiet", str(tmp_path / "theirs.csv"), "data/theirs.csv")
    small.replace("dvc.yaml", "deps: [code/train.py", "deps: [data/theirs.csv, code/train.py")
    small.dvc("repro")
    small.commit("Import")
    (tmp_path / "theirs.csv").unlink()

    assert reproduce(small, "HEAD").found["verdict"] == "identical"
