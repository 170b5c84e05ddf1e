"""Predictions of a table that the model has never seen, part by part, and what is odd in it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.exceptions import InconsistentVersionWarning

from pipeline.errors import InputError, counted, did_you_mean, listed
from pipeline.fitted import read_fitted
from pipeline.header import check_names, read_header
from pipeline.predictions import predict
from pipeline.schema import CATEGORICAL, NUMERIC
from pipeline.threshold import apply_threshold
from pipeline.values import check_finite, check_kind, read_levels, read_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sklearn.pipeline import Pipeline

    from pipeline.schema import Schema

_FORM = "write it as the table that was learnt from: UTF-8, the same separator and ending"
_AS_LEARNT = "give the cells what they were in the table that was learnt from"


def read_model(path: Path) -> Pipeline:
    """Read a fitted pipeline. Raises InputError where another scikit-learn has fitted it.

    That one may give other numbers without a word.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return read_fitted(path)
        except InconsistentVersionWarning as error:
            here = error.current_sklearn_version
            what = (
                f"scikit-learn {error.original_sklearn_version} has fitted it, and {here} is here"
            )
            remedy = "`wherefrom predict --env lock` predicts in the environment of its commit"
            raise InputError(what, "the model", remedy) from error


def header_of(path: Path, separator: str | None, where: str) -> list[str]:
    """Give the names of a table's columns. Raises InputError, which speaks of no params.yaml."""
    try:
        return read_header(path, separator)
    except InputError as error:
        remedy = _FORM if "params.yaml" in error.remedy else error.remedy
        raise InputError(error.what, where, remedy) from error


def columns_needed(names: Sequence[str], model: Pipeline, schema: Schema, where: str) -> list[str]:
    """List the columns that are read: the id, if there is one, and those that were learnt from.

    Raises InputError for the names of all that the table lacks, and for names that stand twice.
    """
    check_names(names, where)
    needed = [*([] if schema.id is None else [schema.id]), *model[0].kinds]
    lacking = [name for name in needed if name not in names]
    if lacking:
        near = did_you_mean(lacking[0], names) if len(lacking) == 1 else ""
        one = "the column {} is missing" if len(lacking) == 1 else "the columns {} are missing"
        what = one.format(listed(map(repr, lacking))) + near
        raise InputError(what, where, "give the table all columns that the model was fitted on")
    return needed


@dataclass
class _Odd:
    """Cells of a column that the model takes otherwise than they are: how many, and one of them."""

    count: int = 0
    first: str = ""

    def add(self, cells: pd.Series, chosen: np.ndarray) -> None:
        if chosen.any():
            self.first = self.first or str(cells.iloc[int(np.flatnonzero(chosen)[0])])
            self.count += int(chosen.sum())


class Scorer:
    """Predicts parts of a table, one after another, as the evaluation does.

    `where` is what the table is called in messages, `threshold` that of the evaluation.
    """

    def __init__(self, model: Pipeline, schema: Schema, threshold: float, where: str) -> None:
        """Take the model apart: what its encoder knows is asked for each level."""
        self._model = model
        self._schema = schema
        self._threshold = threshold
        self._where = where
        self._known = _levels(model)
        self._present = dict.fromkeys(model[0].kinds, 0)
        self._odd = {name: _Odd() for name in model[0].kinds}
        self.rows = 0

    def score(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give a line for each row: its id (else its number), what is predicted, probabilities.

        Raises InputError for values that are no plain ones, and those that are not finite.
        """
        for name, kind in self._model[0].kinds.items():
            check_kind(name, rows[name], self._where, _AS_LEARNT)
            self._look(rows[name], kind)
        predicted = apply_threshold(predict(self._model, rows), self._schema, self._threshold)
        self.rows += len(rows)
        name = self._schema.id or "row"
        ids = rows.index if self._schema.id is None else rows[name].to_numpy()
        columns: dict[str, object] = {"predicted": predicted.decided}
        if predicted.probabilities is not None:
            for number, label in enumerate(predicted.classes):
                columns[f"probability_{label}"] = predicted.probabilities[:, number]
        if name in columns:
            what = f"the column {name!r}, which names a row, is called as one of the predictions"
            raise InputError(what, self._where, "rename it, and data.id with it")
        return pd.DataFrame({name: ids, **columns})

    def _look(self, cells: pd.Series, kind: str) -> None:
        name = str(cells.name)
        if kind == NUMERIC:
            numbers = read_numbers(cells)
            check_finite(name, numbers.floats, self._where, "correct them, or leave them blank")
            self._present[name] += len(cells) - int(numbers.missing.sum())
            self._odd[name].add(cells, numbers.strange)
        elif kind == CATEGORICAL and name in self._known:
            levels = pd.Series(read_levels(cells))
            unseen = levels.notna() & ~levels.isin(self._known[name])
            self._odd[name].add(cells, unseen.to_numpy())

    def check(self) -> None:
        """Raise InputError for columns of numbers in which no value of the table was one."""
        kinds = self._model[0].kinds
        numeric = [name for name, kind in kinds.items() if kind == NUMERIC]
        wrong = [n for n in numeric if 0 < self._present[n] == self._odd[n].count]
        if wrong:
            some = listed(f"{name!r} (such as {self._odd[name].first!r})" for name in wrong)
            one = len(wrong) == 1
            what = f"the column {some} holds" if one else f"the columns {some} hold"
            raise InputError(f"{what} no number, and was learnt as one", self._where, _AS_LEARNT)

    def remarks(self) -> list[str]:
        """Say what the model took otherwise than it is in the table."""
        return [
            f"column {name!r} {_taken(kind, self._odd[name])}"
            for name, kind in self._model[0].kinds.items()
            if self._odd[name].count
        ]


def _taken(kind: str, odd: _Odd) -> str:
    values = counted(odd.count, "value")
    if kind == NUMERIC:
        return f"is numeric, and {values}, such as {odd.first!r}, cannot be read so: missing"
    return f"has {values} that no training row had, such as {odd.first!r}: a rare level, or none"


def _levels(model: Pipeline) -> dict[str, frozenset[object]]:
    """Map the categorical features to the levels that the encoder has seen."""
    encode = model.named_steps["encode"]
    chosen = {name: (steps, columns) for name, steps, columns in encode.transformers_}
    if CATEGORICAL not in chosen:
        return {}
    steps, columns = chosen[CATEGORICAL]
    found = steps.named_steps["encode"].categories_
    return {name: frozenset(levels) for name, levels in zip(columns, found, strict=True)}
