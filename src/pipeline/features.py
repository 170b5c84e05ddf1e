"""Features: cleaning, imputing, scaling and encoding, as the first steps of the fitted pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pipeline.cleaning import clean_rows
from pipeline.errors import InputError
from pipeline.schema import CATEGORICAL, NUMERIC
from pipeline.values import holds_numbers, is_code

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.params.featurize import Featurize
    from pipeline.schema import Schema

OWN_LEVEL = "(missing)"


class Cleaner(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The first step of the pipeline: takes rows as they are in the raw table.

    `kinds` maps each feature to its kind, in the order of the table: the schema was learnt in the
    prepare stage, and this keeps it with the model. `fit` learns which columns hold codes.
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        """Keep the kinds, unchanged, as scikit-learn's `clone` asks for."""
        self.kinds = kinds

    def fit(self, rows: pd.DataFrame, target: object = None) -> Cleaner:  # noqa: ARG002  # scikit-learn's signature
        """Check that the rows have the columns, and see which hold codes such as 01234."""
        cleaned = clean_rows(rows, self.kinds, "the rows to fit")
        self.codes_ = [
            name
            for name, kind in self.kinds.items()
            if kind == CATEGORICAL and any(map(is_code, cleaned[name].dropna().unique()))
        ]
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Clean the rows.

        Raises InputError for a missing column, non-finite numbers, and for numbers where codes were
        learnt, which have lost what makes 01234 another level than 1234.
        """
        where = "the rows given to the model"
        cleaned = clean_rows(rows, self.kinds, where)
        for name in getattr(self, "codes_", ()):
            if holds_numbers(rows[name]):
                what = f"the column {name!r} holds numbers, and the model learnt codes as text"
                raise InputError(what, where, "read them as text: `pd.read_csv(..., dtype=str)`")
        return cleaned

    def get_feature_names_out(self, names: object = None) -> np.ndarray:  # noqa: ARG002  # the same
        """Give the names of the columns that `transform` gives."""
        return np.array(list(self.kinds), dtype=object)

    def __sklearn_is_fitted__(self) -> bool:  # scikit-learn's own protocol
        """Say that it can always transform."""
        return True


def build_features(schema: Schema, params: Featurize) -> Pipeline:
    """Build the unfitted steps before the model: `clean`, then `encode`, which gives floats.

    Raises InputError for a column that is to be learnt from and is no feature.
    """
    kinds = {name: schema.kinds[name] for name in params.chosen(schema.features)}
    encode = ColumnTransformer(
        [
            (kind, steps, names)
            for kind, steps in ((NUMERIC, _numeric(params)), (CATEGORICAL, _categorical(params)))
            if (names := [name for name, its_kind in kinds.items() if its_kind == kind])
        ],
        sparse_threshold=0,
    )
    return Pipeline([("clean", Cleaner(kinds)), ("encode", encode)])


def names_of(features: Pipeline) -> list[str]:
    """Give the names of the encoded features, each in one line."""
    return [" ".join(str(name).splitlines()) for name in features.get_feature_names_out()]


def _numeric(params: Featurize) -> Pipeline:
    # A column may be empty in one fold; dropping it there would change the features' number.
    impute = SimpleImputer(strategy=params.numeric_impute, keep_empty_features=True)
    return Pipeline([("impute", impute), ("scale", StandardScaler() if params.scale else None)])


def _categorical(params: Featurize) -> Pipeline:
    own = params.categorical_impute == "own_level"
    impute = SimpleImputer(
        strategy="constant" if own else params.categorical_impute,
        fill_value=OWN_LEVEL if own else None,
        keep_empty_features=True,
    )
    encode = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=params.max_categories,
        min_frequency=params.min_frequency,
        sparse_output=False,
    )
    return Pipeline([("impute", impute), ("encode", encode)])
