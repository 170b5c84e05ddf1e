"""The project with a result of every kind, after a sync: built once, copied for every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
