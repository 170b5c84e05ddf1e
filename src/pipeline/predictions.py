"""Predictions of a fitted pipeline, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.values import LARGEST

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pipeline.prepared import Rows


# So many rows are encoded at once: all of a large table, as features, may not fit into memory. BLAS
# may add up in another order for more rows: 3e-15 at most was seen, of three classes.
ROWS_AT_ONCE = 2**14


@dataclass(frozen=True)
class Predictions:
    """Predicted values; for classes also their probabilities (rows by classes), else None."""

    decided: np.ndarray
    probabilities: np.ndarray | None = None
    classes: list[str] = field(default_factory=list)

    def part(self, rows: slice) -> Predictions:
        """Give those of some rows."""
        shares = None if self.probabilities is None else self.probabilities[rows]
        return Predictions(self.decided[rows], shares, self.classes)


def predict(model: Pipeline, rows: pd.DataFrame) -> Predictions:
    """Predict as the model itself decides: the most probable class, or the number.

    Raises InputError where the numbers are not finite, or beyond what a target may hold.
    """
    starts = range(0, len(rows), ROWS_AT_ONCE)
    parts = [rows.iloc[start : start + ROWS_AT_ONCE] for start in starts]
    if not hasattr(model, "predict_proba"):
        return Predictions(_finite(np.concatenate([model.predict(part) for part in parts])))
    classes = [str(name) for name in model.classes_]
    probabilities = _finite(np.concatenate([model.predict_proba(part) for part in parts]))
    return Predictions(_most_probable(probabilities, classes), probabilities, classes)


def diverged() -> InputError:
    """Compose the error for a model that learnt nothing that could be computed with."""
    what = "the model diverged: what it has learnt is not finite, or far too large"
    return InputError(what, "train.model", "set its learning rate in params.yaml to less")


def _finite(values: np.ndarray) -> np.ndarray:
    if not np.all(np.abs(values) <= LARGEST):  # NaN is not
        raise diverged()
    return values


def tabulate(rows: Rows, predicted: Predictions) -> pd.DataFrame:
    """Give a table with a line for each row.

    Its columns: the row's number in the raw table (the first is 0), its id if there is one, the
    actual and the predicted value, and for classes the probability of each.
    """
    schema = rows.schema
    columns: dict[str, object] = {"row": rows.frame.index}
    if schema.id is not None:
        columns["id"] = rows.frame[schema.id].to_numpy()
    columns |= {"actual": rows.target, "predicted": predicted.decided}
    if predicted.probabilities is not None:
        for number, name in enumerate(predicted.classes):
            columns[f"probability_{name}"] = predicted.probabilities[:, number]
    return pd.DataFrame(columns)


def _most_probable(probabilities: np.ndarray, classes: list[str]) -> np.ndarray:
    """Choose as `predict` does, without asking the model a second time."""
    return np.array([classes[column] for column in probabilities.argmax(axis=1)], dtype=object)
