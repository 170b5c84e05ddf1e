"""Credentials in the URLs of stores and remotes are in no answer, also where these fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox import Sandbox

USER, PASSWORD, TOKEN = "somebody", "hush-hush", "t0ken-of-mine"
SECRETS = (USER, PASSWORD, TOKEN)
PLACE = f"{USER}:{PASSWORD}@127.0.0.1:9/shared?token={TOKEN}"


@pytest.fixture
def guarded(whole: Sandbox) -> Sandbox:
    """The project with remotes that need credentials, and do not answer."""
    whole.git("remote", "add", "origin", f"http://{PLACE}")
    whole.git("remote", "add", "other", f"http://{TOKEN}@127.0.0.1:9/shared.git")
    whole.dvc("remote", "add", "--default", "store", f"http://{PLACE}")
    whole.commit("Remotes")
    return whole


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", ["verify --all --remote", "verify HEAD --remote", "keep HEAD"])
def test_no_answer_holds_credentials(guarded: Sandbox, command: str, form: tuple[str, ...]) -> None:
    uri = f"http://{PLACE}"

    done = guarded.process("wherefrom", *command.split(), *form, MLFLOW_TRACKING_URI=uri)

    said = done.stdout + done.stderr
    assert done.returncode == (1 if command.startswith("verify") else 0), said
    assert [secret for secret in SECRETS if secret in said] == []
    assert "Traceback" not in said
    if command.startswith("verify"):
        assert "the git remote origin could not be asked" in said
        assert "the git remote other could not be asked" in said
        assert "the DVC remote store could not be asked" in said
