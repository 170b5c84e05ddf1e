"""The MLflow run of a sweep, in which the runs of its variants are nested.

What takes a `Where` is run in a process that has MLflow imported.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, get_args

from wherefrom import card, delivery, files, keys, settings
from wherefrom.committed import Committed
from wherefrom.errors.stores import StoreRefusedError
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
from wherefrom.process import current
from wherefrom.sweeping import sweep
from wherefrom.sweeping.axes import PARAMS_FILE
from wherefrom.sweeping.messages import State
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.process import ProcessId
    from wherefrom.project import Project
    from wherefrom.sources.dvc_experiment import Base
    from wherefrom.sources.mlflow_store import Store
    from wherefrom.sweeping.book import Definition
    from wherefrom.sweeping.messages import Report
    from wherefrom.sweeping.space import Variant


@dataclass(frozen=True)
class Where:
    """The project of a sweep, its store (a URI, maybe with credentials), and who runs it.

    `experiment` is the one in MLflow that the runs of its variants are in.
    """

    project: Project
    uri: str
    experiment: str
    process: ProcessId

    def open(self) -> Store:
        """Open the store. Raises `StoreUnreachableError`."""
        return delivery.open_project_store(self.project, self.uri, self.experiment)


@dataclass(frozen=True)
class Ended:
    """A sweep that has ended: as which status, and with what; `variants` are those of this call."""

    definition: Definition
    status: str
    reports: Mapping[int, Report]
    variants: Mapping[int, Variant] = field(default_factory=dict)


def where(project: Project, environ: Mapping[str, str], base: Base) -> Where | None:
    """Name the store of the stages of a sweep that starts from a base; None with tracking off."""
    if settings.is_off(environ):
        return None
    with Committed(project, project.git_root or base.root) as committed:
        found = committed.contents(base.tree or base.commit, [PARAMS_FILE])
    chosen, _ = settings.understood_text(found.get(PARAMS_FILE, b""), project.anchor.name)
    store = chosen.store(project.anchor, environ)
    return Where(project, store, chosen.mlflow_experiment, current())


def begin(where: Where, definition: Definition) -> str:
    """Make the run of a sweep. Raises `StoreUnreachableError`."""
    store = where.open()
    source = {"mlflow.source.type": "LOCAL", "mlflow.source.name": "wherefrom sweep"}
    tags = {SWEEP: definition.name, PROCESS: where.process.text(), **source}
    tags |= card.put(_card(definition, None), tags)
    run_id = store.create_run(where.experiment, definition.name, _now(), tags)
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
    """Show that the run of a sweep goes on; one that is no longer there is made anew.

    Raises `StoreUnreachableError`.
    """
    store = where.open()
    run_id = MlflowRunId(str(definition.run_id))
    tags = {PROCESS: where.process.text()}
    try:
        store.log(run_id, params={}, metrics={}, tags=tags, at=_now())
        store.set_running(run_id)
    except StoreRefusedError:
        return begin(where, definition)
    return run_id


def end(where: Where, ended: Ended) -> None:
    """End the run of a sweep: how many variants it has, and the best of them.

    Variants that failed before they had a run get one. Raises `StoreUnreachableError`.
    """
    store, definition = where.open(), ended.definition
    _fail_variants(store, where, ended)
    reports = [ended.reports[number] for number in sorted(ended.reports)]
    best = sweep.best(definition, ended.reports)
    run_id = MlflowRunId(str(definition.run_id))
    counts = Counter(report.state for report in reports)
    values = {f"sweep.{state}": float(counts[state]) for state in get_args(State)}
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
    store.end(run_id, ended.status, _now())
    store.unset(run_id, (PROCESS, ERROR), here)
    store.end_dead_runs()  # those of stages that were killed


def _fail_variants(store: Store, where: Where, ended: Ended) -> None:
    """Give each variant that failed before it had a run one that says so."""
    definition = ended.definition
    for number, variant in sorted(ended.variants.items()):
        report = ended.reports.get(number)
        if report is None or report.state != "failed":
            continue
        name = f"{definition.name}-{report.number + 1}"
        tags = {PARENT: str(definition.run_id), EXP_NAME: name}
        if store.find_tagged(tags):
            continue
        tags |= {SWEEP: definition.name, EXP_BASELINE: definition.commit}
        tags[ERROR] = keys.tag(redact_text(report.error or ""))
        tags |= card.described(tags)
        now = _now()
        began = now - int(report.seconds * 1000)
        run_id = store.create_run(where.experiment, name, began, tags)
        store.log(run_id, params=_written(_params(variant)), metrics={}, tags={}, at=now)
        store.end(run_id, "FAILED", now)


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
