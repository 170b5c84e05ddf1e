"""`make` notices that its environment was moved, and leaves every other one alone."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sandbox import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

MOVED = "the project was moved: making its environment anew"
NEEDED = ("requirements-installer.lock", "requirements.lock", "pyproject.toml")
READY = (".installer", ".packages", ".ready")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with an environment that is ready, though nothing is in it."""
    root = tmp_path / "a project"
    (root / "src" / "wherefrom").mkdir(parents=True)
    shutil.copy(PROJECT / "Makefile", root)
    for name in NEEDED:
        (root / name).touch()
    (root / ".venv" / "bin").mkdir(parents=True)
    for name in READY:
        (root / ".venv" / name).touch()
    (root / ".venv" / ".place").write_text(f"{root}/.venv\n")
    return root


def make(root: Path, environment: dict[str, str]) -> str:
    """Give what `make run` would do; noticing the move is all that it does already."""
    outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}  # of a `make test` that runs this
    clean = {key: value for key, value in environment.items() if key not in outer}
    done = subprocess.run(
        ["make", "--dry-run", "run"],
        cwd=root,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "dvc repro" in done.stdout
    return done.stdout


def test_an_environment_that_stays_is_kept(checkout: Path, environment: dict[str, str]) -> None:
    said = make(checkout, environment)

    assert MOVED not in said
    assert "-m venv" not in said
    assert (checkout / ".venv" / "bin").is_dir()


@pytest.mark.parametrize("name", ["moved", "moved, and renamed"])
def test_the_environment_of_a_checkout_that_was_moved_is_made_anew(
    checkout: Path, environment: dict[str, str], name: str
) -> None:
    moved = checkout.rename(checkout.parent / name)

    said = make(moved, environment)

    assert MOVED in said
    assert "python3 -m venv .venv" in said
    assert "uv pip install" in said
    assert not (moved / ".venv").exists()


def test_a_copy_gets_an_environment_of_its_own_and_leaves_the_first_ones(
    checkout: Path, environment: dict[str, str]
) -> None:
    copy = shutil.copytree(checkout, checkout.parent / "copy")

    said = make(copy, environment)

    assert MOVED in said
    assert not (copy / ".venv").exists()
    assert (checkout / ".venv" / ".place").read_text() == f"{checkout}/.venv\n"


def test_a_checkout_that_is_reached_through_a_link_has_not_moved(
    checkout: Path, environment: dict[str, str]
) -> None:
    link = checkout.parent / "link"
    link.symlink_to(checkout)

    assert MOVED not in make(link, environment | {"PWD": str(link)})
    assert (checkout / ".venv" / ".ready").exists()


def test_an_environment_of_which_no_place_is_known_is_kept(
    checkout: Path, environment: dict[str, str]
) -> None:
    (checkout / ".venv" / ".place").unlink()

    assert MOVED not in make(checkout, environment)
    assert (checkout / ".venv" / ".ready").exists()
