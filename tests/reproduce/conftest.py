"""Projects with results to make again: each built once, copied for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plain_mlflow
import pytest

from join.small_project import build
from sandbox import Sandbox, built_once, copy_of
from sync import every_kind

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def small_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_once(shared_folder, "small", lambda root: build(root, quiet_environment))


@pytest.fixture(scope="session")
def kinds_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_once(
        shared_folder, "kinds", lambda root: every_kind.build(root, quiet_environment)
    )


@pytest.fixture(scope="session")
def theirs_template(shared_folder: Path, environment: dict[str, str]) -> Path:
    return built_once(shared_folder, "plain", lambda root: plain_mlflow.build(root, environment))


@pytest.fixture
def small(small_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the small project, at a place of its own."""
    return copy_of(small_template, tmp_path / "small", quiet_environment)


@pytest.fixture
def kinds(kinds_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the small project with a result of every kind."""
    return copy_of(kinds_template, tmp_path / "kinds", quiet_environment)


@pytest.fixture
def theirs(theirs_template: Path, tmp_path: Path, environment: dict[str, str]) -> Sandbox:
    """A copy of a project of plain MLflow code."""
    return copy_of(theirs_template, tmp_path / "theirs", environment)
