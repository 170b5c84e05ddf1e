"""What the train stage reads of params.yaml: the model, its parameters, and the folds."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.section import MAX_SEED, Section, StageParams, allowed

ModelName = Literal[
    "random_forest",
    "logistic_regression",
    "linear_regression",
    "hist_gradient_boosting",
    "mlp",
    "xgboost",
]

LARGEST_INT = 2**31 - 1  # the models compute with 32 bits
LARGEST_FLOAT = 1e38  # XGBoost reads 32 bits
WHOLE = f"an integer from 1 to {LARGEST_INT}"

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1, le=LARGEST_INT)]

MODELS_OF_TASK: dict[str, tuple[ModelName, ...]] = {
    "classification": (
        *("random_forest", "logistic_regression", "hist_gradient_boosting"),
        *("mlp", "xgboost"),
    ),
    "regression": (
        *("random_forest", "linear_regression", "hist_gradient_boosting"),
        *("mlp", "xgboost"),
    ),
}
INSTALL_XGBOOST = "uv pip install xgboost"


class RandomForest(Section):
    """scikit-learn's RandomForestClassifier or RandomForestRegressor, by the task."""

    n_estimators: int = allowed(WHOLE, ge=1, le=LARGEST_INT)
    max_depth: int | None = allowed(f"{WHOLE}, or null for no limit", ge=1, le=LARGEST_INT)
    min_samples_leaf: int = allowed(WHOLE, ge=1, le=LARGEST_INT)
    max_features: Literal["sqrt", "log2"] | Share = allowed(
        "sqrt, log2, or a share of the columns, above 0 and at most 1 (1 is all of them)"
    )


class LogisticRegression(Section):
    """scikit-learn's LogisticRegression."""

    C: float = allowed("a number above 0", gt=0)
    max_iter: int = allowed(WHOLE, ge=1, le=LARGEST_INT)


class LinearRegression(Section):
    """scikit-learn's LinearRegression."""

    fit_intercept: bool = allowed("true or false")


class HistGradientBoosting(Section):
    """scikit-learn's HistGradientBoostingClassifier or HistGradientBoostingRegressor."""

    max_iter: int = allowed(WHOLE, ge=1, le=LARGEST_INT)
    learning_rate: float = allowed("a number above 0", gt=0)
    max_leaf_nodes: int | None = allowed(
        f"an integer from 2 to {LARGEST_INT}, or null for no limit", ge=2, le=LARGEST_INT
    )
    min_samples_leaf: int = allowed(WHOLE, ge=1, le=LARGEST_INT)
    l2_regularization: float = allowed("a number of at least 0", ge=0)


class Mlp(Section):
    """scikit-learn's MLPClassifier or MLPRegressor."""

    hidden_layer_sizes: tuple[Count, ...] = allowed(
        "a list with the number of neurons of each hidden layer", strict=False, min_length=1
    )
    alpha: float = allowed("a number of at least 0", ge=0)
    learning_rate_init: float = allowed("a number above 0", gt=0)
    max_iter: int = allowed(WHOLE, ge=1, le=LARGEST_INT)
    n_iter_no_change: int = allowed(WHOLE, ge=1, le=LARGEST_INT)


class XGBoost(Section):
    """XGBoost's XGBClassifier or XGBRegressor."""

    n_estimators: int = allowed(WHOLE, ge=1, le=LARGEST_INT)
    learning_rate: float = allowed(
        f"a number above 0, at most {LARGEST_FLOAT:g}", gt=0, le=LARGEST_FLOAT
    )
    max_depth: int = allowed(WHOLE, ge=1, le=LARGEST_INT)
    min_child_weight: float = allowed(
        f"a number from 0 to {LARGEST_FLOAT:g}", ge=0, le=LARGEST_FLOAT
    )
    subsample: float = allowed("a share of the rows, above 0 and at most 1", gt=0, le=1)
    colsample_bytree: float = allowed("a share of the features, above 0 and at most 1", gt=0, le=1)
    reg_lambda: float = allowed(f"a number from 0 to {LARGEST_FLOAT:g}", ge=0, le=LARGEST_FLOAT)


class Train(Section):
    """The chosen model, and a section with the parameters of each model."""

    model: ModelName = allowed(
        "random_forest, logistic_regression, linear_regression, hist_gradient_boosting, mlp or "
        "xgboost"
    )
    seed: int = allowed("an integer from 0 to 4294967295", ge=0, le=MAX_SEED)
    folds: int = allowed("an integer of at least 2", ge=2)
    random_forest: RandomForest
    logistic_regression: LogisticRegression
    linear_regression: LinearRegression
    hist_gradient_boosting: HistGradientBoosting
    mlp: Mlp
    xgboost: XGBoost

    @property
    def chosen(self) -> Section:
        """The parameters of the chosen model."""
        section: Section = getattr(self, self.model)
        return section


class TrainParams(StageParams):
    """What the train stage reads."""

    train: Train
    threads: int = allowed("an integer of at least 1", ge=1)
