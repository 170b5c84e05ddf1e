"""Predictions of rows whose target is not known, such as a competition asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.errors import InputError, did_you_mean
from pipeline.predictions import predict
from pipeline.threshold import apply_threshold

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pipeline.params.evaluate import Evaluate
    from pipeline.predictions import Predictions
    from pipeline.schema import Schema


def predict_unlabelled(
    model: Pipeline, table: pd.DataFrame | None, schema: Schema, params: Evaluate, where: str
) -> pd.DataFrame:
    """Give a table of the rows' ids and predictions, under the names that params.yaml has for both.

    Without an id its first column is `row`, the row's number in the table (the first is 0). Of
    probabilities there is the positive class's, under the name of the target, or a column for each
    of more than two classes. A column of these that would have the first one's name is called
    `predicted_` and that name. Booleans are written as they are in the table that was learnt from.
    No table gives no rows.
    """
    name = schema.id or "row"
    if table is None:
        return pd.DataFrame(columns=[name, _beside(name, schema.target)])
    if schema.id is not None and schema.id not in table.columns:
        near = did_you_mean(schema.id, map(str, table.columns))
        what = f"the column {schema.id!r}, which names a row, is missing{near}"
        raise InputError(what, where, "give the table that column, or set data.id to null")
    predicted = apply_threshold(predict(model, table), schema, params.threshold)
    ids = table.index if schema.id is None else table[schema.id].to_numpy()
    answers = _answers(predicted, schema, params.submit)
    return pd.DataFrame(
        {name: ids} | {_beside(name, column): cells for column, cells in answers.items()}
    )


def _beside(name: str, column: str) -> str:
    return f"predicted_{column}" if column == name else column


def _answers(predicted: Predictions, schema: Schema, submit: str) -> dict[str, object]:
    if submit == "prediction" or predicted.probabilities is None:
        decided = [schema.spelt.get(value, value) for value in predicted.decided.tolist()]
        return {schema.target: decided}
    if schema.positive is None:
        return dict(zip(predicted.classes, predicted.probabilities.T, strict=True))
    column = predicted.classes.index(schema.positive)
    return {schema.target: predicted.probabilities[:, column]}
