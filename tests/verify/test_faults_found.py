"""Each fault is found, with what is lost by it and what mends it; nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.every_kind import RESULT
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox


def key_of(whole: Sandbox, name: str) -> str:
    return str(whole.record(name, RESULT).record_id)


def run_of(whole: Sandbox, name: str) -> str:
    return str(whole.record(name, RESULT).mlflow_run_id)


def model_of(whole: Sandbox, name: str) -> str:
    return str({out.path: out.hash for out in whole.lock(name)["train"].outs}["model.txt"])


def cached(whole: Sandbox, value: str) -> Path:
    return whole.root / ".dvc" / "cache" / "files" / "md5" / value[:2] / value[2:]


def test_of_an_undamaged_project_nothing_is_reported(whole: Sandbox) -> None:
    found = check_whole(whole, "--all", "--data")

    assert len(found.results) == 5


def test_an_object_that_dvc_gc_removed_is_named_with_the_results_that_need_it(
    whole: Sandbox,
) -> None:
    whole.dvc("gc", "--workspace", "--force")

    found = verify(whole)

    lost = {model_of(whole, name) for name in ("HEAD~1", "alpha", "inner")}
    assert (found.status, found.problems) == (1, {"cache": lost})
    others = ("HEAD~1", "alpha", "inner", "tuned")
    assert found.damaged == {key_of(whole, name) for name in others}
    assert found.remedies == {"`dvc repro --force train` in its commit makes it again"}


def test_a_run_that_was_deleted_in_mlflow_is_restored_by_the_remedy(whole: Sandbox) -> None:
    run_id = run_of(whole, "alpha")
    whole.run("mlflow", "runs", "delete", "--run-id", run_id, **store(whole))

    found = verify(whole)

    assert (found.status, found.problems) == (1, {"run": {run_id}})
    assert found.damaged == {key_of(whole, "alpha")}
    (remedy,) = found.remedies
    whole.run("bash", "-ec", remedy.strip("`"), **store(whole))
    check_whole(whole)


def test_the_snapshot_of_a_dirty_tree_is_missed_and_found_again_by_the_remedy(
    whole: Sandbox,
) -> None:
    ref = f"refs/wherefrom/dirty/{key_of(whole, 'HEAD')}"
    whole.git("update-ref", "-d", ref)

    found = verify(whole, "HEAD")

    assert (found.status, found.problems) == (1, {"snapshot": {ref}})
    (remedy,) = found.remedies
    whole.run("bash", "-ec", remedy.split("`")[1])
    check_whole(whole)


def store(whole: Sandbox) -> dict[str, str]:
    return {"MLFLOW_TRACKING_URI": f"sqlite:///{whole.root / 'mlflow.db'}"}
