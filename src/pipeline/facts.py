"""What a search in MLflow asks of a model: its kind, its features, its rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.coded import CodedClasses
from pipeline.features import names_of

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pipeline.schema import Schema


def facts(model: Pipeline, schema: Schema) -> dict[str, Any]:
    """Give the facts by their names (docs/names.md).

    `feature_cols` are the columns of the table, `n_features` counts what they become.
    """
    last = model[-1]
    inner = last.estimator if isinstance(last, CodedClasses) else last
    return {
        "model_type": type(inner).__name__,
        "n_features": len(names_of(model[:-1])),
        "feature_cols": json.dumps(list(model[0].kinds)),
        **{f"rows.{side}": count for side, count in schema.rows.items()},
    }
