"""The prepared tables: clean features and target, split, with the schema that describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.files import write_json
from pipeline.frames import read_frame, write_frame
from pipeline.schema import Schema, read_schema, write_schema

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Rows:
    """Rows of one side of the split; the index of `frame` is the row's number in the raw table."""

    frame: pd.DataFrame
    schema: Schema

    @property
    def features(self) -> pd.DataFrame:
        """The columns that the model may see."""
        return self.frame[self.schema.features]

    @property
    def target(self) -> np.ndarray:
        """The classes as text, or the numbers, to be predicted."""
        kind = object if self.schema.classes else float
        return self.frame[self.schema.target].to_numpy(dtype=kind)

    @property
    def groups(self) -> np.ndarray | None:
        """What must stay together in a split; None where nothing must."""
        return None if self.schema.group is None else self.frame[self.schema.group].to_numpy()


def write_prepared(folder: Path, train: Rows, test: Rows, profile: object) -> None:
    """Write both sides, the schema and the profile."""
    write_frame(folder / "train.parquet", train.frame)
    write_frame(folder / "test.parquet", test.frame)
    write_schema(folder / "schema.json", train.schema)
    write_json(folder / "profile.json", profile)


def read_rows(folder: Path, side: str) -> Rows:
    """Read one side, `train` or `test`."""
    return Rows(read_frame(folder / f"{side}.parquet"), read_schema(folder / "schema.json"))
