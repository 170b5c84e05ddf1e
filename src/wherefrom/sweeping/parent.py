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

from wherefrom import card, delivery, files, keys, settings
from wherefrom.identity import MlflowRunId
from wherefrom.names import (
    ERROR,
    EXP_BASELINE,
    EXP_NAME,
    PARENT,
    PROCESS,
    SWEEP,
    SWEEP_BEST,
)
from wherefrom.sweeping.axes import PARAMS_FILE
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wherefrom.process import ProcessId
    from wherefrom.project import Project
    from wherefrom.sources.mlflow_store import Store
    from wherefrom.sweeping.book import Definition
    from wherefrom.sweeping.messages import Report
    from wherefrom.sweeping.space import Variant


@dataclass(frozen=True)
class Where:
    """The project of a sweep, its store (a URI, maybe with credentials), and who runs it."""

    project: Project
    uri: str
    process: ProcessId

    def open(self) -> tuple[Store, str]:
        """Open the store, and name the MLflow experiment. Raises `StoreUnreachableError`."""
        project = self.project
        chosen, _ = settings.understood(project.workspace, project.anchor.name)
        name = chosen.mlflow_experiment
        return delivery.open_project_store(project, self.uri, name), name


def begin(where: Where, definition: Definition) -> str:
    """Make the run of a sweep. Raises `StoreUnreachableError`."""
    store, experiment = where.open()
    source = {"mlflow.source.type": "LOCAL", "mlflow.source.name": "wherefrom sweep"}
    tags = {SWEEP: definition.name, PROCESS: where.process.text(), **source}
    tags |= card.put(_card(definition, None), tags)
    run_id = store.create_run(experiment, definition.name, _now(), tags)
    asked = {
        "sampler": definition.sampler,
        "trials": definition.trials,
        "seed": definition.seed,
        "pruner": definition.pruner,
    }
    params = {f"sweep.{name}": value for name, value in asked.items() if value is not None}
    params |= {f"space.{key}": values for key, values in map(_parted, definition.overrides)}
    store.log(run_id, params=_written(params), metrics={}, tags={}, at=_now())
    return run_id


def resume(where: Where, definition: Definition) -> str:
    """Show that the run of a sweep goes on. Raises `StoreUnreachableError`."""
    store, _ = where.open()
    run_id = MlflowRunId(str(definition.run_id))
    tags = {PROCESS: where.process.text()}
    store.log(run_id, params={}, metrics={}, tags=tags, at=_now())
    store.set_running(run_id)
    return run_id


def fail_variants(
    where: Where, definition: Definition, failed: Sequence[tuple[Report, Variant]]
) -> None:
    """Give each variant that failed before it had a run one that says so."""
    store, experiment = where.open()
    for report, variant in failed:
        name = f"{definition.name}-{report.number + 1}"
        tags = {PARENT: str(definition.run_id), EXP_NAME: name}
        if store.find_tagged(tags):
            continue
        tags |= {SWEEP: definition.name, EXP_BASELINE: definition.commit}
        tags[ERROR] = keys.tag(redact_text(report.error or ""))
        tags |= card.described(tags)
        ended = _now()
        run_id = store.create_run(experiment, name, ended - int(report.seconds * 1000), tags)
        store.log(run_id, params=_written(_params(variant)), metrics={}, tags={}, at=ended)
        store.end(run_id, "FAILED", ended)


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
    here, tags = store.tags(run_id), dict[str, str]()
    if best is not None and definition.metric:
        values[keys.key(definition.metric)] = best.metrics[definition.metric]
        tags[SWEEP_BEST] = best.experiment or ""
    before = _card(definition, here.get(SWEEP_BEST))
    tags |= card.put(_card(definition, tags.get(SWEEP_BEST)), here, before)
    store.log(run_id, params={}, metrics=values, tags=tags, at=_now())
    with TemporaryDirectory() as folder:
        table = json.dumps([asdict(report) for report in reports], indent=1)
        files.write(Path(folder, "variants.json"), f"{table}\n")
        store.log_files(run_id, Path(folder))
    store.end(run_id, status, _now())
    store.unset(run_id, (PROCESS, ERROR), here)
    store.end_dead_runs()  # those of stages that were killed


def _card(definition: Definition, best: str | None) -> str:
    space = dict(map(_parted, definition.overrides))
    return card.of_sweep(definition.name, space, definition.sampler, definition.metric, best)


def _params(variant: Variant) -> dict[str, str]:
    """Name what a variant sets as a run's parameters are named."""
    before = ("" if file == PARAMS_FILE else f"{file}:" for file, _ in variant.overrides)
    pairs = (_parted(override) for _, override in variant.overrides)
    return {f"{file}{key}": value for file, (key, value) in zip(before, pairs, strict=True)}


def _parted(override: str) -> tuple[str, str]:
    key, _, values = override.partition("=")
    return key.lstrip("+~"), values


def _written(params: Mapping[str, object]) -> dict[str, str]:
    return {keys.key(name): keys.param(value) for name, value in params.items()}


def _now() -> int:
    return time.time_ns() // 1_000_000
