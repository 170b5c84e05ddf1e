"""The small project with its first result: built once, copied for every test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from small_project import build

from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def small_environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"WHEREFROM_SUMMARY": "off"}


@pytest.fixture(scope="session")
def small_template(shared_folder: Path, small_environment: dict[str, str]) -> Path:
    root = shared_folder / "small"
    with FileLock(shared_folder / "small.lock"):
        if not (shared_folder / "small.built").exists():
            shutil.rmtree(root, ignore_errors=True)
            build(root, small_environment)
            (shared_folder / "small.built").touch()
    return root


@pytest.fixture
def small(small_template: Path, tmp_path: Path, small_environment: dict[str, str]) -> Sandbox:
    """A copy of the small project, at a place of its own."""
    root = tmp_path / "small"
    shutil.copytree(small_template, root, symlinks=True)
    return Sandbox(root, small_environment)
