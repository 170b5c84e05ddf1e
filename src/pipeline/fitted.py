"""Fitted pipelines as files: the same bytes for the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import joblib
from sklearn.pipeline import Pipeline

from pipeline.errors import InputError
from pipeline.features import Cleaner
from pipeline.files import replacing

if TYPE_CHECKING:
    from pathlib import Path


def write_fitted(path: Path, fitted: Pipeline) -> None:
    """Write a fitted pipeline with joblib; skops gives other bytes at every save."""
    with replacing(path) as part:
        joblib.dump(fitted, part)


def read_fitted(path: Path) -> Pipeline:
    """Read what `write_fitted` wrote. It runs the file's code: for our own outputs only.

    The file holds no code of the cleaning but its name. The check below is also an import, by which
    every stage that reads such a file depends on the code that it will run.
    """
    fitted = joblib.load(path)
    if not (isinstance(fitted, Pipeline) and isinstance(fitted[0], Cleaner)):
        what = "no pipeline of this project, whose first step cleans the rows"
        raise InputError(what, str(path), "run `dvc repro`")
    return fitted
