"""Sweeps as a user runs them, and what they leave."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

import warm
from wherefrom.lockfile import is_record

if TYPE_CHECKING:
    import subprocess

    from sandbox import RunView, Sandbox

BOOSTED = "train.model=hist_gradient_boosting"
SAME = {
    "stages-2": ("evaluate.threshold=0.6",),
    "stages-3": (BOOSTED, "evaluate.threshold=0.5"),
    "threads-1": ("threads=2", BOOSTED, "train.folds=2"),
}
"""Variants by the names that the sweeps give them."""
BEFORE = (BOOSTED, "evaluate.threshold=0.6")
"""An experiment that is there before the sweeps, which the last variant of the first one equals."""


@dataclass(frozen=True)
class Both:
    """A project with its sweeps, one with the same experiments by DVC, and what was said."""

    ours: Sandbox
    theirs: Sandbox
    stages: dict[str, Any]
    threads: dict[str, Any]
    untouched: tuple[dict[str, str], dict[str, str]]


def swept(sandbox: Sandbox, *args: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a sweep, which forks its stages itself: nobody else serves them."""
    served = replace(sandbox, environment=warm.with_cold_scripts(sandbox.environment))
    return served.process("wherefrom", "sweep", *args, **extra)


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Read what a sweep with `--json` says."""
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"{done.returncode}\n{done.stdout}{done.stderr}") from None
    return found


def states(said: dict[str, Any]) -> dict[str, str]:
    """Map the names of variants to what became of them."""
    return {variant["name"]: variant["state"] for variant in said["variants"]}


def run_named(sandbox: Sandbox, name: str) -> RunView:
    """Give the one run of a name."""
    (found,) = [run for run in sandbox.runs().values() if run.name == name]
    return found


def lock_without_records(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Give the `dvc.lock` of an experiment without the hashes of record files."""
    lock: dict[str, Any] = yaml.safe_load(sandbox.text("dvc.lock", name))
    for stage in lock["stages"].values():
        for kind in ("deps", "outs"):
            stage[kind] = [item for item in stage.get(kind, []) if not is_record(item["path"])]
    return lock


def files_without_records(sandbox: Sandbox, name: str) -> dict[str, str]:
    """Map the files of an experiment's commit to their blobs, but for records and `dvc.lock`."""
    listed = sandbox.git("ls-tree", "-r", "-z", sandbox.revision(name)).split("\0")
    pairs = (line.split("\t") for line in listed if line)
    blobs = {path: head.split()[2] for head, path in pairs}
    return {p: blob for p, blob in blobs.items() if not is_record(p) and p != "dvc.lock"}


def outside(sandbox: Sandbox) -> dict[str, str]:
    """Give what of a user's repository no sweep may touch."""
    refs = sandbox.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return {
        "status": sandbox.git("status", "--porcelain=v2", "--branch"),
        "stash": sandbox.git("stash", "list"),
        "refs": "\n".join(ref for ref in refs if not ref.startswith("refs/exps/")),
        "reflog": sandbox.git("reflog"),
        "configuration": sandbox.text(".git/config") + sandbox.text(".dvc/config"),
    }
