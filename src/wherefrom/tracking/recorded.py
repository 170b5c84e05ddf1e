"""What a stage leaves of itself as it ends: its record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wherefrom import environment
from wherefrom.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.context import Context
    from wherefrom.identity import MlflowRunId
    from wherefrom.record import Gap
    from wherefrom.tracking.standing import Standing


def record(
    context: Context,
    standing: Standing,
    ended: int,
    run: tuple[MlflowRunId | None, str],
    said: tuple[Mapping[str, str], Iterable[Gap]],
) -> Record:
    """Make the record of a stage that ended.

    `run` is its run, None where the store gave none, and its name; `said` are the tags that the
    stage or its settings set, and all gaps.
    """
    return Record(
        record_id=standing.record_id,
        stage=context.stage.address,
        relation=standing.relation,
        derived_from=standing.derived_from,
        fingerprint=context.fingerprint,
        mlflow_run_id=run[0],
        run_name=run[1],
        started=context.started,
        ended=ended,
        experiment=context.experiment,
        baseline=context.baseline,
        git=context.git,
        environment=replace(context.observed.facts, blas=environment.blas_used()),
        gaps=tuple(dict.fromkeys(said[1])),
        tags=said[0],
        ignored=context.ignored,
        plan=standing.plan(context),
    )
