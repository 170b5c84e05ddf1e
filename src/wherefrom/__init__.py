"""Every number has an address: from a result to the data, code, parameters and environment.

import wherefrom
wherefrom.trace("results/metrics.json").data
wherefrom.results().sort_values("test.roc_auc")
wherefrom.verify(data=True).is_whole
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pandas as pd
    from mlflow import ActiveRun  # noqa: TID251

    from wherefrom.commands.reproduce import Env, Reproduction
    from wherefrom.commands.trace import Trace
    from wherefrom.commands.verify import Verification
    from wherefrom.predictions import Predictions

__version__ = "0.1.0"

__all__ = ["__version__", "predict", "reproduce", "results", "start_run", "trace", "verify"]


def trace(address: str, folder: Path | str = ".") -> Trace:
    """Trace an address in the project of a folder, as `wherefrom trace` does.

    Raises `wherefrom.errors.WherefromError` for what the command ends with 2 for.
    """
    from wherefrom import api  # noqa: PLC0415 - importing wherefrom costs nothing

    return api.trace(address, folder)


def results(folder: Path | str = ".") -> pd.DataFrame:
    """List every result of the project of a folder, one a row, as `wherefrom ls` does.

    Columns: `record_id`, `mlflow_run_id`, `run_name`, `relation`, `experiment`, `inherited_by`,
    `commit_sha`, `data_hash`, `data_version`, `reproduced` (a verdict), `plan.outcome` and what
    else of a plan was filled in, `experiment_type`, `status`, `note`, `gaps` (their number), each
    metric by its name, each parameter as `params.<name>`. Needs pandas.
    """
    from wherefrom import api  # noqa: PLC0415

    return api.results(folder)


def verify(
    *addresses: str, folder: Path | str = ".", data: bool = False, remote: bool = False
) -> Verification:
    """Look whether results can still be had, as `wherefrom verify` does; of no address: all.

    `data` reads every byte, `remote` asks the remotes. Raises
    `wherefrom.errors.WherefromError` for what the command ends with 2 for.
    """
    from wherefrom import api  # noqa: PLC0415

    return api.verify(addresses, folder, data=data, remote=remote)


def reproduce(
    *addresses: str, folder: Path | str = ".", environment: Env = "lock", jobs: int = 1
) -> list[Reproduction]:
    """Make results again and compare every byte, as `wherefrom reproduce` does.

    This runs the code of their commits. `environment` is that of the commit's lock file (`lock`) or
    this one (`current`), `jobs` how many are made at once. Raises `wherefrom.errors.WherefromError`
    for what the command ends with 2 for.
    """
    from wherefrom import api  # noqa: PLC0415

    return api.reproduce(addresses, folder, environment, jobs)


def predict(
    address: str,
    table: Path | str,
    output: Path | str,
    *,
    folder: Path | str = ".",
    environment: Env = "current",
) -> Predictions:
    """Predict a table by the model of a result, as `wherefrom predict` does; paths are as given.

    This runs the code of the result's commit. Raises `wherefrom.errors.WherefromError`.
    """
    from wherefrom import api  # noqa: PLC0415

    return api.predict(address, (table, output), folder, environment)


def start_run(
    *,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: dict[str, str] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> AbstractContextManager[ActiveRun]:
    """Start a run as `mlflow.start_run` does, and leave the record that the DVC stage declares.

    It takes what that takes, and gives MLflow's own run; it is for `with`, and starts nothing
    without. The record (`*.wherefrom.json` among the stage's metrics) is written as the run ends
    without an error; of several runs the first and outermost is the stage's. Outside of a DVC
    stage it is a plain run. A run that exists is gone on with by `mlflow.start_run(run_id=...)`.
    """
    from wherefrom import fluent  # noqa: PLC0415
    from wherefrom.boundary import say  # noqa: PLC0415

    return fluent.Start(
        say,
        experiment_id=experiment_id,
        run_name=run_name,
        nested=nested,
        parent_run_id=parent_run_id,
        tags=tags,
        description=description,
        log_system_metrics=log_system_metrics,
    )
