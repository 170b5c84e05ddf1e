"""From the raw table to training and test rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.cleaning import clean_rows
from pipeline.columns import learn_columns, strange_cells
from pipeline.header import feature_names
from pipeline.order import read_order
from pipeline.prepared import Rows
from pipeline.schema import Schema
from pipeline.splits import split_rows
from pipeline.targets import choose_positive, read_target, spell_booleans
from pipeline.values import check_kind, read_levels

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.columns import Columns
    from pipeline.params.prepare import Data, PrepareParams


@dataclass(frozen=True)
class Prepared:
    """Training and test rows; of `table_rows` some were `duplicates`, and may have been dropped."""

    train: Rows
    test: Rows
    table_rows: int
    duplicates: int


def prepare(table: pd.DataFrame, params: PrepareParams) -> Prepared:
    """Split the raw table, learn the schema from the training rows, and clean both sides by it.

    Raises InputError where the table does not fit the parameters.
    """
    data = params.data
    names = [str(name) for name in table.columns]
    features = feature_names(names, data)
    for name in features:
        check_kind(name, table[name], data.path)
    target = read_target(table[data.target], data)
    rows, twice = len(table), find_duplicates(table, data.id)
    dropped = params.prepare.duplicates == "drop"
    if dropped:
        table, target = table[~twice], target[~twice]
    order = read_order(table, data)
    train, test = split_rows(target, data.task, params.prepare, data.path, order)
    columns = learn_columns(table.iloc[train], features, data.path, data.forced)
    columns.remarks.extend(strange_cells(table.iloc[test], columns.kinds, "test"))
    if twice.any():
        columns.remarks.append(_repeated(int(twice.sum()), dropped=dropped))
    counts = {"train": len(train), "test": len(test)}
    spelt = spell_booleans(table[data.target]) if data.task == "classification" else {}
    schema = _schema(data, target, columns, counts, spelt)
    return Prepared(
        _clean(table, target, train, schema),
        _clean(table, target, test, schema),
        rows,
        int(twice.sum()),
    )


def find_duplicates(table: pd.DataFrame, id_column: str | None) -> np.ndarray:
    """Say which rows repeat an earlier one in all columns but the id, cell by cell."""
    names = [name for name in table.columns if name != id_column]
    return np.asarray(table.duplicated(subset=names))


def _repeated(count: int, *, dropped: bool) -> str:
    rows = f"{count} row repeats" if count == 1 else f"{count} rows repeat"
    done = "left them out" if dropped else "would leave them out"
    return f"{rows} an earlier one; prepare.duplicates: drop {done}"


def _schema(
    data: Data, target: np.ndarray, columns: Columns, rows: dict[str, int], spelt: dict[str, str]
) -> Schema:
    classes = np.unique(target).tolist() if data.task == "classification" else []
    positive = choose_positive(classes, data.positive, data.path) if classes else None
    return Schema(
        task=data.task,
        target=data.target,
        id=data.id,
        group=data.group,
        time=data.time,
        kinds=columns.kinds,
        classes=classes,
        positive=positive,
        rows=rows,
        missing=columns.missing,
        remarks=columns.remarks,
        spelt=spelt,
    )


def _clean(table: pd.DataFrame, target: np.ndarray, rows: np.ndarray, schema: Schema) -> Rows:
    raw = table.iloc[rows]
    frame = clean_rows(raw, schema.kinds, schema.target)
    frame[schema.target] = target[rows]
    if schema.id is not None:
        frame[schema.id] = read_levels(raw[schema.id])
    if schema.group is not None:
        frame[schema.group] = read_levels(raw[schema.group])
    if schema.time is not None:
        frame[schema.time] = read_levels(raw[schema.time])
    return Rows(frame, schema)
