"""What the featurize stage reads of params.yaml: how columns become numbers."""

from collections.abc import Sequence
from typing import Literal

from pipeline.errors import InputError, did_you_mean, listed
from pipeline.params.section import Section, StageParams, allowed


class Featurize(Section):
    """Imputing, scaling and one-hot encoding."""

    numeric_impute: Literal["median", "mean", "most_frequent"] = allowed(
        "median, mean or most_frequent"
    )
    scale: bool = allowed("true or false")
    categorical_impute: Literal["most_frequent", "own_level"] = allowed(
        "most_frequent or own_level"
    )
    max_categories: int | None = allowed("an integer of at least 2, or null for no limit", ge=2)
    min_frequency: float | None = allowed(
        "a share of the training rows, above 0 and below 1, or null", default=None, gt=0, lt=1
    )
    columns: tuple[str, ...] | None = allowed(
        "a list of names of columns to learn from, or null for all of them",
        default=None,
        strict=False,
        min_length=1,
    )

    def chosen(self, features: Sequence[str]) -> list[str]:
        """Give the features that are to be learnt from, in their order.

        Raises InputError for a column that is to be learnt from and is no feature.
        """
        for name in self.columns or ():
            if name not in features:
                what = f"{name!r} is no feature{did_you_mean(name, features)}"
                remedy = f"correct featurize.columns in params.yaml; there are {listed(features)}"
                raise InputError(what, "featurize.columns", remedy)
        return [name for name in features if self.columns is None or name in self.columns]


class FeaturizeParams(StageParams):
    """What the featurize stage reads."""

    featurize: Featurize
    threads: int = allowed("an integer of at least 1", ge=1)
