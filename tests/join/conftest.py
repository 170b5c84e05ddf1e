"""The small project with its first result: built once, copy_of for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small_project import PARTS, build

from sandbox import Sandbox, built_once, copy_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def small_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_once(shared_folder, "small", lambda root: build(root, quiet_environment))


@pytest.fixture
def small(small_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the small project, at a place of its own."""
    return copy_of(small_template, tmp_path / "small", quiet_environment, PARTS)
