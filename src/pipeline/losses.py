"""The loss of each iteration of a model that learns in iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.frames import write_csv

if TYPE_CHECKING:
    from pathlib import Path


def write_losses(path: Path, losses: list[tuple[int, float]]) -> None:
    """Write a table of iteration and loss; without rows for a model that has no iterations."""
    write_csv(path, pd.DataFrame(losses, columns=["iteration", "loss"]))
