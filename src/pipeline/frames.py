"""Tables as files: whole or not at all, the same bytes for the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
