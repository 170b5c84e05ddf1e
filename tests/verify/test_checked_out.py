"""Code that git holds in another form than a checkout gives: behind filters, and in submodules."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from reproduce.again import reproduce
from sandbox import Sandbox
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from pathlib import Path

CODE = "code/train.py"
POINTER = """\
version https://git-lfs.github.com/spec/v1
oid sha256:{}
size {}
"""


@pytest.fixture
def filtered(small: Sandbox) -> Sandbox:
    """The small project, whose code git holds in another form."""
    small.git("config", "filter.quiet.clean", "sed s/metrics/MEASURES/g")
    small.git("config", "filter.quiet.smudge", "sed s/MEASURES/metrics/g")
    (small.root / ".gitattributes").write_text("code/*.py filter=quiet\n")
    small.git("add", "--renormalize", ".")
    _amend(small)
    assert "MEASURES" in small.text("code/evaluate.py", "HEAD")
    return small


def test_code_behind_a_filter_is_what_a_checkout_gives(filtered: Sandbox) -> None:
    check_whole(filtered, "HEAD")
    assert reproduce(filtered, "HEAD").found["verdict"] == "identical"


def test_a_filter_that_is_not_set_up_is_named_and_nothing_is_called_wrong(
    filtered: Sandbox,
) -> None:
    filtered.git("config", "--remove-section", "filter.quiet")

    found = verify(filtered, "HEAD")

    assert (found.status, found.problems) == (1, {"unasked": {"code/evaluate.py"}})
    assert "the git filter quiet" in found.all[0]["what"]
    made = reproduce(filtered, "HEAD").found
    assert made["verdict"] == "impossible"
    assert "the git filter quiet" in made["missing"]["what"]


@pytest.fixture
def large(small: Sandbox) -> Sandbox:
    """The small project, whose code is in Git LFS: which is a pointer, and an object beside git."""
    content = (small.root / CODE).read_bytes()
    oid = hashlib.sha256(content).hexdigest()
    place = small.root / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    (small.root / CODE).write_text(POINTER.format(oid, len(content)))  # as `git lfs` commits it
    (small.root / ".gitattributes").write_text(f"{CODE} filter=lfs\n")
    _amend(small)
    return small


def test_code_in_git_lfs_is_the_object_that_its_pointer_names(large: Sandbox) -> None:
    check_whole(large, "HEAD")
    assert reproduce(large, "HEAD").found["verdict"] == "identical"


def test_an_object_of_git_lfs_that_is_not_here_is_named(large: Sandbox) -> None:
    shutil.rmtree(large.root / ".git" / "lfs")

    found = verify(large, "HEAD")

    assert (found.status, found.problems) == (1, {"unasked": {CODE}})
    assert found.remedies == {"`git lfs fetch --all`"}
    made = reproduce(large, "HEAD").found
    assert made["missing"]["remedy"] == "`git lfs fetch --all`"


@pytest.fixture
def nested(small: Sandbox, tmp_path: Path) -> Sandbox:
    """The small project, whose training takes a module from a submodule."""
    library = Sandbox(tmp_path / "library", small.environment)
    library.root.mkdir()
    library.git("init", "--quiet")
    (library.root / "rate.py").write_text("FACTOR = 2\n")
    library.commit("The library")
    allowed = ("-c", "protocol.file.allow=always")
    small.git(*allowed, "submodule", "--quiet", "add", str(library.root), "lib")
    small.replace(CODE, "import json", "import sys; sys.path.insert(0, 'lib')\nimport rate, json")
    small.replace(CODE, "str(lr)", "str(lr * rate.FACTOR)")
    small.replace("dvc.yaml", "[code/train.py, data", "[code/train.py, lib/rate.py, data")
    small.commit("With a library")
    small.dvc("repro")
    small.commit("Its result")
    return small


def test_code_in_a_submodule_is_read_from_its_repository(nested: Sandbox) -> None:
    check_whole(nested, "HEAD")
    assert reproduce(nested, "HEAD").found["verdict"] == "identical"

    shutil.rmtree(nested.root / "lib")  # `git submodule deinit` leaves its repository

    check_whole(nested, "HEAD")
    assert reproduce(nested, "HEAD").found["verdict"] == "identical"


def test_a_submodule_that_is_not_here_is_named_and_nothing_is_called_wrong(
    nested: Sandbox, tmp_path: Path
) -> None:
    nested.git("clone", "--quiet", str(nested.root), str(tmp_path / "clone"))
    clone = Sandbox(tmp_path / "clone", nested.environment, nested.parts)
    shutil.copytree(nested.root / ".dvc" / "cache", clone.root / ".dvc" / "cache")

    found = verify(clone, "HEAD")

    sha = nested.git("-C", "lib", "rev-parse", "HEAD").strip()
    assert (found.status, found.problems["unasked"]) == (1, {sha})
    assert "code" not in found.problems
    assert "`git submodule update --init lib`, or `git fetch` in it" in found.remedies
    made = reproduce(clone, "HEAD").found
    assert made["verdict"] == "impossible"
    assert "the submodule lib" in made["missing"]["what"]


def test_code_of_a_submodule_that_is_not_what_was_read_is_found(nested: Sandbox) -> None:
    (nested.root / "lib" / "rate.py").write_text("FACTOR = 3\n")
    nested.git("-C", "lib", "commit", "--quiet", "--all", "--message", "Another factor")
    _amend(nested)

    found = verify(nested, "HEAD")

    assert found.problems == {"code": {"lib/rate.py"}}


def _amend(sandbox: Sandbox) -> None:
    """Let the last commit, which alone holds its result, have the files as they are now."""
    sandbox.git("add", "--all")
    sandbox.git("commit", "--quiet", "--amend", "--no-edit")
