"""What users do with experiments and commits: each gives the clone to look from afterwards."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import yaml
from traced_project import executors, experiments, removed, restored, start_workers, workers

from sandbox import Sandbox
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHA = ("lr: 0.1", "lr: 0.2")
BETA = ("lr: 0.1", "lr: 0.3")
TUNED = ("threshold: 0.5", "threshold: 0.75")
WAIT = """\
        import pathlib, time
        pathlib.Path(r"{folder}/started").touch()
        while not pathlib.Path(r"{folder}/go").exists():
            time.sleep(0.05)
"""


def nothing(traced: Sandbox) -> Sandbox:
    return traced


def restored_by_another(traced: Sandbox) -> Sandbox:
    traced.dvc("exp", "run", "--temp", "-n", "again", "-S", "train.lr=0.2")
    return traced


def worker_killed(traced: Sandbox) -> Sandbox:
    """Kill a queue's worker amid an experiment: what it started ends, and nobody collects it."""
    folder = traced.root.parent
    line = "        score = "
    traced.replace("code/evaluate.py", line, WAIT.format(folder=folder) + line)
    traced.dvc("exp", "run", "--queue", "-n", "killed", "-S", "evaluate.threshold=0.4")
    try:
        start_workers(traced, 1)
        until((folder / "started").exists)
        (worker,) = workers(traced)
        os.kill(worker, signal.SIGKILL)
    finally:
        (folder / "go").touch()
    until(lambda: not executors(traced))
    traced.git("checkout", "--quiet", ".")
    assert "killed" not in experiments(traced)
    return traced


def applied_and_committed(traced: Sandbox) -> Sandbox:
    traced.dvc("exp", "apply", "alpha")
    traced.commit("As in alpha")
    return traced


def branched(traced: Sandbox) -> Sandbox:
    traced.dvc("exp", "branch", "alpha", "topic")
    return traced


def branched_and_removed(traced: Sandbox) -> Sandbox:
    branched(traced)
    removed(traced, ["alpha"])
    return traced


def renamed(traced: Sandbox) -> Sandbox:
    traced.dvc("exp", "rename", "alpha", "omega")
    return traced


def removed_alone(traced: Sandbox) -> Sandbox:
    removed(traced, ["alpha"])
    return traced


def saved(traced: Sandbox) -> Sandbox:
    traced.replace("params.yaml", "threshold: 0.5", "threshold: 0.9")
    traced.dvc("repro")
    traced.dvc("exp", "save", "-n", "saved")
    return traced


def pushed_and_pulled(traced: Sandbox) -> Sandbox:
    """Pull into a clone that has no store at all."""
    shared, clone = traced.root.parent / "shared.git", traced.root.parent / "clone"
    traced.git("init", "--quiet", "--bare", str(shared))
    traced.git("remote", "add", "origin", str(shared))
    traced.dvc("remote", "add", "--default", "store", str(traced.root.parent / "store"))
    traced.commit("Somewhere to push to")
    traced.git("push", "--quiet", "origin", "main")
    traced.dvc("exp", "push", "origin", "alpha", "tuned")
    traced.git("clone", "--quiet", str(shared), str(clone))
    other = Sandbox(clone, traced.environment)
    other.dvc("exp", "pull", "origin", "alpha", "tuned")
    return other


def rebased(traced: Sandbox) -> Sandbox:
    branched_and_removed(traced)
    (traced.root / "README").write_text("Read me.\n")
    traced.commit("Documents")
    traced.git("rebase", "--quiet", "main", "topic")
    return traced


def committed(traced: Sandbox, branch: str, start: str, *changes: tuple[str, str]) -> None:
    """Commit on a new branch what an experiment made with these parameters."""
    traced.git("checkout", "--quiet", "-b", branch, start)
    restored(traced, *changes)
    traced.commit(f"On {branch}")


def squashed(traced: Sandbox) -> Sandbox:
    committed(traced, "topic", "main", ALPHA)
    restored(traced, ("lr: 0.2", "lr: 0.3"))
    traced.commit("Another result")
    removed(traced, ["alpha", "beta"])
    traced.git("checkout", "--quiet", "main")
    traced.git("merge", "--quiet", "--squash", "topic")
    traced.commit("Squashed")
    traced.git("branch", "--quiet", "-D", "topic")
    return traced


def amended(traced: Sandbox) -> Sandbox:
    committed(traced, "topic", "main", ALPHA)
    restored(traced, ("lr: 0.2", "lr: 0.3"))
    traced.git("commit", "--quiet", "--all", "--amend", "--message", "Better")
    removed(traced, ["alpha", "beta"])
    return traced


def _merge(traced: Sandbox, branch: str, side: str) -> None:
    assert traced.process("git", "merge", branch).returncode == 1, "both sides have a result"
    traced.git("checkout", side, ".")


def merged_with_one_side(traced: Sandbox) -> Sandbox:
    committed(traced, "a", "main", ALPHA)
    committed(traced, "b", "main", BETA)
    _merge(traced, "a", "--theirs")
    traced.commit("The result of a")
    return traced


def merged_and_run_again(traced: Sandbox) -> Sandbox:
    committed(traced, "b", "main", TUNED)
    committed(traced, "a", "main", ALPHA)
    _merge(traced, "b", "--ours")
    traced.replace("params.yaml", *TUNED)
    traced.dvc("repro")
    traced.commit("Both changes")
    return traced


def cloned_shallow(traced: Sandbox) -> Sandbox:
    """Clone one commit, and look with the store of the whole."""
    applied_and_committed(traced)
    clone = traced.root.parent / "shallow"
    traced.git("clone", "--quiet", "--depth", "1", f"file://{traced.root}", str(clone))
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{traced.root / 'mlflow.db'}"}
    return Sandbox(clone, traced.environment | store)


def on_a_detached_head(traced: Sandbox) -> Sandbox:
    traced.git("checkout", "--quiet", "--detach")
    applied_and_committed(traced)
    removed(traced, ["alpha"])
    return traced


def relocked(form: Callable[[str], str]) -> Callable[[Sandbox], Sandbox]:
    """Commit a result with its `dvc.lock` in another form."""

    def act(traced: Sandbox) -> Sandbox:
        traced.dvc("exp", "apply", "alpha")
        text = traced.text("dvc.lock")
        assert form(text) != text
        (traced.root / "dvc.lock").write_text(form(text))
        traced.commit("Long ago")
        removed(traced, ["alpha"])
        return traced

    return act


def without_hash_names(lock: str) -> str:
    """Give a lock as DVC 2 wrote it."""
    return lock.replace("      hash: md5\n", "")


def of_schema_1(lock: str) -> str:
    """Give a lock as DVC 1 wrote it: the stages at the top."""
    return str(yaml.safe_dump(yaml.safe_load(without_hash_names(lock))["stages"]))


def ended_by_a_signal(traced: Sandbox) -> Sandbox:
    traced.replace("params.yaml", "lr: 0.1", "lr: 0.9")
    assert traced.process("dvc", "repro", SIGNAL=str(int(signal.SIGTERM))).returncode != 0
    traced.git("checkout", "--quiet", ".")
    return traced


def never_committed(traced: Sandbox) -> Sandbox:
    traced.replace("params.yaml", "threshold: 0.5", "threshold: 0.6")
    traced.dvc("repro")
    traced.git("checkout", "--quiet", ".")
    return traced
