"""MLflow: the one place that calls it, by its public interfaces."""

from __future__ import annotations

import json
import os
import re
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.datasets import SOURCE_TYPE, as_source
from wherefrom.errors import StoreRefusedError, StoreUnreachableError
from wherefrom.identity import MlflowRunId, RecordId
from wherefrom.names import KILLED, PROCESS, RECORD_ID, RELATION
from wherefrom.process import is_gone, parse
from wherefrom.runs import LoggedModel, ModelVersion
from wherefrom.sources import local_store, reachable
from wherefrom.uris import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from wherefrom.curves import Point
    from wherefrom.datasets import DataInput

_REFUSALS = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE"}
_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Opens the UI on training runs; without it MLflow 3 takes an experiment for one of agents."""
_STORE_MODULES = {"alembic", "mlflow", "requests", "urllib3", "sqlalchemy", "sqlite3", "filelock"}
_QUIET_AND_QUICK = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


class Store:
    """A tracking store that answered.

    Every method raises `StoreUnreachableError` if it no longer does.
    """

    def __init__(self, uri: str, client: Any, artifact_root: Path, state: Path) -> None:  # noqa: ANN401
        self.uri = uri
        self._client = client
        self._places = (artifact_root, state)

    def experiment_id(self, name: str) -> str:
        """Find or make an MLflow experiment."""
        with converted(self.uri):
            return _experiment(self._client, self.uri, name, *self._places)

    def create_run(
        self, experiment: str, name: str, started: int, tags: Mapping[str, str]
    ) -> MlflowRunId:
        """Start a run in an MLflow experiment; `started` in milliseconds, UTC."""
        experiment_id = self.experiment_id(experiment)
        with converted(self.uri):
            run = self._client.create_run(
                experiment_id, start_time=started, tags=dict(tags), run_name=name
            )
            return MlflowRunId(run.info.run_id)

    def find_run(self, record_id: RecordId) -> MlflowRunId | None:
        """Find the run of a record, in whatever MLflow experiment; None where there is none."""
        with converted(self.uri):
            runs = self._client.search_runs(
                self._experiments(), f"tags.`{RECORD_ID}` = '{record_id}'", max_results=1
            )
            return MlflowRunId(runs[0].info.run_id) if runs else None

    def log(
        self,
        run_id: MlflowRunId,
        *,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        at: int,
        model_id: str | None = None,
        data: DataInput | None = None,
    ) -> None:
        """Log values; the same values twice are there once. `at` is the metrics' time.

        The metrics are those of the logged model and of the raw table, where these are given.
        """
        from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415, TID251

        with converted(self.uri):
            rows = [Param(key, value) for key, value in params.items()]
            for part in _parts(rows, 100):
                self._client.log_batch(run_id, params=part)
            marks = [RunTag(key, value) for key, value in tags.items()]
            for part in _parts(marks, 100):
                self._client.log_batch(run_id, tags=part)
            table = (data.path, data.hash) if data else (None, None)
            points = [Metric(k, value, at, 0, model_id, *table) for k, value in metrics.items()]
            for part in _parts(points, 1000):
                self._client.log_batch(run_id, metrics=part)

    def unset(self, run_id: MlflowRunId, tags: Iterable[str]) -> None:
        """Remove tags that no longer hold, those of them that are there."""
        with converted(self.uri):
            here = self._client.get_run(run_id).data.tags
            for tag in tags:
                if tag in here:
                    self._client.delete_tag(run_id, tag)

    def deleted_records(self) -> set[RecordId]:
        """List the records whose runs were deleted in MLflow and can be restored there."""
        from mlflow.entities import ViewType  # noqa: PLC0415, TID251

        found: set[RecordId] = set()
        token = None
        with converted(self.uri):
            while True:
                page = self._client.search_runs(
                    self._experiments(),
                    run_view_type=ViewType.DELETED_ONLY,
                    max_results=1000,
                    page_token=token,
                )
                found |= {RecordId(run.data.tags.get(RECORD_ID, "")) for run in page}
                token = page.token
                if not token:
                    return found - {RecordId("")}

    def log_points(self, run_id: MlflowRunId, points: Iterable[Point]) -> None:
        """Log metrics by step; the same point twice is there once."""
        from mlflow.entities import Metric  # noqa: PLC0415, TID251

        rows = [Metric(point.key, point.value, point.at, point.step) for point in points]
        with converted(self.uri):
            for part in _parts(rows, 1000):
                self._client.log_batch(run_id, metrics=part)

    def log_inputs(self, run_id: MlflowRunId, data: Iterable[DataInput]) -> None:
        """List raw data among the inputs of a run."""
        from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415, TID251

        inputs = [
            DatasetInput(
                Dataset(item.path, item.hash, SOURCE_TYPE, json.dumps(as_source(item))),
                [InputTag("mlflow.data.context", "raw")],
            )
            for item in data
        ]
        with converted(self.uri):
            self._client.log_inputs(run_id, inputs)

    def model_of(self, run_id: MlflowRunId) -> str | None:
        """Give the id of the model that a run has logged; None where there is none."""
        with converted(self.uri):
            experiment_id = self._client.get_run(run_id).info.experiment_id
            known = self._client.search_logged_models(
                [experiment_id], f"source_run_id = '{run_id}'"
            )
        return next((str(model.model_id) for model in known if model.status == "READY"), None)

    def log_files(self, run_id: MlflowRunId, folder: Path) -> None:
        """Log all files below a folder as artifacts."""
        with converted(self.uri):
            self._client.log_artifacts(run_id, str(folder))

    def log_model(self, run_id: MlflowRunId, folder: Path) -> None:
        """Log a saved model as the run's, once: what `mlflow.sklearn.log_model` does, from disk."""
        from mlflow.entities import LoggedModelOutput  # noqa: PLC0415, TID251
        from mlflow.models import Model  # noqa: PLC0415, TID251

        with converted(self.uri):
            if self.model_of(run_id) is not None:
                return
            run = self._client.get_run(run_id)
            logged = self._client.create_logged_model(
                run.info.experiment_id, "model", run_id, params=dict(run.data.params)
            )
            self._client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])
            model = Model.load(str(folder))
            model.run_id, model.model_id = run_id, logged.model_id
            model.model_uuid, model.artifact_path = logged.model_id, logged.artifact_location
            model.save(str(folder / "MLmodel"))
            self._client.log_model_artifacts(logged.model_id, str(folder))
            self._client.finalize_logged_model(logged.model_id, "READY")

    def set_running(self, run_id: MlflowRunId) -> None:
        """Show that a run goes on."""
        with converted(self.uri):
            self._client.update_run(run_id, "RUNNING")

    def end(self, run_id: MlflowRunId, status: str, ended: int) -> None:
        """End a run; `ended` in milliseconds, UTC."""
        with converted(self.uri):
            self._client.set_terminated(run_id, status, ended)

    def end_dead_runs(self) -> None:
        """End the runs whose process was killed on this host since it was started.

        A run of foreign code that has an end and runs again (MLflow keeps the first end) is gone on
        with by a process that no tag names: it is left alone.
        """
        with converted(self.uri):
            runs = self._client.search_runs(self._experiments(), "attributes.status = 'RUNNING'")
        for run in runs:
            process = parse(run.data.tags.get(PROCESS, ""))
            resumed = run.info.end_time is not None and RELATION not in run.data.tags
            if process is not None and is_gone(process) and not resumed:
                self.log(
                    MlflowRunId(run.info.run_id),
                    params={},
                    metrics={},
                    tags=KILLED,
                    at=0,
                )
                self.end(MlflowRunId(run.info.run_id), "KILLED", run.info.start_time)

    def _experiments(self) -> list[str]:
        return [experiment.experiment_id for experiment in self._client.search_experiments()]


