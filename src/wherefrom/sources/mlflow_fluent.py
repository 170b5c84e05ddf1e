"""MLflow's fluent API, as the code of a stage uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import ActiveRun  # noqa: TID251


def is_in_run() -> bool:
    """Whether a run is active already."""
    import mlflow  # noqa: PLC0415, TID251 - the caller's own code has imported it

    return mlflow.active_run() is not None


def start_run(**options: Any) -> ActiveRun:  # noqa: ANN401
    """Start a run; it is MLflow's own context manager."""
    import mlflow  # noqa: PLC0415, TID251

    return mlflow.start_run(**options)


def set_tags(run: ActiveRun, tags: Mapping[str, str]) -> None:
    """Set tags of a run, also of one that its code has ended."""
    import mlflow  # noqa: PLC0415, TID251

    client = mlflow.MlflowClient()
    for name, value in tags.items():
        client.set_tag(run.info.run_id, name, value)
