"""MLflow's registry of models: versions, their aliases and their tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wherefrom.sources.mlflow_client import client, converted, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.runs import LoggedModel

_TAKEN = "RESOURCE_ALREADY_EXISTS"
_MISSING = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Version:
    """A version of a registered model; `source` is what was registered."""

    version: str
    source: str
    tags: Mapping[str, str] = field(default_factory=dict)


def source_of(model: LoggedModel) -> str:
    """Give what is registered of a logged model."""
    return f"models:/{model.model_id}"


class Registry:
    """The registry of a store; every method raises `StoreUnreachableError`."""

    def __init__(self, uri: str) -> None:
        """Connect. Raises `StoreUnreachableError` within ten seconds."""
        self._uri = uri
        self._client = client(uri)

    def versions(self, name: str) -> list[Version]:
        """List the versions of a model, the oldest first; none where it is not registered."""
        query, found, token = f"name = '{name}'", list[Any](), ""
        with converted(self._uri):
            while True:
                page = self._client.search_model_versions(query, page_token=token)
                found += page
                token = page.token
                if not token:
                    break
        listed = (Version(str(v.version), str(v.source), dict(v.tags)) for v in found)
        return sorted(listed, key=lambda one: int(one.version))

    def holder(self, name: str, alias: str) -> str | None:
        """Give the version that has an alias; None where none has."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415, TID251

        with converted(self._uri):
            try:
                return str(self._client.get_model_version_by_alias(name, alias).version)
            except MlflowException as error:
                if error.error_code in {_MISSING, "INVALID_PARAMETER_VALUE"}:
                    return None
                raise

    def register(
        self, name: str, model: LoggedModel, description: str, tags: Mapping[str, str]
    ) -> str:
        """Make a version of a logged model, which belongs to its run; give its number."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415, TID251

        with converted(self._uri), quiet():
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != _TAKEN:
                    raise
            made = self._client.create_model_version(
                name,
                source_of(model),
                run_id=model.run_id,
                tags=dict(tags),
                description=description,
                model_id=model.model_id,
            )
            return str(made.version)

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Give an alias to a version, whichever had it."""
        with converted(self._uri):
            self._client.set_registered_model_alias(name, alias, version)

    def set_tags(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """Say more of a version."""
        with converted(self._uri):
            for key, value in tags.items():
                self._client.set_model_version_tag(name, version, key, value)