def open_store(uri: str, experiment: str, artifact_root: Path, state: Path) -> Store:
    """Open a store, made and migrated by one process alone, with its MLflow experiment.

    `artifact_root` holds the artifacts of a store on this disk. Raises `StoreUnreachableError`
    within ten seconds where it does not answer.
    """
    _prepare(uri)
    import mlflow  # noqa: PLC0415, TID251 - a second, for those who need it

    with converted(uri), _quiet():  # after the import, which sets its loggers
        if not local_store.is_ready(uri, state):
            with local_store.first_use(state):  # the client itself makes the schema
                if not local_store.is_ready(uri, state):
                    local_store.unmark(uri, state)
                mlflow.MlflowClient(uri).search_experiments(max_results=1)
                local_store.relocate(uri, artifact_root, state)
                local_store.mark_ready(uri, state)
        store = Store(uri, mlflow.MlflowClient(uri), artifact_root, state)
        store.experiment_id(experiment)
        return store


def import_mlflow() -> None:
    """Import MLflow, which takes one or two seconds."""
    _be_quick()
    import mlflow  # noqa: F401, PLC0415, TID251


def import_sklearn() -> None:
    """Import what saves a scikit-learn model, which takes a second."""
    with _quiet():
        import mlflow.sklearn  # noqa: F401, PLC0415, TID251
        import skops.io  # noqa: F401, PLC0415


