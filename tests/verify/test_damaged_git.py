"""A disk that has damaged an object of git: what it was is named, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
