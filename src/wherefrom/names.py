"""The names of tags that more than one file speaks of; `docs/names.md` explains them all."""

from __future__ import annotations

RECORD_ID = "wherefrom.record_id"
RELATION = "wherefrom.relation"
DERIVED_FROM = "wherefrom.derived_from"
PROCESS = "wherefrom.process"
GAPS = "wherefrom.gaps"
ERROR = "wherefrom.error"
REPRODUCED = "wherefrom.reproduced"
REPRODUCED_AT = "wherefrom.reproduced.at"
REPRODUCED_IN = "wherefrom.reproduced.in"
REPRODUCED_ON = "wherefrom.reproduced.on"
SWEEP = "wherefrom.sweep"
SWEEP_BEST = "wherefrom.sweep.best"
PRUNED = "wherefrom.pruned"
STAGE = "dvc.stage"
FINGERPRINT = "dvc.stage.fingerprint"
EXP_NAME = "dvc.exp.name"
EXP_BASELINE = "dvc.exp.baseline"
EXP_REV = "dvc.exp.rev"
COMMIT = "git.commit"
DATA_HASH = "data_hash"
PARENT = "mlflow.parentRunId"
FILES = "wherefrom.files"
FILES_LATER = "wherefrom.evaluate.files"
LISTINGS = "wherefrom"
"""The folder of a run's artifacts with the listings that `FILES` and `FILES_LATER` name."""
SOURCE_COMMIT = "mlflow.source.git.commit"

SNAPSHOTS = "refs/wherefrom/dirty/"
"""Refs of the commits that keep dirty trees, by record id."""

LOGS = "WHEREFROM_LOGS"
"""The variable with the folder for logs of errors, where that is not the temporary one."""

LFS = "lfs"
"""The filter of Git LFS."""

KILLED = {ERROR: "the process was killed"}
"""What is said of a run whose process has gone without a word."""

RESULT = "wherefrom.result"
"""A version of a registered model: the key of the result that it is of."""
PROMOTED_AT = "wherefrom.promoted.at"
PROMOTED_BY = "wherefrom.promoted.by"
PROMOTED_WHY = "wherefrom.promoted.why"
PROMOTED_DESPITE = "wherefrom.promoted.despite"
