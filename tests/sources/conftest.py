"""Real git, DVC and MLflow: no test here sees the user's home, git or tracking store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import filled_store
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from filled_store import FilledStore


@pytest.fixture(autouse=True)
def isolated(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test in the isolated environment of the whole suite."""
    for name in set(os.environ) - set(environment) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def store(shared_folder: Path, environment: dict[str, str]) -> FilledStore:
    """A store that no test changes."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return filled_store.filled_once(shared_folder, environment)
