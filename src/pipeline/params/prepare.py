"""What the prepare stage reads of params.yaml: which table, and how it is split."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from pipeline.params.section import MAX_SEED, Section, StageParams, allowed
from pipeline.schema import CATEGORICAL, NUMERIC

Task = Literal["classification", "regression"]
Scalar = str | bool | int | float


def _below_the_project(path: str) -> str:
    """Refuse a path of this machine: in dvc.lock it would be part of what the result is."""
    normal = Path(os.path.normpath(path))
    if normal.is_absolute() or normal.parts[:1] == ("..",) or "://" in path:
        raise ValueError
    return path


ProjectPath = Annotated[str, AfterValidator(_below_the_project)]


class Data(Section):
    """The raw table and the meaning of its columns."""

    path: ProjectPath = allowed(
        "the path of a .csv, .tsv or .parquet file below the project; put it there, such as in "
        "data/raw, and `dvc add` it",
        min_length=1,
    )
    target: str = allowed("the name of the column to predict", min_length=1)
    task: Task = allowed("classification or regression")
    id: str | None = allowed("the name of the column that names a row, or null")
    drop: tuple[str, ...] = allowed("a list of names of columns to leave out", strict=False)
    numeric: tuple[str, ...] = allowed(
        "a list of names of columns that are numbers", strict=False, default=()
    )
    categorical: tuple[str, ...] = allowed(
        "a list of names of columns that are categories", strict=False, default=()
    )
    group: str | None = allowed(
        "the name of a column whose equal values stay together in the split, or null", default=None
    )
    time: str | None = allowed(
        "the name of a column by which the latest rows are the test rows, or null", default=None
    )
    positive: Scalar | None = allowed("one of the two classes of the target, or null", default=None)
    version: str | None = allowed(
        "a name for this version of the table, in quotes if it is a number, or null", default=None
    )
    unlabelled: ProjectPath = allowed(
        "the path of a table below the project whose target is to be predicted, or of an empty "
        "file such as data/nothing.csv for none",
        default="data/nothing.csv",
        min_length=1,
    )
    separator: str | None = allowed(
        "one character, or null for the one that the file's name says", default=None, pattern=r"^.$"
    )

    @property
    def forced(self) -> dict[str, str]:
        """The kinds of columns that are not learnt from the rows."""
        return dict.fromkeys(self.numeric, NUMERIC) | dict.fromkeys(self.categorical, CATEGORICAL)


class Prepare(Section):
    """The split in training and test rows."""

    test_size: float = allowed("a share of the rows, above 0 and below 1", gt=0, lt=1)
    seed: int = allowed("an integer from 0 to 4294967295", ge=0, le=MAX_SEED)
    train_size: float | None = allowed(
        "a share of the training rows, above 0 and at most 1, or null for all",
        default=None,
        gt=0,
        le=1,
    )
    duplicates: Literal["keep", "drop"] = allowed("keep or drop", default="keep")


class PrepareParams(StageParams):
    """What the prepare stage reads."""

    data: Data
    prepare: Prepare
