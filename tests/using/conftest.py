"""A small project whose results predict, by a script of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from using.own_models import OWN_SCRIPT

if TYPE_CHECKING:
    from sandbox import Sandbox


@pytest.fixture
def own(small: Sandbox) -> Sandbox:
    """The small project, with a script that predicts."""
    (small.root / "src").mkdir()
    (small.root / "src" / "predict.py").write_text(OWN_SCRIPT)
    (small.root / "new.csv").write_text("x\n1\n2\n")
    small.commit("Say how the model predicts")
    return small
