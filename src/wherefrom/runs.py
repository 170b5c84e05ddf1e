"""Runs as MLflow holds them, whichever way they were read. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from wherefrom.names import (
    COMMIT,
    DATA_HASH,
    ERROR,
    EXP_BASELINE,
    EXP_NAME,
    EXP_REV,
    FINGERPRINT,
    PARENT,
    PRUNED,
    RECORD_ID,
    RELATION,
    STAGE,
    SWEEP,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wherefrom.identity import CommitSha, ExperimentName, Fingerprint, MlflowRunId, RecordId


@dataclass(frozen=True)
class Run:
    """A run, without what was logged to it. `started` and `ended` are milliseconds, UTC.

    `tags` are those by which it is joined to the ledger; None where a run has none.
    """

    mlflow_run_id: MlflowRunId
    name: str
    status: str
    started: int | None
    ended: int | None
    mlflow_experiment: str
    record_id: RecordId | None = None
    fingerprint: Fingerprint | None = None
    stage: str | None = None
    relation: str | None = None
    experiment: ExperimentName | None = None
    baseline: CommitSha | None = None
    commit: CommitSha | None = None
    exp_rev: CommitSha | None = None
    data_hash: str | None = None
    error: str | None = None
    parent: MlflowRunId | None = None
    sweep: str | None = None
    pruned: str | None = None

    @property
    def is_of_sweep(self) -> bool:
        """Whether it is about a whole sweep: no variant of it, and so no result."""
        return self.sweep is not None and self.parent is None and self.stage is None


JOINING = {
    RECORD_ID: "record_id",
    FINGERPRINT: "fingerprint",
    STAGE: "stage",
    RELATION: "relation",
    EXP_NAME: "experiment",
    EXP_BASELINE: "baseline",
    COMMIT: "commit",
    EXP_REV: "exp_rev",
    DATA_HASH: "data_hash",
    ERROR: "error",
    PARENT: "parent",
    SWEEP: "sweep",
    PRUNED: "pruned",
}
"""The tags that join a run to the ledger, and the fields of `Run` that hold them."""


@dataclass(frozen=True)
class Logged:
    """What was logged to a run."""

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoggedModel:
    """A model that a run has logged, whole; `place` is the URI of its folder."""

    model_id: str
    run_id: MlflowRunId | None
    place: str
    name: str


@dataclass(frozen=True)
class ModelVersion:
    """A version of a registered model.

    `source` is what was registered, `place` the URI of the folder that its model is loaded from.
    """

    name: str
    version: str
    run_id: MlflowRunId | None
    source: str
    place: str

    @property
    def uri(self) -> str:
        """Its address."""
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True)
class Stored:
    """What a store says that it keeps besides what was logged as values.

    `places` maps runs to the URI of their artifacts, `listings` to the hashes of the listings of
    their files, in the order in which they were made. `deleted` are the runs that can be restored.
    """

    places: Mapping[MlflowRunId, str] = field(default_factory=dict)
    listings: Mapping[MlflowRunId, tuple[str, ...]] = field(default_factory=dict)
    models: tuple[LoggedModel, ...] = ()
    versions: tuple[ModelVersion, ...] = ()
    deleted: tuple[Run, ...] = ()


class RunSource(Protocol):
    """A tracking store, to be read. Every method raises `StoreUnreachableError`."""

    def all_runs(self) -> list[Run]:
        """List all runs that are not deleted."""

    def of_records(self, record_ids: Sequence[str]) -> list[Run]:
        """Find the runs of records."""

    def of_fingerprints(self, fingerprints: Sequence[str]) -> list[Run]:
        """Find the runs of stages."""

    def of_id(self, prefix: str) -> list[Run]:
        """Find the runs whose id begins so."""

    def of_name(self, name: str) -> list[Run]:
        """Find the runs of a name."""

    def of_model(self, name: str) -> list[Run]:
        """Find the run of a model: what follows `models:/`, a version, an alias or a model's id."""

    def results_of_model(self, name: str) -> list[str]:
        """Give the key of the result that a version, or what has an alias, says it is of."""

    def logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        """Give what was logged to runs."""

    def stored(self) -> Stored:
        """Give what the store keeps: artifacts, models, versions of models, deleted runs."""


class NoRuns:
    """A store that is not there yet: it has no runs."""

    def all_runs(self) -> list[Run]:
        """Give none."""
        return []

    def of_records(self, record_ids: Sequence[str]) -> list[Run]:  # noqa: ARG002
        """Give none."""
        return []

    def of_fingerprints(self, fingerprints: Sequence[str]) -> list[Run]:  # noqa: ARG002
        """Give none."""
        return []

    def of_id(self, prefix: str) -> list[Run]:  # noqa: ARG002
        """Give none."""
        return []

    def of_name(self, name: str) -> list[Run]:  # noqa: ARG002
        """Give none."""
        return []

    def of_model(self, name: str) -> list[Run]:  # noqa: ARG002
        """Give none."""
        return []

    def results_of_model(self, name: str) -> list[str]:  # noqa: ARG002
        """Give none."""
        return []

    def logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        """Give nothing."""
        return dict.fromkeys(run_ids, Logged())

    def stored(self) -> Stored:
        """Give nothing."""
        return Stored()
