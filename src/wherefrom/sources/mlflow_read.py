"""What is asked of a tracking store beside its runs: their models, and their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.identity import MlflowRunId
from wherefrom.runs import LoggedModel, ModelVersion
from wherefrom.sources.mlflow_client import REFUSALS, be_quick, converted, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def run_of_model(client: Any, name: str) -> str | None:  # noqa: ANN401
    """Find the run of `NAME/VERSION`, `NAME@ALIAS` or a model's id; None where there is none."""
    if "@" in name or "/" in name:
        found = getattr(version(client, name), "run_id", None)
    else:
        found = _if_there(lambda: client.get_logged_model(name).source_run_id)
    return str(found) if found else None


def version(client: Any, name: str) -> Any:  # noqa: ANN401
    """Find the version `NAME/VERSION`, or what has `NAME@ALIAS`; None where there is none."""
    model, at, alias = name.partition("@")
    if at:
        return _if_there(lambda: client.get_model_version_by_alias(model, alias))
    model, _, number = name.partition("/")
    return _if_there(lambda: client.get_model_version(model, number)) if number else None


def _if_there(ask: Callable[[], Any]) -> Any:  # noqa: ANN401
    from mlflow.exceptions import MlflowException  # noqa: PLC0415, TID251

    try:
        return ask()
    except MlflowException as error:
        if error.error_code in REFUSALS:
            return None
        raise


def which(*, deleted: bool) -> Any:  # noqa: ANN401
    """Give MLflow's word for the runs that are deleted, or for those that are not."""
    from mlflow.entities import ViewType  # noqa: PLC0415, TID251

    return ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY


def logged_models(client: Any, experiment_ids: list[str]) -> tuple[LoggedModel, ...]:  # noqa: ANN401
    """List the models that runs have logged, whole."""
    found = _all_pages(lambda token: client.search_logged_models(experiment_ids, page_token=token))
    return tuple(
        LoggedModel(
            str(model.model_id),
            MlflowRunId(model.source_run_id) if model.source_run_id else None,
            str(model.artifact_location),
            str(model.name),
        )
        for model in found
        if model.status == "READY"
    )


def model_versions(client: Any) -> tuple[ModelVersion, ...]:  # noqa: ANN401
    """List the versions of registered models."""
    found = _all_pages(lambda token: client.search_model_versions(page_token=token))
    return tuple(
        ModelVersion(
            version.name,
            str(version.version),
            MlflowRunId(version.run_id) if version.run_id else None,
            str(version.source or ""),
            str(client.get_model_version_download_uri(version.name, version.version)),
        )
        for version in found
    )


def artifact_files(uri: str, place: str) -> list[str]:
    """List the files below a URI of artifacts, by their paths in it."""
    be_quick()
    from mlflow.store.artifact.artifact_repository_registry import (  # noqa: PLC0415, TID251
        get_artifact_repository,
    )

    with converted(uri), quiet():
        repository = get_artifact_repository(place, tracking_uri=uri)
        found, folders = list[str](), [""]
        for folder in folders:
            for item in repository.list_artifacts(folder or None):
                (folders if item.is_dir else found).append(item.path)
        return found


def fetch_artifact(uri: str, place: str, name: str, folder: Path) -> Path:
    """Fetch a file below a URI of artifacts into a folder."""
    from mlflow.store.artifact.artifact_repository_registry import (  # noqa: PLC0415, TID251
        get_artifact_repository,
    )

    with converted(uri), quiet():
        repository = get_artifact_repository(place, tracking_uri=uri)
        return Path(repository.download_artifacts(name, str(folder)))


def _all_pages(ask: Callable[[str | None], Any]) -> Iterator[Any]:
    token = None
    while True:
        page = ask(token)
        yield from page
        token = page.token
        if not token:
            return
