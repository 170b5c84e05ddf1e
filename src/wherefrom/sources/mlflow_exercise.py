"""MLflow used once, with nothing of anybody's, so that what it sets up at first use is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.sources.mlflow_model import save_sklearn_model

if TYPE_CHECKING:
    from pathlib import Path


def save_a_model(folder: Path) -> None:
    """Save a model: MLflow looks through all installed packages for the first one."""
    import pandas as pd  # noqa: PLC0415
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415

    table = pd.DataFrame({"x": [0.0, 1.0]})
    save_sklearn_model(
        LinearRegression().fit(table, [0.0, 1.0]),
        folder,
        example=table,
        requirements=["scikit-learn"],
        code_paths=[],
        trusted_types=[],
    )


def open_a_store() -> None:
    """Let SQLAlchemy work out how the tables of a store hang together."""
    import mlflow.store.tracking.dbmodels.models  # noqa: F401, PLC0415, TID251
    from sqlalchemy.orm import configure_mappers  # noqa: PLC0415

    configure_mappers()
