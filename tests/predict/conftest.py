"""Projects whose results predict: a small one with a script of its own, and the pipeline's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from predicting import OWN_SCRIPT, build_pipeline

from sandbox import Sandbox, built_once, copy_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def own(small: Sandbox) -> Sandbox:
    """The small project, with a script that predicts, and another model in its workspace."""
    (small.root / "src").mkdir()
    (small.root / "src" / "predict.py").write_text(OWN_SCRIPT)
    (small.root / "new.csv").write_text("x\n1\n2\n")
    small.commit("Say how the model predicts")
    return small


@pytest.fixture(scope="session")
def used_template(template: Path, shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    """The project with two results of a table with everything, the second in the workspace."""

    def build(root: Path) -> None:
        build_pipeline(copy_of(template, root, quiet_environment))

    return built_once(shared_folder, "used", build)


@pytest.fixture
def used(used_template: Path, tmp_path: Path, quiet_environment: dict[str, str]) -> Sandbox:
    """A copy of it, at a place of its own."""
    return copy_of(used_template, tmp_path / "used", quiet_environment)
