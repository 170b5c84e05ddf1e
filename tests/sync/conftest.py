"""Projects with a history: each built once, copied for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, built_on_a_store, copy_of
from sync import versions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def versions_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_on_a_store(shared_folder, "versions", versions.build, quiet_environment)


@pytest.fixture
def linked(linked_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the project with a result of every kind, after a sync."""
    return copy_of(linked_template, tmp_path / "linked", quiet_environment)


@pytest.fixture
def history(versions_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the project through its history, at a place of its own."""
    return copy_of(versions_template, tmp_path / "history", quiet_environment)
