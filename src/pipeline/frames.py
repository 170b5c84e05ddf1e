"""Tables as files: whole or not at all, the same bytes for the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from pipeline.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as Parquet, with its row numbers."""
    with replacing(path) as part:
        frame.to_parquet(part, engine="pyarrow")


def read_frame(path: Path) -> pd.DataFrame:
    """Read a table that `write_frame` wrote."""
    with pq.ParquetFile(path) as file:  # pandas would look for a folder of such files first
        frame: pd.DataFrame = file.read().to_pandas()
    return frame


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV without its row numbers, each float so that it reads back the same."""
    with replacing(path) as part:
        frame.to_csv(part, index=False, lineterminator="\n", encoding="utf-8")
