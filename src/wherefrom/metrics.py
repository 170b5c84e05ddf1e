"""Metric files -> flat names and numbers, as DVC shows them."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom import keys, yaml12
from wherefrom.lockfile import flatten, is_record
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read(root: Path, paths: Iterable[str]) -> tuple[dict[str, float], tuple[Gap, ...]]:
    """Read metric files (JSON, YAML, TOML; paths from the root) into one flat map.

    What is no finite number is named as a gap: MLflow would store another number for an infinite.
    """
    metrics: dict[str, float] = {}
    gaps: list[Gap] = []
    for path in paths:
        if is_record(path) or not (root / path).is_file():
            continue
        values, problem = _parse(path, (root / path).read_bytes())
        gaps += [problem] if problem else []
        for name, value in values.items():
            if keys.is_metric(value):
                metrics[name] = float(value)
            elif isinstance(value, float):
                gaps.append(
                    Gap(f"{name} is {value}", f"{path} holds it", "see why it is no number")
                )
    return metrics, tuple(gaps)


def _parse(path: str, content: bytes) -> tuple[dict[str, Any], Gap | None]:
    try:
        text = content.decode("utf-8")
        if path.endswith(".toml"):
            data: object = tomllib.loads(text)
        else:
            data = yaml12.load(text) if path.endswith((".yaml", ".yml")) else json.loads(text)
    except (ValueError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        return {}, Gap(f"the metrics of {path} are not in the run", why, "write JSON, YAML or TOML")
    return (flatten(data), None) if isinstance(data, dict) else ({path: data}, None)
