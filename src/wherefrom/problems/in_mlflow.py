"""What MLflow should hold of a result, and does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.problems import Problem, some
from wherefrom.uris import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.runs import LoggedModel, ModelVersion, Run


def no_run(record_id: str, name: str, *, waits: bool) -> Problem:
    """Say that the run of a record is not in MLflow."""
    return Problem(
        what=f"the run of {name} (record {record_id[:12]}) is not in MLflow",
        why="it waits in the journal"
        if waits
        else "it was made elsewhere or with tracking off, or its store was lost",
        remedy="`wherefrom sync`" if waits else "`wherefrom sync --rebuild` makes it from git",
        cause="run",
        object=record_id,
        lost="nothing" if waits else "curves by step, logs and the logged model",
    )


def deleted_run(run: Run) -> Problem:
    """Say that a run was deleted in MLflow, which keeps it until `mlflow gc`."""
    return Problem(
        what=f"the run {run.mlflow_run_id} ({run.name}) was deleted in MLflow",
        why="git still holds its result; `mlflow gc` removes the run for good",
        remedy=f"`mlflow runs restore --run-id {run.mlflow_run_id}`",
        cause="run",
        object=run.mlflow_run_id,
        lost="soon its curves, its logs and its logged model",
    )


def artifacts_gone(run: Run, names: Sequence[str], place: str) -> Problem:
    """Name the files that were logged to a run and are gone."""
    return Problem(
        what=f"{some(names)} of the run {run.mlflow_run_id} is gone",
        why=f"it was logged, and is not in {redact(place)}",
        remedy="restore it from a copy of that folder; nothing else has it",
        cause="artifact",
        object=run.mlflow_run_id,
        lost=", ".join(names),
    )


def model_deleted(run: Run, name: str, kept: Sequence[str]) -> Problem:
    """Say that a model which a run had logged is none of MLflow's any more."""
    return Problem(
        what=f"the logged model {name!r} of the run {run.mlflow_run_id} is not in MLflow",
        why="it was deleted there",
        remedy="nothing restores it; `dvc repro --force` makes it again, as a run of its own",
        cause="model",
        object=run.mlflow_run_id,
        lost=_model(kept),
    )


def model_gone(model: LoggedModel, names: Sequence[str], kept: Sequence[str]) -> Problem:
    """Name the files of a logged model that are gone."""
    return Problem(
        what=f"{some(names)} of the logged model {model.model_id} is gone",
        why=f"it was logged, and is not in {redact(model.place)}",
        remedy="restore it from a copy of that folder, or log the model again: `dvc repro --force`",
        cause="model",
        object=model.model_id,
        lost=_model(kept),
    )


def other_bytes(owner: str, names: Sequence[str], place: str) -> Problem:
    """Name files in a store that are not those that were logged."""
    return Problem(
        what=f"{some(names)} of the {owner} is not what was logged",
        why=f"the bytes in {redact(place)} have another hash than at delivery",
        remedy="restore it from a copy of that folder, and load no model from it before",
        cause="bytes",
        object=f"{owner}: {', '.join(names)}",
        lost="these bytes, and trust in what is loaded from there",
    )


def version_broken(version: ModelVersion, why: str) -> Problem:
    """Say that a version of a registered model leads nowhere."""
    return Problem(
        what=f"{version.uri} does not load",
        why=why,
        remedy="register a model that is there, or delete this version in MLflow",
        cause="version",
        object=version.uri,
        lost="the model that is served or loaded by that name",
    )


def _model(kept: Sequence[str]) -> str:
    also = f"; DVC has {', '.join(kept)}" if kept else ""
    return f"the model as MLflow loads it{also}"
