"""Each fault is found, with what is lost by it and what mends it; nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from sync.every_kind import RESULT
from sync.stores import lose
from verify.verifying import check_whole, verify

if TYPE_CHECKING:
    from collections.abc import Callable
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


def store(whole: Sandbox) -> dict[str, str]:
    return {"MLFLOW_TRACKING_URI": f"sqlite:///{whole.root / 'mlflow.db'}"}


def prune(whole: Sandbox) -> None:
    """Remove what no ref leads to, at once."""
    whole.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    whole.git("gc", "--quiet", "--prune=now")


def test_of_an_undamaged_project_nothing_is_reported(whole: Sandbox) -> None:
    found = check_whole(whole, "--all", "--data")

    assert len(found.results) == 5


def test_an_experiment_that_was_removed_before_the_store_was_made_anew_is_named(
    whole: Sandbox,
) -> None:
    sha = whole.git("rev-parse", whole.revision("alpha")).strip()
    check_whole(whole)
    whole.dvc("exp", "remove", "alpha")
    lose(whole)
    whole.run("wherefrom", "sync", "--rebuild")

    found = verify(whole)

    gap = f"nothing holds alpha ({sha[:10]}) any more, which is left out here"
    assert gap in found.gaps
    for file in (whole.root / ".wherefrom").glob("index.db*"):
        file.unlink()
    assert verify(whole).gaps == []


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


def test_a_byte_that_was_flipped_in_the_cache_is_found_by_reading_it(whole: Sandbox) -> None:
    value = model_of(whole, "alpha")
    flip(cached(whole, value))

    check_whole(whole)
    found = verify(whole, "--all", "--data")

    assert (found.status, found.problems) == (1, {"bytes": {value}})
    assert found.damaged == {key_of(whole, "alpha")}


def flip(path: Path) -> None:
    path.chmod(0o644)
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


AS_A_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""What permissions hide from everybody else is hidden from root too."""


@pytest.mark.parametrize("of_folder", [False, True], ids=["the file", "its folder"])
@pytest.mark.parametrize("args", [(), ("--data",)], ids=["", "data"])
def test_an_object_that_may_not_be_read_is_named_and_not_called_gone(
    whole: Sandbox, args: tuple[str, ...], *, of_folder: bool
) -> None:
    value = model_of(whole, "alpha")
    hidden = cached(whole, value).parent if of_folder else cached(whole, value)
    before, prefix = hidden.stat().st_mode, AS_A_USER if os.geteuid() == 0 else ()
    hidden.chmod(0)

    done = whole.cold.process(*prefix, "wherefrom", "verify", "alpha", "--json", *args)

    hidden.chmod(before)
    assert done.returncode == 1, done.stderr
    (problem,) = json.loads(done.stdout)["results"][0]["gaps"]
    assert (problem["cause"], problem["object"]) == ("cache", value)
    assert "may not be read" in problem["what"]
    assert "`chmod " in problem["remedy"]


def test_raw_data_that_is_gone_is_lost_to_all_results(whole: Sandbox) -> None:
    (value,) = {dep.hash for dep in whole.lock()["train"].deps if dep.path == "data/rows.csv"}
    cached(whole, str(value)).unlink()

    found = verify(whole)

    assert (found.status, found.problems) == (1, {"cache": {value}})
    assert len(found.damaged) == 5
    assert {problem["lost"] for problem in found.all} == {"the data it was made from"}


def test_a_run_that_was_deleted_in_mlflow_is_restored_by_the_remedy(whole: Sandbox) -> None:
    run_id = run_of(whole, "alpha")
    whole.run("mlflow", "runs", "delete", "--run-id", run_id, **store(whole))

    found = verify(whole)

    assert (found.status, found.problems) == (1, {"run": {run_id}})
    assert found.damaged == {key_of(whole, "alpha")}
    (remedy,) = found.remedies
    whole.run("bash", "-ec", remedy.strip("`"), **store(whole))
    check_whole(whole)


def test_a_run_of_foreign_code_that_was_deleted_is_named(theirs: Sandbox) -> None:
    whole = check_whole(theirs)
    run_id = next(result["run"] for result in whole.results.values() if result["run"])
    theirs.run("mlflow", "runs", "delete", "--run-id", run_id, **store(theirs))

    found = verify(theirs)

    assert (found.status, found.problems) == (1, {"run": {run_id}})
    assert found.damaged == {k for k, result in whole.results.items() if result["run"] == run_id}


def test_a_store_that_was_lost_is_made_again_by_the_remedy(whole: Sandbox) -> None:
    (whole.root / "mlflow.db").unlink()
    shutil.rmtree(whole.root / "mlruns")

    found = verify(whole)

    assert (found.status, set(found.problems), len(found.damaged)) == (1, {"run"}, 5)
    assert found.remedies == {"`wherefrom sync --rebuild` makes it from git"}
    whole.run("wherefrom", "sync", "--rebuild")
    check_whole(whole)


def test_a_store_that_is_down_is_no_loss(whole: Sandbox) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])

    found = verify(whole, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}")

    assert (found.status, found.all) == (1, [])
    assert found.gaps == ["MLflow was not asked; this is from the ledger"]


