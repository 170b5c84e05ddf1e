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
    RECORD_ID,
    RELATION,
    STAGE,
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
}
"""The tags that join a run to the ledger, and the fields of `Run` that hold them."""


@dataclass(frozen=True)
class Logged:
    """What was logged to a run."""

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


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

    def logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        """Give what was logged to runs."""


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

    def logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        """Give nothing."""
        return dict.fromkeys(run_ids, Logged())
