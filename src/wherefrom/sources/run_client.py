"""The runs of any store but a SQLite file, read by MLflow's client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wherefrom import keys
from wherefrom.identity import MlflowRunId
from wherefrom.names import FILES, FILES_LATER, FINGERPRINT, RECORD_ID, RESULT
from wherefrom.runs import JOINING, Logged, Run, Stored
from wherefrom.sources import mlflow_client, mlflow_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_PAGE = 1000


class RunClient:
    """A `wherefrom.runs.RunSource` on a server or a folder."""

    def __init__(self, uri: str) -> None:
        """Connect. Raises `StoreUnreachableError` within ten seconds."""
        self._uri = uri
        self._client = mlflow_client.client(uri)
        with mlflow_client.converted(uri):
            self._experiments = {
                experiment.experiment_id: experiment.name
                for experiment in self._client.search_experiments()
            }

    def all_runs(self) -> list[Run]:
        """List all runs that are not deleted."""
        return self._search("")

    def of_records(self, record_ids: Sequence[str]) -> list[Run]:
        """Find the runs of records."""
        return self._tagged(RECORD_ID, record_ids)

    def of_fingerprints(self, fingerprints: Sequence[str]) -> list[Run]:
        """Find the runs of stages."""
        return self._tagged(FINGERPRINT, fingerprints)

    def of_id(self, prefix: str) -> list[Run]:
        """Find the runs whose id begins so."""
        return self._search(f"attributes.run_id LIKE '{_quoted(prefix)}%'")

    def of_name(self, name: str) -> list[Run]:
        """Find the runs of a name."""
        return self._search(f"attributes.run_name = '{_quoted(name)}'")

    def of_model(self, name: str) -> list[Run]:
        """Find the run of a model: a version, an alias or a model's id; none if it is not there."""
        with mlflow_client.converted(self._uri):
            run_id = mlflow_read.run_of_model(self._client, name)
        return self._search(f"attributes.run_id = '{_quoted(run_id)}'") if run_id else []

    def results_of_model(self, name: str) -> list[str]:
        """Give the key of the result that a version, or what has an alias, says it is of."""
        with mlflow_client.converted(self._uri):
            version = mlflow_read.version(self._client, name)
        return [str(version.tags[RESULT])] if version and RESULT in version.tags else []

    def logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        """Give what was logged to runs."""
        with mlflow_client.converted(self._uri):
            found = {run_id: self._client.get_run(run_id).data for run_id in run_ids}
        return {
            run_id: Logged(dict(data.params), _finite(data.metrics), dict(data.tags))
            for run_id, data in found.items()
        }

    def stored(self) -> Stored:
        """Give what the store keeps: artifacts, models, versions of models, deleted runs."""
        with mlflow_client.converted(self._uri):
            runs = list(self._pages(""))
            return Stored(
                places={MlflowRunId(run.info.run_id): run.info.artifact_uri for run in runs},
                listings={MlflowRunId(run.info.run_id): _listings(run.data.tags) for run in runs},
                models=mlflow_read.logged_models(self._client, list(self._experiments)),
                versions=mlflow_read.model_versions(self._client),
                deleted=tuple(self._run(run) for run in self._pages("", deleted=True)),
            )

    def _tagged(self, key: str, values: Sequence[str]) -> list[Run]:
        return [run for value in values for run in self._search(f"tags.`{key}` = '{value}'")]

    def _search(self, query: str) -> list[Run]:
        with mlflow_client.converted(self._uri):
            return [self._run(run) for run in self._pages(query)]

    def _pages(self, query: str, *, deleted: bool = False) -> Iterator[Any]:
        token, view = None, mlflow_read.which(deleted=deleted)
        while self._experiments:
            page = self._client.search_runs(
                list(self._experiments), query, view, max_results=_PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def _run(self, run: Any) -> Run:  # noqa: ANN401
        info, tags = run.info, run.data.tags
        joining: dict[str, Any] = {
            field: tags[tag] for tag, field in JOINING.items() if tag in tags
        }
        return Run(
            *(MlflowRunId(info.run_id), info.run_name or "", info.status),
            *(info.start_time, info.end_time, self._experiments.get(info.experiment_id, "")),
            **joining,
        )


def _listings(tags: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(tags[key] for key in (FILES, FILES_LATER) if key in tags)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if keys.is_metric(value)}
