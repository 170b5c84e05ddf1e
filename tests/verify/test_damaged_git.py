"""A disk that has damaged an object of git: what it was is named, and nothing else is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from asking import answered, gaps
from sync.every_kind import RESULT
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox


def _damage(sandbox: Sandbox, revision: str) -> str:
    """Flip a byte of an object, and give its name."""
    sha = sandbox.git("rev-parse", revision).strip()
    file = sandbox.root / ".git" / "objects" / sha[:2] / sha[2:]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.chmod(0o644)
    file.write_bytes(bytes(content))
    return sha


@pytest.mark.parametrize("path", ["dvc.lock", RESULT])
def test_a_result_whose_files_git_has_lost_is_named_and_no_other(whole: Sandbox, path: str) -> None:
    check_whole(whole)
    _damage(whole, f"HEAD:{path}")

    found = verify(whole)

    head = whole.git("rev-parse", "HEAD").strip()
    (result,) = (r["key"] for r in found.results.values() if r["commit"] == head)
    assert (found.status, found.problems) == (1, {"commit": {head}})
    assert found.damaged == {result}


@pytest.mark.parametrize("revision", ["HEAD:dvc.lock", f"HEAD:{RESULT}", "HEAD^{tree}", "HEAD"])
def test_what_was_never_read_and_cannot_be_is_not_passed_over(
    whole: Sandbox, revision: str
) -> None:
    for file in (whole.root / ".wherefrom").glob("index.db*"):
        file.unlink()
    sha = _damage(whole, revision)

    done = whole.process("wherefrom", "verify", "--all")

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"git does not give the object {sha}" in done.stderr


def test_the_remedy_brings_back_what_was_pushed(whole: Sandbox, tmp_path: Path) -> None:
    whole.git("init", "--quiet", "--bare", str(tmp_path / "shared.git"))
    whole.git("remote", "add", "origin", str(tmp_path / "shared.git"))
    whole.git("push", "--quiet", "origin", "main")
    sha = _damage(whole, "HEAD:dvc.lock")
    assert "then `git fetch --refetch`" in str(verify(whole, "HEAD").remedies)

    (whole.root / ".git" / "objects" / sha[:2] / sha[2:]).unlink()
    whole.git("fetch", "--quiet", "--refetch")

    check_whole(whole)


@pytest.mark.parametrize("path", ["code/evaluate.py", "metrics.json"])
def test_a_damaged_file_of_a_commit_is_named_once_and_not_called_other_code(
    small: Sandbox, path: str
) -> None:
    check_whole(small)
    sha = _damage(small, f"HEAD:{path}")

    found = verify(small)

    (problem,) = found.all
    assert (found.status, found.problems) == (1, {"object": {sha}})
    assert path in problem["what"]
    assert "git fsck" in problem["why"]
    assert f".git/objects/{sha[:2]}/{sha[2:]}" in problem["remedy"]
    assert problem["what"] in gaps(answered(small, "trace", "HEAD").found)


def test_a_damaged_object_of_a_pack_is_named_and_can_be_fetched_again(
    small: Sandbox, tmp_path: Path
) -> None:
    small.git("clone", "--quiet", "--bare", str(small.root), str(tmp_path / "shared.git"))
    small.git("remote", "add", "origin", str(tmp_path / "shared.git"))
    check_whole(small)
    sha = small.git("rev-parse", "HEAD:code/train.py").strip()
    pack = _damage_pack(small, sha)

    found = verify(small)

    assert (found.status, found.problems) == (1, {"object": {sha}})
    assert "remove the pack that `git fsck` names, then `git fetch --refetch`" in str(
        found.remedies
    )
    for file in pack.parent.glob(f"{pack.stem}.*"):
        file.unlink()
    small.git("fetch", "--quiet", "--refetch", "origin", "main")
    check_whole(small)


def test_a_damaged_commit_is_not_called_removed(whole: Sandbox) -> None:
    check_whole(whole)
    sha = _damage(whole, whole.revision("alpha"))

    found = verify(whole)

    assert (found.status, found.problems) == (1, {"object": {sha}})
    assert "the commit of alpha" in found.all[0]["what"]


def test_a_damaged_folder_of_code_is_named_once(small: Sandbox) -> None:
    check_whole(small)
    sha = _damage(small, "HEAD:code")

    found = verify(small)

    assert (found.status, found.problems) == (1, {"object": {sha}})


def _damage_pack(sandbox: Sandbox, sha: str) -> Path:
    """Pack one object, flip a byte of it, and give the pack."""
    folder = sandbox.root / ".git" / "objects"
    command = ["git", "pack-objects", "--quiet", str(folder / "pack" / "pack")]
    done = subprocess.run(
        command,
        cwd=sandbox.root,
        env=sandbox.environment,
        input=f"{sha}\n",
        text=True,
        capture_output=True,
        check=True,
    )
    pack = folder / "pack" / f"pack-{done.stdout.strip()}.pack"
    (folder / sha[:2] / sha[2:]).unlink()
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0xFF
    pack.chmod(0o644)
    pack.write_bytes(bytes(content))
    return pack
