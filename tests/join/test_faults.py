"""What breaks while a stage runs, and where it runs, never breaks the link: each fault injected."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from small_project import TRAINING

from sandbox import EVALUATE, TRAIN, Sandbox, check_link
from sync.stores import describe
from waiting import until
from wherefrom import lockfile
from wherefrom.names import CARD, NOTE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT = """
    import pathlib, time
    from os import getpid
    folder = pathlib.Path(r"{folder}")
    (folder / "pid").write_text(str(getpid()))
    (folder / "started").touch()
    while not (folder / "go").exists():
        time.sleep(0.05)
"""

DELETE = """
import sys, mlflow
mlflow.MlflowClient("sqlite:///mlflow.db").delete_run(sys.argv[1])
"""


@contextmanager
def paused(
    small: Sandbox, folder: Path, script: str = "train"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `dvc repro` up to the middle of a stage; it goes on when the block ends."""
    wait = WAIT.format(folder=folder)
    line = "        lr = " if script == "train" else "        score = "
    small.replace(f"code/{script}.py", line, wait.replace("\n    ", "\n        ") + "\n" + line)
    log = folder / "repro.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["dvc", "repro", script],
            cwd=small.root,
            env=small.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until(lambda: (folder / "started").exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        (folder / "go").touch()
        process.wait(timeout=120)


def stage_process(folder: Path) -> int:
    """Give the process id of the stage that is paused."""
    return int((folder / "pid").read_text())


def new_runs(sandbox: Sandbox, before: dict) -> list:  # type: ignore[type-arg]
    after = sandbox.runs()
    assert {run_id: after[run_id] for run_id in before} == before
    return [run for run_id, run in after.items() if run_id not in before]


def test_an_edit_while_a_stage_runs_is_not_attributed(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    with paused(small, tmp_path):
        small.replace("code/train.py", "str(lr)", "repr(lr)")

    record, lock = small.record(path=TRAINING), small.lock()
    assert record.fingerprint != lockfile.fingerprint(lock["train"])
    assert any("code/train.py changed while train ran" in gap.what for gap in record.gaps)
    (run,) = new_runs(small, before)
    assert "code/train.py changed while train ran" in run.tags["wherefrom.gaps"]
    assert run.tags["dvc.stage.fingerprint"] == record.fingerprint


def test_a_run_is_there_and_running_while_the_stage_runs(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    with paused(small, tmp_path):
        (run,) = new_runs(small, before)
        assert run.status == "RUNNING"
        assert {"wherefrom.record_id", "data_hash", "dvc.stage.fingerprint"} <= run.tags.keys()
        assert run.params["train.lr"] == "0.1"
        describe(small, run.run_id, f"mine\n{run.tags[NOTE]}")
    (ended,) = new_runs(small, before)
    assert ended.status == "FINISHED"
    assert ended.tags[NOTE].startswith("mine\nof the sample\n\n<!-- wherefrom:")


def test_a_failed_stage_leaves_a_failed_run_with_the_reason(small: Sandbox) -> None:
    before = small.runs()
    small.replace(
        "code/train.py", "        lr = ", "        raise OSError('no luck')\n        lr = "
    )

    done = small.process("dvc", "repro")

    (run,) = new_runs(small, before)
    assert done.returncode != 0
    assert (run.status, run.tags["wherefrom.error"]) == ("FAILED", "OSError: no luck")
    assert "- **failed** OSError: no luck\n" in run.tags[NOTE]
    assert "Traceback" not in done.stderr + done.stdout
    assert "code/train.py" in done.stderr


def test_an_interrupted_stage_leaves_a_killed_run(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    with paused(small, tmp_path):
        os.kill(stage_process(tmp_path), signal.SIGINT)
        until(lambda: new_runs(small, before)[0].status == "KILLED")


def test_a_terminated_stage_leaves_a_killed_run(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    with paused(small, tmp_path):
        os.kill(stage_process(tmp_path), signal.SIGTERM)
        until(lambda: new_runs(small, before)[0].status == "KILLED")


def test_a_run_left_running_by_kill_9_is_ended_by_the_next_one(
    small: Sandbox, tmp_path: Path
) -> None:
    before = small.runs()
    with paused(small, tmp_path) as process:
        os.kill(stage_process(tmp_path), signal.SIGKILL)
        process.wait(timeout=60)
    assert new_runs(small, before)[0].status == "RUNNING"

    small.dvc("repro", "train")

    assert sorted(run.status for run in new_runs(small, before)) == ["FINISHED", "KILLED"]
    assert not list((small.root / ".wherefrom" / "runs").glob("*"))


def test_a_dirty_tree_is_kept_as_a_commit_with_its_untracked_code(small: Sandbox) -> None:
    small.replace("code/train.py", "str(lr)", "repr(lr)")
    (small.root / "code" / "helper.py").write_text("VALUE = 1\n")
    head, index = small.git("rev-parse", "HEAD"), small.git("ls-files", "-s")

    small.dvc("repro", "train")

    record = small.record(path=TRAINING)
    ref = f"refs/wherefrom/dirty/{record.record_id}"
    assert record.git.dirty
    assert record.git.snapshot == small.git("rev-parse", ref).strip()
    assert "repr(lr)" in small.text("code/train.py", ref)
    assert small.text("code/helper.py", ref) == "VALUE = 1\n"
    assert (small.git("rev-parse", "HEAD"), small.git("ls-files", "-s")) == (head, index)


def test_an_import_that_no_stage_declares_and_git_does_not_hold_is_a_gap(small: Sandbox) -> None:
    (small.root / "code" / "helper.py").write_text("VALUE = 1\n")
    small.replace("code/train.py", "import json", "import helper, json")

    output = small.dvc("repro", "train")

    (gap,) = [g for g in small.record(path=TRAINING).gaps if "code/helper.py" in g.what]
    assert "not in git" in gap.why
    assert "git add code/helper.py" in gap.remedy
    assert "code/helper.py was imported by train" in output


def test_a_stage_in_a_temporary_copy_runs_that_copys_code(small: Sandbox) -> None:
    """The main checkout has a module that the experiment lacks: it must not be lent."""
    (small.root / "code" / "helper.py").write_text("VALUE = 1\n")
    small.replace("code/train.py", "import json", "import helper, json")

    done = small.process("dvc", "exp", "run", "--temp")

    assert done.returncode != 0
    assert "No module named 'helper'" in done.stderr


@contextmanager
def served(sandbox: Sandbox, port: int) -> Iterator[None]:
    """Serve a store on loopback, as a team would."""
    folder = sandbox.root.parent / "server"
    folder.mkdir(exist_ok=True)
    args = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    args += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--workers", "1"]
    args += ["--artifacts-destination", str(folder / "artifacts")]
    light = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    process = subprocess.Popen(
        args, env=sandbox.environment | light, cwd=folder, start_new_session=True
    )
    try:
        until(lambda: _answers(port))
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_store_that_is_down_then_up_gets_the_run_once_with_its_times(sandbox: Sandbox) -> None:
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 6")

    started = time.monotonic()
    output = sandbox.dvc("repro", MLFLOW_TRACKING_URI=uri)

    assert time.monotonic() - started < 60
    assert "cannot be reached" in output
    record = sandbox.record()
    assert record.mlflow_run_id is None
    assert len(list((sandbox.root / ".wherefrom" / "runs").glob("*/entry.json"))) == 2
    elsewhere = sandbox.process("wherefrom", "sync")
    assert elsewhere.returncode == 1
    assert f"meant for the store {uri}, and this is sqlite:///mlflow.db" in elsewhere.stdout
    with served(sandbox, port):
        said = sandbox.run("wherefrom", "sync", MLFLOW_TRACKING_URI=uri)
        again = sandbox.run("wherefrom", "sync", MLFLOW_TRACKING_URI=uri)
    assert said.startswith("2 logged that had waited; 1 made from the ledger")
    assert again == "MLflow is up to date\n"
    runs = sandbox.runs(sandbox.root.parent / "server" / "server.db").values()
    (run,) = [run for run in runs if run.record_id == record.record_id]
    training = sandbox.record(path=TRAIN)
    assert (run.started, run.ended, run.status) == (training.started, record.ended, "FINISHED")
    assert run.metrics == sandbox.metrics()
    models = list((sandbox.root.parent / "server" / "artifacts").rglob("MLmodel"))
    assert len(models) == 1


def test_a_store_that_must_answer_and_does_not_is_an_error(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1}", "lr: 0.6}\ntracking: {required: true}")

    done = small.process("dvc", "repro", MLFLOW_TRACKING_URI=f"http://127.0.0.1:{free_port()}")

    assert done.returncode != 0
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_relative_tracking_uri_means_the_main_project_in_a_temporary_copy(
    small: Sandbox,
) -> None:
    uri = "sqlite:///elsewhere.db"
    small.dvc("exp", "run", "--temp", "-n", "t", "-S", "train.lr=0.6", MLFLOW_TRACKING_URI=uri)
    runs = small.runs(small.root / "elsewhere.db")
    check_link(small, "t", runs)
    assert (small.root / "mlruns").is_dir()


def test_the_result_of_a_linked_worktree_is_in_the_main_worktrees_store(small: Sandbox) -> None:
    before = small.runs()
    tree = replace(small, root=small.root.parent / "tree")
    small.git("worktree", "add", "--quiet", str(tree.root), "-b", "tree")
    shutil.copy(small.root / "data/rows.csv", tree.root / "data/rows.csv")
    tree.replace("params.yaml", "lr: 0.1", "lr: 0.6")

    tree.dvc("repro")

    (run,) = new_runs(small, before)
    assert run.tags["git.branch"] == "tree"
    check_link(tree, None, small.runs())
    assert not (tree.root / "mlflow.db").exists()
    assert not (tree.root / ".wherefrom").exists()


def test_a_project_in_a_subdirectory_of_the_repository_is_linked_too(
    small: Sandbox, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    inner = replace(small, root=outer / "deep" / "project")
    shutil.copytree(small.root, inner.root, symlinks=True)
    shutil.rmtree(inner.root / ".git")
    subprocess.run(["git", "init", "--quiet"], cwd=outer, check=True, env=small.environment)
    inner.commit("A project below")
    inner.replace("code/train.py", "str(lr)", "repr(lr)")
    before = inner.runs()

    inner.dvc("repro")

    (run,) = new_runs(inner, before)
    record = check_link(inner, None, inner.runs())
    assert run.tags["git.dirty"] == "true"
    assert "repr(lr)" in inner.text("code/train.py", str(record.git.snapshot))


def test_the_outputs_are_the_same_with_tracking_on_off_and_broken(sandbox: Sandbox) -> None:
    def outputs() -> dict[str, str | None]:
        return {
            out.path: out.hash
            for stage in sandbox.lock().values()
            for out in stage.outs
            if not lockfile.is_record(out.path)
        }

    on = outputs()
    sandbox.dvc("repro", "--force", WHEREFROM_TRACKING="off")
    off = outputs()
    assert sandbox.record().relation == "own"
    assert sandbox.record().record_id == sandbox.record(path=TRAIN).record_id
    broken = "sqlite:////dev/null/no.db"
    sandbox.dvc("repro", "--force", "--downstream", "train", MLFLOW_TRACKING_URI=broken)

    assert on == off == outputs()
    assert (sandbox.root / EVALUATE).exists()


def test_a_change_in_wherefrom_itself_runs_no_stage_again(sandbox: Sandbox) -> None:
    path = sandbox.root / "src" / "wherefrom" / "stage.py"
    path.write_text(path.read_text() + "\n# changed\n")
    assert "Running stage" not in sandbox.dvc("repro")


def test_an_evaluation_killed_by_kill_9_leaves_its_run_to_the_next_one(
    small: Sandbox, tmp_path: Path
) -> None:
    before = small.runs()
    small.replace("params.yaml", "lr: 0.1", "lr: 0.6")
    with paused(small, tmp_path, "evaluate") as process:
        os.kill(stage_process(tmp_path), signal.SIGKILL)
        process.wait(timeout=60)

    small.dvc("repro")

    (run,) = new_runs(small, before)
    assert check_link(small, None, small.runs()).mlflow_run_id == run.run_id
    assert "wherefrom.error" not in run.tags


def test_data_that_a_stage_before_has_not_used_is_not_the_results(sandbox: Sandbox) -> None:
    table = sandbox.root / "data" / "raw" / "breast_cancer.csv"
    used = sandbox.runs()[str(sandbox.record().mlflow_run_id)].tags["data_hash"]
    before = sandbox.runs()
    table.write_text("\n".join(table.read_text().splitlines()[:-1]) + "\n")
    sandbox.dvc("add", "--quiet", "data/raw/breast_cancer.csv")

    sandbox.dvc("repro", "--force", "--single-item", "train")

    (run,) = new_runs(sandbox, before)
    assert run.tags["data_hash"] == used
    assert (
        "data/raw/breast_cancer.csv is not what this result was made from"
        in (run.tags["wherefrom.gaps"])
    )


def test_an_evaluation_leaves_the_tags_of_its_training_as_they_are(small: Sandbox) -> None:
    before = small.runs()
    small.replace("code/train.py", "str(lr)", "repr(lr)")
    small.dvc("repro", "train")
    trained = new_runs(small, before)[0].tags
    small.commit("Committed in between")

    small.dvc("repro")

    (run,) = new_runs(small, before)
    changed = {tag for tag in trained if run.tags[tag] != trained[tag]}
    assert changed == {NOTE, CARD}  # which is about the evaluation too
    assert run.tags["wherefrom.evaluate.git.dirty"] == "false"


def test_a_deleted_run_keeps_no_other_run_waiting(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    with paused(small, tmp_path) as process:
        os.kill(stage_process(tmp_path), signal.SIGKILL)
        process.wait(timeout=60)
    (dead,) = new_runs(small, before)
    (tmp_path / "delete.py").write_text(DELETE)
    small.run("python", str(tmp_path / "delete.py"), dead.run_id)

    output = small.dvc("repro", "train")

    assert "cannot be reached" not in output
    assert small.record(path=TRAINING).mlflow_run_id in small.runs()
