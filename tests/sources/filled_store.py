"""A SQLite store with runs of every kind, made by MLflow itself; nobody changes it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from sandbox import empty_store
from wherefrom.names import RESULT
from wherefrom.sources import mlflow_client

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [f"{number:032x}" for number in range(20)]
PRINTS = [f"{number:064x}" for number in range(20)]
NAMES = ("plain", "it's", 'a "quoted" one', "100%", "a_b", "a%b", "b\\c", "é ☺", "`tick`", "a b")
TAGS = {
    "wherefrom.record_id": RECORDS[0],
    "dvc.stage.fingerprint": PRINTS[0],
    "dvc.stage": "train",
    "wherefrom.relation": "own",
    "dvc.exp.name": "exp-1",
    "dvc.exp.baseline": "b" * 40,
    "data_hash": "c" * 32,
    "wherefrom.error": "it's 100% broken",
    "mlflow.parentRunId": "d" * 32,
    "other": "x",
}


@dataclass(frozen=True)
class FilledStore:
    """A store, and its runs' ids by what they are."""

    database: Path
    ids: dict[str, str]

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.database}"


def filled_once(folder: Path, environment: dict[str, str]) -> FilledStore:
    """Give the store with all runs, which all workers share."""
    empty, root = empty_store(folder, environment), folder / "filled"
    with FileLock(folder / "filled.lock"):
        if not (root / "ids.json").exists():
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(empty, root)
            ids = _fill(f"sqlite:///{root / 'mlflow.db'}", root)
            (root / "ids.json").write_text(json.dumps(ids))
    return FilledStore(root / "mlflow.db", json.loads((root / "ids.json").read_text()))


def _fill(uri: str, root: Path) -> dict[str, str]:
    client = mlflow_client.client(uri)
    names = ("one", "two's é", "gone")
    one, two, gone = (
        client.create_experiment(name, artifact_location=(root / str(number)).as_uri())
        for number, name in enumerate(names)
    )
    ids = _runs(client, one, two)
    ids["in a deleted experiment"] = _run(client, gone, "plain", record=RECORDS[5])
    client.delete_experiment(gone)
    return ids | _models(client, one, root.as_uri())


def _runs(client: Any, one: str, two: str) -> dict[str, str]:
    ids = {f"name {name}": _run(client, one, name) for name in NAMES}
    ids["full"] = _run(client, one, "full", started=1_000)
    for key, value in TAGS.items():
        client.set_tag(ids["full"], key, value)
    client.set_terminated(ids["full"], "FAILED", 5_000)
    ids["twin"] = _run(client, two, "full", record=RECORDS[0], mark=PRINTS[1])
    ids["deleted"] = _run(client, two, "full", record=RECORDS[0], mark=PRINTS[0])
    client.delete_run(ids["deleted"])
    ids["restored"] = _run(client, two, "restored", record=RECORDS[2], mark=PRINTS[0])
    client.delete_run(ids["restored"])
    client.restore_run(ids["restored"])
    ids["bare"] = client.create_run(two).info.run_id
    ids["logged"] = _logged(client, two)
    ids["no number"] = _run(client, two, "no number")
    client.log_metric(ids["no number"], "never one", float("nan"))
    for step, value in enumerate((1.0, float("nan"))):
        client.log_metric(ids["no number"], "no more", value, step=step)
    for step, value in enumerate((float("nan"), 1.0)):
        client.log_metric(ids["no number"], "now", value, step=step)
    for number in range(6, 12):
        ids[f"other {number}"] = _run(client, two, "x", record=RECORDS[number], mark=PRINTS[7])
    return ids


def _run(
    client: Any,
    experiment: str,
    name: str,
    *,
    record: str = "",
    mark: str = "",
    started: int | None = None,
) -> str:
    known = {"wherefrom.record_id": record, "dvc.stage.fingerprint": mark}
    tags = {key: value for key, value in known.items() if value}
    run = client.create_run(experiment, start_time=started, run_name=name, tags=tags)
    return str(run.info.run_id)


def _logged(client: Any, experiment: str) -> str:
    run_id = _run(client, experiment, "logged")
    for key, value in {"a": "1", "b.c/d e": "it's 100%", "long": "x" * 5_000, "empty": ""}.items():
        client.log_param(run_id, key, value)
    for step, value in ((0, 0.5), (2, 0.25), (1, 0.75)):
        client.log_metric(run_id, "stepped", value, step=step)
    for key, value in {"whole": 3.0, "tiny": 1e-300, "endless": float("inf")}.items():
        client.log_metric(run_id, key, value)
    client.set_tag(run_id, "odd", "it's\n100% é")
    return run_id


def _models(client: Any, experiment: str, source: str) -> dict[str, str]:
    """Register models of runs that are there, deleted, and none."""
    here, lost = (_run(client, experiment, "model") for _ in "ab")
    for name in ("m", "odd name's é"):
        client.create_registered_model(name)
        for run_id in (here, lost, None):
            client.create_model_version(name, source, run_id)
    client.create_model_version("m", source, here)
    client.delete_model_version("m", "4")
    client.set_model_version_tag("m", "2", RESULT, "of a lost run")
    for name, alias, version in (("m", "champion", "1"), ("m", "lost", "2")):
        client.set_registered_model_alias(name, alias, version)
    client.set_registered_model_alias("odd name's é", "champion", "1")
    owners = {"logged model": here, "of a deleted run": lost, "of no run": None}
    models = {
        key: str(client.create_logged_model(experiment, "model", run_id).model_id)
        for key, run_id in owners.items()
    }
    client.delete_run(lost)
    return {"of a model": here, "of a model, deleted": lost, **models}
