"""What the train stage reads of params.yaml: the model, its parameters, and the folds."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.section import MAX_SEED, Section, StageParams, allowed

ModelName = Literal["random_forest", "logistic_regression", "linear_regression"]

Share = Annotated[float, Field(gt=0, le=1)]

MODELS_OF_TASK: dict[str, tuple[ModelName, ...]] = {
    "classification": ("random_forest", "logistic_regression"),
    "regression": ("random_forest", "linear_regression"),
}


class RandomForest(Section):
    """scikit-learn's RandomForestClassifier or RandomForestRegressor, by the task."""

    n_estimators: int = allowed("an integer of at least 1", ge=1)
    max_depth: int | None = allowed("an integer of at least 1, or null for no limit", ge=1)
    min_samples_leaf: int = allowed("an integer of at least 1", ge=1)
    max_features: Literal["sqrt", "log2"] | Share = allowed(
        "sqrt, log2, or a share of the columns, above 0 and at most 1 (1 is all of them)"
    )


class LogisticRegression(Section):
    """scikit-learn's LogisticRegression."""

    C: float = allowed("a number above 0", gt=0)
    max_iter: int = allowed("an integer of at least 1", ge=1)


class LinearRegression(Section):
    """scikit-learn's LinearRegression."""

    fit_intercept: bool = allowed("true or false")


class Train(Section):
    """The chosen model, and a section with the parameters of each model."""

    model: ModelName = allowed("random_forest, logistic_regression or linear_regression")
    seed: int = allowed("an integer from 0 to 4294967295", ge=0, le=MAX_SEED)
    folds: int = allowed("an integer of at least 2", ge=2)
    random_forest: RandomForest
    logistic_regression: LogisticRegression
    linear_regression: LinearRegression


class TrainParams(StageParams):
    """What the train stage reads."""

    train: Train
    threads: int = allowed("an integer of at least 1", ge=1)
