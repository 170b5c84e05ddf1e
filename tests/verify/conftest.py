"""Projects whose results can be had, until a test damages them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import foreign_project
from sandbox import Sandbox, built_on_a_store, copy_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def whole(linked_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the project with a result of every kind: all of them can be had."""
    return copy_of(linked_template, tmp_path / "whole", quiet_environment)


@pytest.fixture
def theirs(shared_folder: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the project of somebody else, whose code logs to MLflow itself."""
    root = built_on_a_store(shared_folder, "theirs", foreign_project.build, quiet_environment)
    return copy_of(root, tmp_path / "theirs", quiet_environment)
