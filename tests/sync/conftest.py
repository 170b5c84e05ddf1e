"""Projects with a history: each built once, copied for every test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from sandbox import Sandbox
from sync import every_kind, versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def history_environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"WHEREFROM_SUMMARY": "off"}


def _built(
    folder: Path, build: Callable[[Path, dict[str, str]], None], env: dict[str, str]
) -> Path:
    with FileLock(f"{folder}.lock"):
        done = folder.with_suffix(".built")
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder / "project", env)
            done.touch()
    return folder / "project"


@pytest.fixture(scope="session")
def kinds_template(shared_folder: Path, history_environment: dict[str, str]) -> Path:
    return _built(shared_folder / "kinds", every_kind.build, history_environment)


@pytest.fixture(scope="session")
def linked_template(
    kinds_template: Path, shared_folder: Path, history_environment: dict[str, str]
) -> Path:
    def build(root: Path, environment: dict[str, str]) -> None:
        shutil.copytree(kinds_template, root, symlinks=True)
        Sandbox(root, environment).run("wherefrom", "sync")

    return _built(shared_folder / "linked", build, history_environment)


@pytest.fixture(scope="session")
def versions_template(shared_folder: Path, history_environment: dict[str, str]) -> Path:
    return _built(shared_folder / "versions", versions.build, history_environment)


@pytest.fixture
def kinds(kinds_template: Path, tmp_path: Path, history_environment: dict[str, str]) -> Sandbox:
    """A copy of the project with a result of every kind, at a place of its own."""
    shutil.copytree(kinds_template, tmp_path / "kinds", symlinks=True)
    return Sandbox(tmp_path / "kinds", history_environment)


@pytest.fixture
def linked(linked_template: Path, tmp_path: Path, history_environment: dict[str, str]) -> Sandbox:
    """The same after a sync."""
    shutil.copytree(linked_template, tmp_path / "linked", symlinks=True)
    return Sandbox(tmp_path / "linked", history_environment)


@pytest.fixture
def history(
    versions_template: Path, tmp_path: Path, history_environment: dict[str, str]
) -> Sandbox:
    """A copy of the project through its history, at a place of its own."""
    shutil.copytree(versions_template, tmp_path / "history", symlinks=True)
    return Sandbox(tmp_path / "history", history_environment)