@pytest.mark.parametrize("uri", ["", "http://127.0.0.1:1"], ids=["lost", "down"])
def test_an_experiment_that_was_removed_is_a_gap_without_a_store(whole: Sandbox, uri: str) -> None:
    """Its run alone says whether it is still wanted."""
    sha = whole.git("rev-parse", whole.revision("alpha")).strip()
    whole.dvc("exp", "remove", "alpha")
    (whole.root / "mlflow.db").unlink()
    shutil.rmtree(whole.root / "mlruns")
    extra = {"MLFLOW_TRACKING_URI": uri} if uri else {}

    found = verify(whole, **extra)

    removed = f"nothing holds alpha ({sha[:10]}) any more, which is left out here"
    assert (found.status, removed in found.gaps) == (1, True)
    asked = whole.process("wherefrom", "verify", "alpha", **extra)
    assert asked.returncode == 2
    assert f"the experiment {sha[:10]} had this name, and was removed" in asked.stderr
    assert "near it: alpha" not in asked.stderr


def test_files_of_a_run_that_are_gone_or_changed_are_named(whole: Sandbox) -> None:
    run_id = run_of(whole, "alpha")
    (folder,) = (whole.root / "mlruns").glob(f"*/{run_id}/artifacts")
    (folder / "params.json").unlink()
    flip(folder / "train.wherefrom.json")

    found = verify(whole, "--all", "--data")

    assert (found.status, found.damaged) == (1, {key_of(whole, "alpha")})
    assert found.problems == {
        "artifact": {run_id},
        "bytes": {f"run {run_id}: train.wherefrom.json"},
    }
    assert "params.json" in found.all[0]["what"]


def test_a_removed_experiment_is_named_until_it_is_kept(whole: Sandbox) -> None:
    sha = whole.git("rev-parse", whole.revision("alpha")).strip()
    key = key_of(whole, "alpha")
    whole.dvc("exp", "remove", "alpha")

    found = verify(whole)

    assert (found.status, found.problems) == (1, {"commit": {sha}})
    assert found.damaged == {key}
    assert verify(whole, key).problems == {"commit": {sha}}
    (remedy,) = found.remedies
    whole.run("bash", "-ec", remedy.split("`")[1])
    prune(whole)
    check_whole(whole)


def test_a_removed_experiment_that_git_has_cleaned_up_is_gone(whole: Sandbox) -> None:
    sha = whole.git("rev-parse", whole.revision("alpha")).strip()
    key = key_of(whole, "alpha")
    whole.dvc("exp", "remove", "alpha")
    prune(whole)

    found = verify(whole)

    assert (found.status, found.problems, found.damaged) == (1, {"commit": {sha}}, {key})
    assert found.remedies == {"nothing brings it back; run it again"}


@pytest.mark.parametrize("then", [lambda _whole: None, prune], ids=["still there", "pruned"])
def test_the_result_of_a_dropped_branch_is_named(
    whole: Sandbox, then: Callable[[Sandbox], None]
) -> None:
    whole.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    whole.dvc("exp", "apply", "alpha")
    whole.commit("As in alpha")
    key, sha = key_of(whole, "HEAD"), whole.git("rev-parse", "HEAD").strip()
    whole.dvc("exp", "remove", "alpha")
    check_whole(whole)
    whole.git("checkout", "--quiet", "main")
    whole.git("branch", "--quiet", "-D", "topic")
    then(whole)

    found = verify(whole)

    assert (found.status, found.problems, found.damaged) == (1, {"commit": {sha}}, {key})


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


def amend(whole: Sandbox, path: str, text: str | None) -> None:
    """Put another file into HEAD's commit."""
    if text is None:
        whole.git("rm", "--quiet", path)
    else:
        (whole.root / path).write_text(text)
        whole.git("add", path)
    whole.git("commit", "--quiet", "--amend", "--no-edit")


def test_code_that_is_not_what_was_read_is_named_where_no_snapshot_has_it(whole: Sandbox) -> None:
    whole.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    whole.dvc("exp", "apply", "inner")
    amend(whole, "code/train.py", "print('another one')\n")
    whole.commit("As in inner")
    whole.dvc("exp", "remove", "inner")

    found = verify(whole, "HEAD")

    assert (found.status, found.problems) == (1, {"code": {"code/train.py"}})


@pytest.mark.parametrize("text", [None, "numpy==1\n"], ids=["absent", "another one"])
def test_a_lock_file_that_is_not_the_results_is_named(whole: Sandbox, text: str | None) -> None:
    whole.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    whole.dvc("exp", "apply", "alpha")
    whole.dvc("exp", "remove", "alpha")
    if text is None:
        whole.git("rm", "--quiet", "requirements.lock")
    else:
        (whole.root / "requirements.lock").write_text(text)
    whole.commit("As in alpha, with another lock file")

    found = verify(whole, "HEAD")

    lock = whole.record("HEAD", RESULT).environment.lock
    assert (found.status, found.problems) == (1, {"environment": {lock}})


def test_a_metric_that_was_edited_in_its_commit_is_named(whole: Sandbox) -> None:
    amend(whole, "metrics.json", json.dumps({"test": {"score": 0.99}}))

    found = verify(whole, "HEAD")

    assert (found.status, found.problems) == (1, {"code": {"metrics.json"}})


def test_a_lock_that_says_other_inputs_than_the_record_is_named(whole: Sandbox) -> None:
    text = whole.text("dvc.lock")
    assert "threshold: 0.5" in text
    amend(whole, "dvc.lock", text.replace("threshold: 0.5", "threshold: 0.6"))

    found = verify(whole, "HEAD")

    assert found.status == 1
    assert set(found.problems) == {"record", "code"}
