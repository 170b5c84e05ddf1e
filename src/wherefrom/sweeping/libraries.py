"""What variants import, imported once, by the process that their workers are forked from.

These are libraries alone: those that MLflow and DVC are made of, and those that the project's own
code names (`code`). A library that must not be imported before a fork is left out.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wherefrom import preload
from wherefrom.sources import mlflow_exercise

if TYPE_CHECKING:
    from collections.abc import Iterable

VARIABLE = "WHEREFROM_LIBRARIES"
"""Names, as a JSON list, for the process that imports them."""

_OF_EXPERIMENTS = (
    *("dvc.repo.experiments.run", "dvc.repo.experiments.executor.local", "dvc.repo.metrics.show"),
    *("dvc.repo.experiments.queue.tempdir", "dvc.repo.experiments.queue.celery"),
    *("dvc.repo.params.show", "dvc.utils.hydra", "hydra._internal.config_loader_impl"),
    *("hydra.core.override_parser.overrides_parser", "dulwich.porcelain", "dvc.fs.dvc"),
)
_OF_STAGES = (
    *("wherefrom.stage", "wherefrom.context", "wherefrom.courier", "wherefrom.tracking"),
    *("wherefrom.errands", "wherefrom.tags", "wherefrom.ledger"),
)
"""What stages import of this tool, which they are lent where theirs is the same."""
NOT_FORKED = frozenset({"tensorflow", "jax", "ray", "pyspark", "grpc", "dask", "distributed"})


def load(names: Iterable[str]) -> None:
    """Import modules; one that cannot be is left to whoever needs it."""
    for name in names:
        if name.partition(".")[0] not in NOT_FORKED:
            with suppress(Exception):
                importlib.import_module(name)


def exercise() -> None:
    """Use once what libraries set up at their first use: it takes longer than their imports."""
    with suppress(ImportError), TemporaryDirectory() as folder:
        import matplotlib.figure  # noqa: PLC0415 - not every project has it

        figure = matplotlib.figure.Figure(layout="constrained")
        figure.subplots().barh(["a"], [1.0], label="a")
        figure.legend()
        figure.savefig(Path(folder, "one.png"))
    with suppress(ImportError), TemporaryDirectory() as folder:  # nor scikit-learn and pandas
        mlflow_exercise.save_a_model(Path(folder, "model"))
    mlflow_exercise.open_a_store()


if VARIABLE in os.environ:
    gc.disable()  # imports make much and drop little
    load([*preload.MODULES, *_OF_EXPERIMENTS, *_OF_STAGES, *json.loads(os.environ.pop(VARIABLE))])
    exercise()
    gc.freeze()
    gc.enable()
