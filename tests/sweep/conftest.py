"""A project with two sweeps, and the same variants by `dvc exp run` in a copy of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sweeps import BEFORE, BOOSTED, SAME, Both, outside, report_of, swept

from sandbox import Sandbox, built_once, copy_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def both_folder(template: Path, shared_folder: Path, quiet_environment: dict[str, str]) -> Path:
    def build(root: Path) -> None:
        ours = copy_of(template, root / "ours", quiet_environment)
        ours.dvc("exp", "run", "--temp", "-n", "before", *_set(BEFORE))
        theirs = copy_of(root / "ours", root / "theirs", quiet_environment)
        for name, overrides in SAME.items():
            theirs.dvc("exp", "run", "--temp", "-n", name, *_set(overrides))
        before = outside(ours)
        model = "train.model=random_forest,hist_gradient_boosting"
        stages = report_of(
            swept(
                ours,
                *("--name", "stages", "--json", "-S", model, "-S", "evaluate.threshold=0.5,0.6"),
            )
        )
        folds = ("-S", "train.folds=2,1000,1")
        threads = report_of(
            swept(ours, *("--name", "threads", "--json"), *_set(("threads=2", BOOSTED)), *folds)
        )
        said = {"stages": stages, "threads": threads, "before": before, "after": outside(ours)}
        (root / "said.json").write_text(json.dumps(said))

    return built_once(shared_folder, "both", build)


@pytest.fixture(scope="session")
def both(both_folder: Path, quiet_environment: dict[str, str]) -> Both:
    """Two sweeps and what DVC makes of the same variants; no test changes them."""
    said = json.loads((both_folder / "said.json").read_text())
    ours = Sandbox(both_folder / "ours", quiet_environment)
    theirs = Sandbox(both_folder / "theirs", quiet_environment)
    return Both(ours, theirs, said["stages"], said["threads"], (said["before"], said["after"]))


@pytest.fixture
def copied(both: Both, tmp_path: Path) -> Sandbox:
    """A copy of the project with its sweeps, at a place of its own."""
    return copy_of(both.ours.root, tmp_path / "copied", both.ours.environment)


def _set(overrides: tuple[str, ...]) -> list[str]:
    return [word for override in overrides for word in ("-S", override)]
