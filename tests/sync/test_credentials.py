"""Credentials of a tracking store are in no answer and in no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox import Sandbox

USER, PASSWORD = "somebody", "hush-hush"
URI = f"http://{USER}:{PASSWORD}@127.0.0.1:9"
STATUS = {
    "wherefrom ls": 1,
    "wherefrom ls --json": 1,
    "wherefrom ls --csv": 1,
    "wherefrom best": 1,
    "wherefrom data": 1,
    "wherefrom report": 1,
    "wherefrom summary": 0,
    "wherefrom diff v1 final": 1,
    "wherefrom trace final": 1,
    "wherefrom trace final --json": 1,
    "wherefrom trace nothing-such": 2,
    "wherefrom sync": 1,
    "wherefrom sync --rebuild --json": 1,
    "wherefrom ui": 2,
    "dvc repro --force train": 0,
}
"""Commands, and how each ends where the store does not answer."""
NAMING = {
    "wherefrom ls",
    "wherefrom trace final",
    "wherefrom sync",
    "wherefrom ui",
    "dvc repro --force train",
}
"""Those that say which store it is."""


@pytest.mark.parametrize(("command", "status"), STATUS.items(), ids=STATUS)
def test_no_answer_and_no_file_holds_credentials(
    history: Sandbox, command: str, status: int
) -> None:
    done = history.process(*command.split(), MLFLOW_TRACKING_URI=URI)

    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert "http://127.0.0.1:9 " in said or command not in NAMING
    assert USER not in said
    assert PASSWORD not in said
    assert "Traceback" not in said
    for path in history.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert PASSWORD.encode() not in content, path
            assert USER.encode() not in content, path
