"""Texts of a tree as git and DVC would hold them, short enough to stand in a test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dvc.utils.serialize import dumps_yaml  # noqa: TID251 - what writes the locks
from test_record import BARE

from wherefrom import holding
from wherefrom import record as records

if TYPE_CHECKING:
    from wherefrom.holding import Holding
    from wherefrom.record import Record


def md5(text: str) -> str:
    """Give a hash that tells its text: easier to compare than a real one."""
    return (text.encode().hex() + "0" * 32)[:32]


def stage(
    deps: list[str] | dict[str, str] = (),  # type: ignore[assignment]
    outs: list[str] | dict[str, str] = (),  # type: ignore[assignment]
    *,
    cmd: Any = "x",
    params: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Give a stage of a lock; files have hashes that follow from their paths, if none is given."""

    def listed(files: list[str] | dict[str, str]) -> list[dict[str, str]]:
        hashes = files if isinstance(files, dict) else {path: md5(path) for path in files}
        return [{"path": path, "hash": "md5", "md5": value} for path, value in hashes.items()]

    found: dict[str, Any] = {"cmd": cmd, "deps": listed(deps)}
    if params:
        found["params"] = params
    return {**found, "outs": listed(outs)}


def lock(**stages: dict[str, Any]) -> str:
    return str(dumps_yaml({"schema": "2.0", "stages": stages}))


def declared(
    metrics: dict[str, list[str]] | None = None, wdirs: dict[str, str] | None = None
) -> str:
    """Give a `dvc.yaml` that declares metric files, and folders to work in."""
    names = dict.fromkeys((*(metrics or {}), *(wdirs or {})))
    stages: dict[str, Any] = {name: {"metrics": (metrics or {}).get(name, [])} for name in names}
    for name, wdir in (wdirs or {}).items():
        stages[name]["wdir"] = wdir
    return str(dumps_yaml({"stages": stages}))


def tracked(path: str, value: str | None = None, **fields: Any) -> str:
    """Give a `.dvc` file."""
    return str(dumps_yaml({"outs": [{"md5": value or md5(path), "path": path, **fields}]}))


def held(texts: dict[str, str]) -> Holding:
    return holding.read(texts)


def record(stage: str, fingerprint: str, **fields: Any) -> Record:
    """Give a record of a stage, as one that `train` leaves."""
    return replace(BARE, stage=stage, fingerprint=fingerprint, **fields)  # type: ignore[arg-type]


def written(found: Record) -> str:
    return records.to_text(found, names_result=False)
