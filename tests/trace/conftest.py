"""Two projects with their results: each built once, and copied for the tests that change it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import foreign_project
import pytest
import traced_project
from filelock import FileLock

from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def built_once(folder: Path, name: str, build: Callable[[Path], None]) -> Path:
    """Give the folder of a project that all workers share; the first to come builds it."""
    root = folder / name
    with FileLock(folder / f"{name}.lock"):
        if not (folder / f"{name}.built").exists():
            shutil.rmtree(root, ignore_errors=True)
            build(root)
            (folder / f"{name}.built").touch()
    return root


@pytest.fixture(scope="session")
def traced_environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"WHEREFROM_SUMMARY": "off"}


@pytest.fixture(scope="session")
def traced_template(shared_folder: Path, traced_environment: dict[str, str]) -> Path:
    return built_once(
        shared_folder, "traced", lambda root: traced_project.build(root, traced_environment)
    )


@pytest.fixture
def traced(traced_template: Path, tmp_path: Path, traced_environment: dict[str, str]) -> Sandbox:
    """A copy of the small project with four experiments of its queue, at a place of its own."""
    root = tmp_path / "traced"
    shutil.copytree(traced_template, root, symlinks=True)
    return Sandbox(root, traced_environment)


@pytest.fixture(scope="session")
def theirs(shared_folder: Path, traced_environment: dict[str, str]) -> Sandbox:
    """The project of somebody else, with its results; no test changes it."""
    root = built_once(
        shared_folder, "theirs", lambda root: foreign_project.build(root, traced_environment)
    )
    return Sandbox(root, traced_environment)


@pytest.fixture
def copied(theirs: Sandbox, tmp_path: Path) -> Sandbox:
    """A copy of it, at a place of its own."""
    root = tmp_path / "theirs"
    shutil.copytree(theirs.root, root, symlinks=True)
    return Sandbox(root, theirs.environment)
