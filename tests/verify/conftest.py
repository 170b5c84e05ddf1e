"""The project with a result of every kind, after a sync: built once, copied for every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import foreign_project
from sandbox import Sandbox, built_once, copy_of
from sync import every_kind

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def whole_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    def build(root: Path) -> None:
        every_kind.build(root, quiet_environment)
        Sandbox(root, quiet_environment).run("wherefrom", "sync")

    return built_once(shared_folder, "whole", build)


@pytest.fixture
def whole(whole_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of it, at a place of its own: all of its results can be had."""
    return copy_of(whole_template, tmp_path / "whole", quiet_environment)


@pytest.fixture
def theirs(shared_folder: Path, tmp_path: Path, environment: dict[str, str]) -> Sandbox:
    """A copy of the project of somebody else, whose code logs to MLflow itself."""
    root = built_once(
        shared_folder, "theirs", lambda root: foreign_project.build(root, environment)
    )
    return copy_of(root, tmp_path / "theirs", environment)
