"""Predictions of a fitted pipeline, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.params.evaluate import NEUTRAL_THRESHOLD

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pipeline.prepared import Rows
    from pipeline.schema import Schema


@dataclass(frozen=True)
class Predictions:
    """Predicted values; for classes also their probabilities (rows by classes), else None."""

    decided: np.ndarray
    probabilities: np.ndarray | None = None
    classes: list[str] = field(default_factory=list)


def predict(model: Pipeline, rows: pd.DataFrame) -> Predictions:
    """Predict as the model itself decides: the most probable class, or the number."""
    if not hasattr(model, "predict_proba"):
        return Predictions(model.predict(rows))
    classes = [str(name) for name in model.classes_]
    probabilities = model.predict_proba(rows)
    return Predictions(_most_probable(probabilities, classes), probabilities, classes)


def apply_threshold(predicted: Predictions, schema: Schema, threshold: float) -> Predictions:
    """Decide two classes anew: positive where its probability is above the threshold.

    At 0.5 this is the model's own decision. Raises InputError for another threshold where there
    are more than two classes, or none.
    """
    if threshold == NEUTRAL_THRESHOLD:
        return predicted
    if schema.positive is None or predicted.probabilities is None:
        classes = f"{len(schema.classes)} classes" if schema.classes else "no classes"
        what = f"a threshold of {threshold} is for two classes; the target has {classes}"
        raise InputError(what, "evaluate.threshold", "set it in params.yaml to 0.5")
    column = predicted.classes.index(schema.positive)
    positive = predicted.probabilities[:, column] > threshold
    other = predicted.classes[1 - column]
    values = np.where(positive, schema.positive, other).astype(object)
    return Predictions(values, predicted.probabilities, predicted.classes)


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
