"""Metrics that DVC keeps are missing in a fresh clone, and there once DVC has brought them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from asking import answered, trace
from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

DVC_YAML = """\
stages:
  measure:
    cmd: cp data.json score.json
    deps: [data.json]
    metrics: [score.json]
"""
MISSING = "score.json is not here, so its metrics are missing"


def test_metrics_are_shown_once_dvc_has_brought_them(
    tmp_path: Path, warm_environment: dict[str, str]
) -> None:
    first = Sandbox(tmp_path / "first", warm_environment)
    first.root.mkdir()
    (first.root / "dvc.yaml").write_text(DVC_YAML)
    (first.root / "data.json").write_text(json.dumps({"test": {"score": 0.75}}))
    first.git("init", "--quiet")
    first.dvc("init", "--quiet")
    first.dvc("remote", "add", "--default", "here", str(tmp_path / "remote"))
    first.dvc("add", "--quiet", "data.json")
    first.dvc("repro", "--quiet")
    first.commit("A result")
    first.dvc("push", "--quiet")
    first.git("clone", "--quiet", str(first.root), str(tmp_path / "clone"))
    clone = Sandbox(tmp_path / "clone", warm_environment)

    (entry,) = answered(clone, "ls").found["results"]
    assert (entry["metrics"], entry["gaps"] > 0) == ({}, True)
    assert MISSING in trace(clone, "HEAD").gaps

    clone.dvc("fetch", "--all-commits")

    (entry,) = answered(clone, "ls").found["results"]
    assert entry["metrics"] == {"test.score": 0.75}
    assert answered(clone, "best").found["value"] == 0.75
    assert MISSING not in trace(clone, "test.score=0.75").gaps
