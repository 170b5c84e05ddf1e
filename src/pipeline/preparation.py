"""From the raw table to training and test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.cleaning import clean_rows
from pipeline.columns import learn_columns, strange_cells
from pipeline.header import check_columns, feature_names
from pipeline.prepared import Rows
from pipeline.schema import Schema
from pipeline.splits import split_rows
from pipeline.targets import choose_positive, read_target
from pipeline.values import read_levels

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.columns import Columns
    from pipeline.params.prepare import Data, PrepareParams


def prepare(table: pd.DataFrame, params: PrepareParams) -> tuple[Rows, Rows]:
    """Split the raw table, learn the schema from the training rows, and clean both sides by it.

    Gives training and test rows. Raises InputError where the table does not fit the parameters.
    """
    data = params.data
    names = [str(name) for name in table.columns]
    check_columns(names, data)
    target = read_target(table[data.target], data)
    train, test = split_rows(target, data.task, params.prepare, data.path)
    columns = learn_columns(table.iloc[train], feature_names(names, data), data.path)
    columns.remarks.extend(strange_cells(table.iloc[test], columns.kinds))
    schema = _schema(data, target, columns, {"train": len(train), "test": len(test)})
    return _clean(table, target, train, schema), _clean(table, target, test, schema)


def _schema(data: Data, target: np.ndarray, columns: Columns, rows: dict[str, int]) -> Schema:
    classes = np.unique(target).tolist() if data.task == "classification" else []
    positive = choose_positive(classes, data.positive, data.path) if classes else None
    return Schema(
        task=data.task,
        target=data.target,
        id=data.id,
        kinds=columns.kinds,
        classes=classes,
        positive=positive,
        rows=rows,
        missing=columns.missing,
        remarks=columns.remarks,
    )


def _clean(table: pd.DataFrame, target: np.ndarray, rows: np.ndarray, schema: Schema) -> Rows:
    raw = table.iloc[rows]
    frame = clean_rows(raw, schema.kinds, schema.target)
    frame[schema.target] = target[rows]
    if schema.id is not None:
        frame[schema.id] = read_levels(raw[schema.id])
    return Rows(frame, schema)
