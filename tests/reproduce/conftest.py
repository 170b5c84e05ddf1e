"""A project of plain MLflow code: built once, copied for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plain_mlflow
import pytest

from sandbox import Sandbox, built_on_a_store, copy_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def theirs_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_on_a_store(shared_folder, "plain", plain_mlflow.build, quiet_environment)


@pytest.fixture
def theirs(theirs_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of a project of plain MLflow code."""
    return copy_of(theirs_template, tmp_path / "theirs", quiet_environment)
