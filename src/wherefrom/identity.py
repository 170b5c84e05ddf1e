"""The names by which things are known; kept apart so that no two are mixed up."""

from __future__ import annotations

import uuid
from typing import NewType

CommitSha = NewType("CommitSha", str)
"""40 hex digits, a git commit."""

RecordId = NewType("RecordId", str)
"""32 hex digits, drawn once for a tracked stage that ran; never MLflow's."""

MlflowRunId = NewType("MlflowRunId", str)
"""MLflow's own id of a run; another one after a rebuild."""

ExperimentName = NewType("ExperimentName", str)
"""The name of a DVC experiment (not of an MLflow experiment)."""

DataHash = NewType("DataHash", str)
"""The hash that DVC records for a file (md5) or a folder (md5 and `.dir`)."""

Fingerprint = NewType("Fingerprint", str)
"""64 hex digits: SHA-256 of what a stage's result follows from (see `lockfile.fingerprint`)."""

StageAddress = NewType("StageAddress", str)
"""`train`, or `sub/dvc.yaml:train`: always seen from the DVC project's root."""


def new_record_id() -> RecordId:
    """Draw a record id."""
    return RecordId(uuid.uuid4().hex)
