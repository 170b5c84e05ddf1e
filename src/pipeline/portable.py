"""What a fitted pipeline needs where it is loaded: code, packages, and types to be trusted."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

from pipeline.coded import CodedClasses

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pipeline.prepared import Rows

# What skops does not trust by itself in our fitted pipelines. Reviewed: the cleaning of rows and
# the names of classes, which are in this repository; trees as scikit-learn's own C code has them;
# the moments of a network's optimizer; XGBoost's trees, which it reads from bytes of its own.
TRUSTED_TYPES = (
    "numpy.dtype",
    "pipeline.coded.CodedClasses",
    "pipeline.features.Cleaner",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)
DISTRIBUTIONS = ("scikit-learn", "pandas", "numpy", "pyarrow")
EXAMPLE_ROWS = 5


def needs(model: Pipeline, rows: Rows) -> dict[str, Any]:
    """Give what `run.log_model` is told of a fitted pipeline; a few of `rows` are the example."""
    return {
        "example": rows.features[list(model[0].kinds)].head(EXAMPLE_ROWS),
        "code_paths": ["src/pipeline"],
        "trusted_types": list(TRUSTED_TYPES),
        "distributions": [*DISTRIBUTIONS, *_distributions_of(model[-1])],
    }


def _distributions_of(last: Any) -> list[str]:  # noqa: ANN401  # scikit-learn has no types
    """Name the packages that a model needs beside scikit-learn, as they were installed here.

    XGBoost comes as `xgboost` and, without what drives a GPU, as `xgboost-cpu`.
    """
    inner = last.estimator if isinstance(last, CodedClasses) else last
    package = type(inner).__module__.partition(".")[0]
    return sorted(set(packages_distributions()[package])) if package == "xgboost" else []
