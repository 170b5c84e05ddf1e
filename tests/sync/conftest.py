"""Projects with a history: each built once, copied for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, built_once, copy_of
from sync import every_kind, versions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def kinds_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_once(
        shared_folder, "kinds", lambda root: every_kind.build(root, quiet_environment)
    )


@pytest.fixture(scope="session")
def linked_template(
    kinds_template: Path, shared_folder: Path, quiet_environment: dict[str, str]
) -> Path:
    def build(root: Path) -> None:
        copy_of(kinds_template, root, quiet_environment).run("wherefrom", "sync")

    return built_once(shared_folder, "linked", build)


@pytest.fixture(scope="session")
def versions_template(shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    return built_once(
        shared_folder, "versions", lambda root: versions.build(root, quiet_environment)
    )


@pytest.fixture
def kinds(kinds_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the project with a result of every kind, at a place of its own."""
    return copy_of(kinds_template, tmp_path / "kinds", quiet_environment)


@pytest.fixture
def linked(linked_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """The same after a sync."""
    return copy_of(linked_template, tmp_path / "linked", quiet_environment)


@pytest.fixture
def history(versions_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of the project through its history, at a place of its own."""
    return copy_of(versions_template, tmp_path / "history", quiet_environment)