def _prepare(uri: str) -> None:
    reachable.probe(uri)
    _be_quick()


def _be_quick() -> None:
    for key, value in _QUIET_AND_QUICK.items():
        os.environ.setdefault(key, value)


def client(uri: str) -> Any:  # noqa: ANN401
    """Give a client for a store that is only read. Raises `StoreUnreachableError`."""
    _prepare(uri)
    import mlflow  # noqa: PLC0415, TID251 - a second, for those who need it

    with converted(uri), _quiet():
        return mlflow.MlflowClient(uri)


def run_of_model(client: Any, name: str) -> str | None:  # noqa: ANN401
    """Find the run of `NAME/VERSION`, `NAME@ALIAS` or a model's id; None where there is none."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415, TID251

    model, at, alias = name.partition("@")
    model, _, version = (model, "", "") if at else name.partition("/")
    try:
        if at:
            found = client.get_model_version_by_alias(model, alias).run_id
        elif version:
            found = client.get_model_version(model, version).run_id
        else:
            found = client.get_logged_model(name).source_run_id
    except MlflowException as error:
        if error.error_code in _REFUSALS:
            return None
        raise
    return str(found) if found else None


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
    _be_quick()
    from mlflow.store.artifact.artifact_repository_registry import (  # noqa: PLC0415, TID251
        get_artifact_repository,
    )

    with converted(uri), _quiet():
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

    with converted(uri), _quiet():
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


def save_sklearn_model(
    model: Any,  # noqa: ANN401
    folder: Path,
    *,
    example: Any,  # noqa: ANN401
    requirements: Sequence[str],
    code_paths: Sequence[str],
    trusted_types: Sequence[str],
) -> None:
    """Save a fitted scikit-learn model as an MLflow model (skops), with signature and example.

    The signature names the columns of the example and no types: raw rows come with those that
    their reader made.
    """
    import mlflow.sklearn  # noqa: PLC0415, TID251
    from mlflow.models import ModelSignature, infer_signature  # noqa: PLC0415, TID251
    from mlflow.types.schema import AnyType, ColSpec, Schema  # noqa: PLC0415, TID251

    inputs = Schema([ColSpec(AnyType(), str(name)) for name in example.columns])
    with _quiet():
        mlflow.sklearn.save_model(
            model,
            str(folder),
            serialization_format="skops",
            skops_trusted_types=list(trusted_types),
            signature=ModelSignature(
                inputs, infer_signature(model_output=model.predict(example)).outputs
            ),
            input_example=example,
            pip_requirements=list(requirements),
            code_paths=list(code_paths),
        )
    for cache in sorted(folder.rglob("__pycache__")):
        for file in cache.iterdir():
            file.unlink()
        cache.rmdir()


def _experiment(client: Any, uri: str, name: str, root: Path, state: Path) -> str:  # noqa: ANN401
    """Find or make an MLflow experiment, with an artifact location that no folder decides."""
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if found is not None:
        return str(found.experiment_id)
    local = uri.startswith(("sqlite:", "file:"))
    location = (root / re.sub(r"[^\w.-]+", "_", name)).as_uri() if local else None
    with local_store.first_use(state):
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(client.create_experiment(name, artifact_location=location, tags=_KIND))


@contextmanager
def converted(uri: str) -> Iterator[None]:
    """Turn every error that means `no answer` into one of ours."""
    try:
        yield
    except StoreUnreachableError:
        raise
    except Exception as error:
        if not _is_store_error(error):
            raise
        refused = getattr(error, "error_code", None) in _REFUSALS
        kind = StoreRefusedError if refused else StoreUnreachableError
        raise kind(redact(uri), reachable.short_text(error)) from error


def _is_store_error(error: Exception) -> bool:
    modules = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    return bool(modules & _STORE_MODULES) or isinstance(error, OSError)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's advice to its own users away from ours."""
    import logging  # noqa: PLC0415

    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _parts(rows: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
