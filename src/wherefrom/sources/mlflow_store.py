"""A tracking store: what is logged to it, by MLflow's public interfaces."""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from wherefrom import card
from wherefrom.datasets import SOURCE_TYPE, as_source
from wherefrom.identity import MlflowRunId, RecordId
from wherefrom.names import DECIDED, KILLED, PROCESS, RECORD_ID, RELATION, STAGE
from wherefrom.process import is_gone, parse
from wherefrom.sources import local_store
from wherefrom.sources.mlflow_client import converted, prepare, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from wherefrom.curves import Point
    from wherefrom.datasets import DataInput

_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Opens the UI on training runs; without it MLflow 3 takes an experiment for one of agents."""


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
        return self.find_tagged({RECORD_ID: record_id})

    def find_tagged(self, tags: Mapping[str, str]) -> MlflowRunId | None:
        """Find a run with these tags, none of which has a quote in it; None where there is none."""
        query = " AND ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        with converted(self.uri):
            runs = self._client.search_runs(self._experiments(), query, max_results=1)
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
            table = (data.path, data.hash) if data else (None, None)
            few, many = _sizes([*params.values(), *tags.values()])
            batches = zip_longest(
                _parts([Param(key, value) for key, value in params.items()], few),
                _parts([RunTag(key, value) for key, value in tags.items()], few),
                _parts([Metric(k, v, at, 0, model_id, *table) for k, v in metrics.items()], many),
                fillvalue=(),
            )
            for rows, marks, points in batches:
                self._client.log_batch(run_id, params=rows, tags=marks, metrics=points)

    def tags(self, run_id: MlflowRunId) -> dict[str, str]:
        """Give the tags of a run."""
        with converted(self.uri):
            return dict(self._client.get_run(run_id).data.tags)

    def unset(self, run_id: MlflowRunId, tags: Sequence[str], here: Collection[str]) -> None:
        """Remove tags that no longer hold, those of them that are `here`."""
        with converted(self.uri):
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
        """Give the id of the trained model that a run has logged; None where there is none."""
        with converted(self.uri):
            info = self._client.get_run(run_id).info
            return _model_of(self._client, info, lambda name: name != DECIDED)

    def log_files(self, run_id: MlflowRunId, folder: Path) -> None:
        """Log all files below a folder as artifacts."""
        with converted(self.uri):
            self._client.log_artifacts(run_id, str(folder))

    def log_model(self, run_id: MlflowRunId, folder: Path) -> str:
        """Log a saved model as the run's, once: what `mlflow.sklearn.log_model` does, from disk.

        It is called as its folder. Gives the id of the model of that name that the run has logged.
        """
        from mlflow.entities import LoggedModelOutput  # noqa: PLC0415, TID251
        from mlflow.models import Model  # noqa: PLC0415, TID251

        with converted(self.uri):
            run = self._client.get_run(run_id)
            if known := _model_of(self._client, run.info, lambda name: name == folder.name):
                return known
            logged = self._client.create_logged_model(
                run.info.experiment_id, folder.name, run_id, params=dict(run.data.params)
            )
            self._client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])
            model = Model.load(str(folder))
            model.run_id, model.model_id = run_id, logged.model_id
            model.model_uuid, model.artifact_path = logged.model_id, logged.artifact_location
            model.save(str(folder / "MLmodel"))
            self._client.log_model_artifacts(logged.model_id, str(folder))
            self._client.finalize_logged_model(logged.model_id, "READY")
            return str(logged.model_id)

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
            tags = run.data.tags
            process = parse(tags.get(PROCESS, ""))
            resumed = run.info.end_time is not None and STAGE in tags and RELATION not in tags
            if process is not None and is_gone(process) and not resumed:
                marks = KILLED | card.described({**tags, **KILLED}, tags)
                self.log(MlflowRunId(run.info.run_id), params={}, metrics={}, tags=marks, at=0)
                self.end(MlflowRunId(run.info.run_id), "KILLED", run.info.start_time)

    def _experiments(self) -> list[str]:
        return [experiment.experiment_id for experiment in self._client.search_experiments()]


def open_store(uri: str, experiment: str, artifact_root: Path, state: Path) -> Store:
    """Open a store, made and migrated by one process alone, with its MLflow experiment.

    `artifact_root` holds the artifacts of a store on this disk. Raises `StoreUnreachableError`
    within ten seconds where it does not answer.
    """
    prepare(uri)
    import mlflow  # noqa: PLC0415, TID251 - a second, for those who need it

    with converted(uri), quiet():  # after the import, which sets its loggers
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


def _model_of(client: Any, run_info: Any, is_it: Callable[[str], bool]) -> str | None:  # noqa: ANN401
    """Find a model that a run has logged, whole, by what its name has to be."""
    known = client.search_logged_models(
        [run_info.experiment_id], f"source_run_id = '{run_info.run_id}'"
    )
    whole = (model for model in known if model.status == "READY" and is_it(model.name))
    return next((str(model.model_id) for model in whole), None)


def _sizes(texts: list[str]) -> tuple[int, int]:
    """Say how many parameters and tags, and how many metrics, a batch of MLflow can take.

    It has 100, 100 and 1,000 at most, 1,000 together, and 1,000,000 bytes, of which a character
    may take six: https://mlflow.org/docs/latest/rest-api.html#log-batch
    """
    return (100, 800) if sum(map(len, texts)) < 100_000 else (10, 100)  # noqa: PLR2004


def _parts(rows: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
