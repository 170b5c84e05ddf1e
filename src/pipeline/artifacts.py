"""Tables and fitted objects as files: whole or not at all, the same bytes for the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd

from pipeline.files import replacing

if TYPE_CHECKING:
    from pathlib import Path


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as Parquet, with its row numbers."""
    with replacing(path) as part:
        frame.to_parquet(part, engine="pyarrow")


def read_frame(path: Path) -> pd.DataFrame:
    """Read a table that `write_frame` wrote."""
    return pd.read_parquet(path, engine="pyarrow")


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV without its row numbers, each float so that it reads back the same."""
    with replacing(path) as part:
        frame.to_csv(part, index=False, lineterminator="\n", encoding="utf-8")


def write_fitted(path: Path, fitted: object) -> None:
    """Write a fitted transformer or model with joblib; skops gives other bytes at every save."""
    with replacing(path) as part:
        joblib.dump(fitted, part)


def read_fitted(path: Path) -> Any:  # noqa: ANN401  # what the file holds
    """Read what `write_fitted` wrote. It runs the file's code: for our own outputs only."""
    return joblib.load(path)
