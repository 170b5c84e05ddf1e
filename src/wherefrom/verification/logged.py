"""What MLflow has of results: runs, the files that were logged to them, models and versions."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING

from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.identity import MlflowRunId
from wherefrom.journal import Journal
from wherefrom.names import DECIDED, LISTINGS, MODEL
from wherefrom.problems import in_mlflow
from wherefrom.sources.artifacts import Artifacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wherefrom.problems import Problem
    from wherefrom.runs import LoggedModel, ModelVersion, Run, Stored
    from wherefrom.verification.ledger import Placed
    from wherefrom.view import View

    Md5s = Mapping[str, str]
    """The files of a folder, and the hash that each was logged with."""

_ARTIFACTS, _MLMODEL = "artifacts/", "MLmodel"


class Logged:
    """Looks at what a store keeps of many results; it is asked once."""

    def __init__(self, view: View, *, data: bool) -> None:
        self._view = view
        self._data = data
        self._files = Artifacts(view.uri, view.project)

    def of(self, placed: Placed) -> tuple[Problem, ...]:
        """Name what is missing of a result's run; nothing where the store does not answer."""
        try:
            found = tuple(self._of(placed))
        except StoreUnreachableError as error:
            self._view.lose(error)
        return () if self._view.unasked else found

    def expect(self, placed: Iterable[Placed]) -> None:
        """List at once what will be asked for of many results."""
        runs = [one.subject.run.mlflow_run_id for one in placed if one.subject.run]
        try:
            listed = [self._stored.places[i] for i in runs if i in self._stored.listings]
            models = [model.place for i in runs for model in self._models.get(i, ())]
            self._files.expect([*listed, *models])
        except StoreUnreachableError as error:
            self._view.lose(error)

    def versions_of(self, run: Run | None) -> tuple[ModelVersion, ...]:
        """List the versions of registered models that point to a run."""
        return tuple(self._versions.get(run.mlflow_run_id, ())) if run else ()

    def _of(self, placed: Placed) -> Iterator[Problem]:
        run = placed.subject.run
        if run is None:
            run = next((run for run in self._stored.deleted if _is_of(run, placed)), None)
            yield from self._without_a_run(placed, run)
        else:
            place = self._stored.places.get(run.mlflow_run_id, "")
            listed: dict[str, str] = {}
            for value in self._stored.listings.get(run.mlflow_run_id, ()):
                found, problem = self._listing(run, place, value)
                listed |= found
                yield from [problem] if problem else []
            yield from self._artifacts(run, place, _below(_ARTIFACTS, listed))
            yield from self._logged_models(placed, run, listed)
        for version in self.versions_of(run):
            yield from self._broken(version)

    def _without_a_run(self, placed: Placed, deleted: Run | None) -> Iterator[Problem]:
        """Name a run that is not there; results that keep no record may never have had one."""
        record_id = placed.subject.record_id
        if deleted is not None:
            yield in_mlflow.deleted_run(deleted)
        elif record_id and not self._view.table.of_record(record_id):
            waits = record_id in self._waiting
            yield in_mlflow.no_run(record_id, placed.subject.name, waits=waits)

    def _listing(self, run: Run, place: str, value: str) -> tuple[Md5s, Problem | None]:
        """Read what was logged to a run, by its own listing."""
        name = f"{LISTINGS}/{value}.json"
        if name not in self._files.files(place):
            return {}, in_mlflow.artifacts_gone(run, [name], place)
        content = self._files.read(place, name)
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != value:
            return {}, in_mlflow.other_bytes(f"run {run.mlflow_run_id}", [name], place)
        return {entry["relpath"]: entry["md5"] for entry in json.loads(content)}, None

    def _artifacts(self, run: Run, place: str, listed: Md5s) -> Iterator[Problem]:
        if gone := sorted(listed.keys() - self._files.files(place)) if listed else []:
            yield in_mlflow.artifacts_gone(run, gone, place)
        if wrong := self._wrong(place, listed):
            yield in_mlflow.other_bytes(f"run {run.mlflow_run_id}", wrong, place)

    def _logged_models(self, placed: Placed, run: Run, listed: Md5s) -> Iterator[Problem]:
        """Look at the models of a run, and for those that it has listed."""
        found = self._models.get(run.mlflow_run_id, [])
        files = {name: _below(f"{name}/", listed) for name in (MODEL, DECIDED)}
        for name in dict.fromkeys([*files, *(model.name for model in found)]):
            models = [model for model in found if model.name == name]
            yield from self._models_called(name, models, files.get(name, {}), placed, run)

    def _models_called(
        self, name: str, models: list[LoggedModel], listed: Md5s, placed: Placed, run: Run
    ) -> Iterator[Problem]:
        """Look at models of one name; of several the listing is of the one that has its files."""
        kept = _models_of(placed)
        if listed and not models:
            yield in_mlflow.model_deleted(run, name, kept)
        models = sorted(models, key=lambda model: len(self._gone(model.place, listed)))
        for number, model in enumerate(models):
            md5s = listed if number == 0 else {}
            if gone := self._gone(model.place, md5s or {_MLMODEL: ""}):
                yield in_mlflow.model_gone(model, gone, kept)
            if wrong := self._wrong(model.place, md5s):
                yield in_mlflow.other_bytes(f"model {model.model_id}", wrong, model.place)

    def _gone(self, place: str, names: Iterable[str]) -> list[str]:
        return sorted(set(names) - self._files.files(place))

    def _wrong(self, place: str, listed: Md5s) -> list[str]:
        """List the files, of those that are there, whose bytes are not those that were logged."""
        if not self._data:
            return []
        here = sorted(listed.keys() & self._files.files(place)) if listed else []
        return [name for name in here if self._files.md5(place, name) != listed[name]]

    def _broken(self, version: ModelVersion) -> Iterator[Problem]:
        """Say so where a version of a registered model does not lead to files any more."""
        _, of_model, model_id = version.source.partition("models:/m-")
        if of_model and f"m-{model_id}" not in self._ids:
            yield in_mlflow.version_broken(version, f"the logged model m-{model_id} was deleted")
        elif not self._files.files(self._place_of(version)):
            yield in_mlflow.version_broken(version, "there are no files where it points")

    def _place_of(self, version: ModelVersion) -> str:
        """Give the folder of a version; `runs:/ID/PATH` may mean a run's file or its model."""
        if not version.place.startswith("runs:/"):
            return version.place
        run_id, _, path = version.place.removeprefix("runs:/").partition("/")
        place = f"{self._stored.places.get(MlflowRunId(run_id), '')}/{path}"
        models = self._models.get(MlflowRunId(run_id), [])
        models = sorted(models, key=lambda model: model.name != path)
        return models[0].place if models and not self._files.files(place) else place

    # -- what the store has, by what is asked for

    @cached_property
    def _stored(self) -> Stored:
        return self._view.runs.stored()

    @cached_property
    def _ids(self) -> set[str]:
        return {model.model_id for model in self._stored.models}

    @cached_property
    def _models(self) -> dict[MlflowRunId, list[LoggedModel]]:
        found: dict[MlflowRunId, list[LoggedModel]] = {}
        for model in self._stored.models:
            if model.run_id:
                found.setdefault(model.run_id, []).append(model)
        return found

    @cached_property
    def _versions(self) -> dict[MlflowRunId, list[ModelVersion]]:
        found: dict[MlflowRunId, list[ModelVersion]] = {}
        for version in self._stored.versions:
            if version.run_id:
                found.setdefault(version.run_id, []).append(version)
        return found

    @cached_property
    def _waiting(self) -> frozenset[str]:
        return Journal(self._view.project.state).record_ids()


def _is_of(run: Run, placed: Placed) -> bool:
    """Whether a deleted run was the run of a result."""
    if placed.subject.record_id:
        return run.record_id == placed.subject.record_id
    prints = placed.lineage.fingerprints if placed.lineage else ()
    return run.relation is None and run.fingerprint in prints


def _below(folder: str, listed: Md5s) -> Md5s:
    return {p.removeprefix(folder): md5 for p, md5 in listed.items() if p.startswith(folder)}


def _models_of(placed: Placed) -> tuple[str, ...]:
    return placed.lineage.models if placed.lineage else ()
