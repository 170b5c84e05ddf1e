"""What the featurize stage reads of params.yaml: how columns become numbers."""

from typing import Literal

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


class FeaturizeParams(StageParams):
    """What the featurize stage reads."""

    featurize: Featurize
    threads: int = allowed("an integer of at least 1", ge=1)
