"""The decision between two classes by a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import FixedThresholdClassifier

from pipeline.errors import InputError
from pipeline.params.evaluate import NEUTRAL_THRESHOLD
from pipeline.predictions import Predictions

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pipeline.schema import Schema


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


def with_threshold(model: Pipeline, schema: Schema, threshold: float) -> FixedThresholdClassifier:
    """Give a fitted model of two classes that decides by itself as `apply_threshold` does."""
    above = float(np.nextafter(threshold, 1.0))  # scikit-learn takes the threshold as positive
    return FixedThresholdClassifier(
        model, threshold=above, pos_label=schema.positive, response_method="predict_proba"
    )
