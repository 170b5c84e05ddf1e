"""Real git, DVC and MLflow: no test here sees the user's home, git or tracking store."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def isolated(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test in the isolated environment of the whole suite."""
    for name in set(os.environ) - set(environment) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
