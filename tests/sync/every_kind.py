"""The small project with a result of every kind: what a sync has to link, and to bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from join import small_project
from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

RESULT, TRAINING = small_project.RESULT, small_project.TRAINING
MADE = {"HEAD": "own", "HEAD~1": "own", "alpha": "own", "inner": "own", "tuned": "derived"}
"""Who made a result, and how; `same` inherits that of `HEAD~1`."""
EXPERIMENTS = ("alpha", "inner", "tuned")


def build(root: Path, environment: dict[str, str]) -> None:
    """Build the project: a result, four experiments upon it, and one that was made before a commit.

    `alpha` ran in the workspace, `inner` in a temporary copy; `tuned` trained nothing, `same` ran
    nothing at all. HEAD's result was made while the tree was dirty.
    """
    (root / "requirements.lock").write_text("")  # nothing is pinned, so nothing is amiss
    small_project.build(root, environment)
    sandbox = Sandbox(root, environment)
    for name, setting in {
        "alpha": "train.lr=0.2",
        "tuned": "evaluate.threshold=0.75",
        "same": "+experiment.note=here",
    }.items():
        sandbox.dvc("exp", "run", "-n", name, "-S", setting)
        reset(sandbox)
    sandbox.dvc("exp", "run", "--temp", "-n", "inner", "-S", "train.lr=0.3")
    sandbox.replace("code/train.py", "def main", "# with care\ndef main")
    sandbox.replace("params.yaml", "lr: 0.1", "lr: 0.4")
    sandbox.dvc("repro")
    sandbox.commit("Train with care")


def reset(sandbox: Sandbox) -> None:
    """Put the workspace back to what HEAD holds."""
    sandbox.git("reset", "--hard", "--quiet")
    sandbox.dvc("checkout", "--quiet")


def record_ids(sandbox: Sandbox) -> dict[str, str]:
    """Map those who made a result to its record."""
    return {name: sandbox.record(name, RESULT).record_id for name in MADE}
