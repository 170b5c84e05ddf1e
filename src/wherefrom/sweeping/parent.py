"""The MLflow run of a sweep, in which the runs of its variants are nested.

What is here is run in a process that has MLflow imported.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wherefrom import delivery, files, keys, settings
from wherefrom.identity import MlflowRunId
from wherefrom.names import ERROR, EXP_NAME, PARENT, SWEEP, SWEEP_BEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wherefrom.project import Project
    from wherefrom.sources.mlflow_store import Store
    from wherefrom.sweeping.book import Definition
    from wherefrom.sweeping.worker import Report


@dataclass(frozen=True)
class Where:
    """The project of a sweep, and its store (a URI, maybe with credentials)."""

    project: Project
    uri: str

    def open(self) -> tuple[Store, str]:
        """Open the store, and name the MLflow experiment. Raises `StoreUnreachableError`."""
        project = self.project
        chosen, _ = settings.understood(project.workspace, project.anchor.name)
        name = chosen.mlflow_experiment
        return delivery.open_project_store(project, self.uri, name), name


def begin(where: Where, definition: Definition) -> str:
    """Make the run of a sweep. Raises `StoreUnreachableError`."""
    store, experiment = where.open()
    tags = {SWEEP: definition.name, "mlflow.source.type": "LOCAL"}
    tags["mlflow.source.name"] = "wherefrom sweep"
    run_id = store.create_run(experiment, definition.name, _now(), tags)
    asked = {
        "sampler": definition.sampler,
        "trials": definition.trials,
        "seed": definition.seed,
        "pruner": definition.pruner,
    }
    params = {f"sweep.{name}": value for name, value in asked.items() if value is not None}
    params |= {f"space.{key}": values for key, _, values in map(_parted, definition.overrides)}
    written = {keys.key(name): keys.param(value) for name, value in params.items()}
    store.log(run_id, params=written, metrics={}, tags={}, at=_now())
    return run_id


def resume(where: Where, definition: Definition) -> None:
    """Show that the run of a sweep goes on."""
    store, _ = where.open()
    store.set_running(MlflowRunId(str(definition.run_id)))


def fail_variant(
    where: Where, definition: Definition, report: Report, params: Mapping[str, str]
) -> str:
    """Give a variant that failed before it had a run one that says so. Gives the run's id."""
    store, experiment = where.open()
    name = f"{definition.name}-{report.number + 1}"
    tags = {SWEEP: definition.name, ERROR: report.error or "", EXP_NAME: name}
    if definition.run_id:
        tags[PARENT] = definition.run_id
    ended = _now()
    run_id = store.create_run(experiment, name, ended - int(report.seconds * 1000), tags)
    written = {keys.key(key): keys.param(value) for key, value in params.items()}
    store.log(run_id, params=written, metrics={}, tags={}, at=ended)
    store.end(run_id, "FAILED", ended)
    return run_id


def end(
    where: Where,
    definition: Definition,
    reports: Sequence[Report],
    best: Report | None,
    status: str,
) -> None:
    """End the run of a sweep: how many variants it has, and the best of them."""
    store, _ = where.open()
    run_id = MlflowRunId(str(definition.run_id))
    counts = dict.fromkeys(("done", "linked", "failed", "pruned"), 0.0)
    for report in reports:
        counts[report.state] = counts.get(report.state, 0.0) + 1
    values = {f"sweep.{state}": count for state, count in counts.items()}
    tags = {}
    if best is not None and definition.metric:
        values[keys.key(definition.metric)] = best.metrics[definition.metric]
        tags[SWEEP_BEST] = best.experiment or ""
    store.log(run_id, params={}, metrics=values, tags=tags, at=_now())
    with TemporaryDirectory() as folder:
        table = json.dumps([asdict(report) for report in reports], indent=1)
        files.write(Path(folder, "variants.json"), f"{table}\n")
        store.log_files(run_id, Path(folder))
    store.end(run_id, status, _now())


def _parted(override: str) -> tuple[str, str, str]:
    key, sign, values = override.partition("=")
    return key.lstrip("+~"), sign, values


def _now() -> int:
    return time.time_ns() // 1_000_000
