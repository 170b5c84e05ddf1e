"""Two projects with their results: each built once, and copied for the tests that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import traced_project

import foreign_project
from sandbox import Sandbox, built_on_a_store, copy_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def traced_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_on_a_store(shared_folder, "traced", traced_project.build, quiet_environment)


@pytest.fixture
def traced(traced_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the small project with four experiments of its queue, at a place of its own."""
    return copy_of(traced_template, tmp_path / "traced", quiet_environment)


@pytest.fixture(scope="session")
def theirs(shared_folder: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """The project of somebody else, with its results; no test changes it."""
    root = built_on_a_store(shared_folder, "theirs", foreign_project.build, quiet_environment)
    return Sandbox(root, quiet_environment)


@pytest.fixture
def copied(theirs: Sandbox, tmp_path: Path) -> Sandbox:
    """A copy of it, at a place of its own."""
    return copy_of(theirs.root, tmp_path / "theirs", theirs.environment)
