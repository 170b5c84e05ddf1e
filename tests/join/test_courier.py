"""A cold stage logs by a process beside it: all is as with MLflow in it, but for the wait."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest
from small_project import RESULT, TRAINING

import warm
from sandbox import check_link
from verify.verifying import check_whole
from waiting import is_alive, until
from wherefrom import lockfile
from wherefrom import process as processes
from wherefrom.connection import ErrandError
from wherefrom.courier import Courier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sandbox import RunView, Sandbox

WORK = "        lr = stage"
PAUSE = """\
        import time, sys
        folder = Path({folder!r})
        (folder / "started").write_text(str(os.getpid()))
        while not (folder / "go").exists():
            {each}
            time.sleep(0.05)
        print("imported:", "mlflow" in sys.modules)
"""


@pytest.fixture
def small(small: Sandbox) -> Sandbox:
    """The small project, whose stages import what they use; `dvc` itself has done so."""
    return replace(small, environment=warm.with_cold_scripts(small.environment))


@pytest.fixture
def quick(small: Sandbox, quiet_environment: dict[str, str]) -> Sandbox:
    """The same project, where stages have no couriers: for what comes after them."""
    return replace(small, environment=quiet_environment)


@contextmanager
def paused(
    small: Sandbox, folder: Path, target: str = "train", each: str = "pass", **extra: str
) -> Iterator[int]:
    """Run a cold training up to its work, and give its process id; it goes on after the block."""
    pause = PAUSE.format(folder=str(folder), each=each)
    small.replace("code/train.py", WORK, pause + WORK)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["env", "--default-signal=INT", "dvc", "repro", target],
            cwd=small.root,
            env=small.environment | extra,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until(lambda: (folder / "started").exists() or process.poll() is not None)
        assert process.poll() is None, said(folder)
        until((folder / "started").read_text)
        yield int((folder / "started").read_text())
    finally:
        (folder / "go").touch()
        process.wait(timeout=120)


def said(folder: Path) -> str:
    return (folder / "log").read_text()


def new_runs(small: Sandbox, before: dict[str, RunView]) -> list[RunView]:
    return [run for run_id, run in small.runs().items() if run_id not in before]


def waiting(small: Sandbox) -> list[Path]:
    return sorted((small.root / ".wherefrom" / "runs").glob("*/entry.json"))


def courier_of(pid: int) -> psutil.Process:
    """Give the courier of a stage whose run has begun: the one that lives of what its depot forked.

    The depot is the stage's own child: the first stage has started it.
    """
    (depot,) = psutil.Process(pid).children()
    (courier,) = [child for child in depot.children() if is_alive(child.pid)]
    return courier


def test_a_run_is_there_with_its_curve_while_the_stage_runs_which_never_imports_mlflow(
    small: Sandbox, tmp_path: Path
) -> None:
    before = small.runs()
    log = "run.log_metric('loss', 1.0, time.monotonic_ns() // 10**6)"
    with paused(small, tmp_path, each=log) as pid:
        until(lambda: [run.status for run in new_runs(small, before)] == ["RUNNING"])
        until(lambda: [run.metrics for run in new_runs(small, before)] == [{"loss": 1.0}])
        courier = courier_of(pid)

    (run,) = new_runs(small, before)
    assert "imported: False" in said(tmp_path)
    assert (run.status, run.metrics) == ("FINISHED", {"loss": 1.0, "cv.score": 0.1})
    assert small.record(path=TRAINING).mlflow_run_id == run.run_id
    assert waiting(small) == []
    until(lambda: not is_alive(courier.pid))


@pytest.mark.parametrize(
    ("number", "send"),
    [
        pytest.param(signal.SIGINT, os.killpg, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, os.kill, id="SIGTERM"),
        pytest.param(signal.SIGINT, os.kill, id="SIGINT", marks=pytest.mark.thorough),
        pytest.param(signal.SIGTERM, os.killpg, id="SIGTERM to all", marks=pytest.mark.thorough),
    ],
)
def test_a_stage_that_is_stopped_has_its_run_killed(
    small: Sandbox, tmp_path: Path, number: signal.Signals, send: Callable[[int, int], None]
) -> None:
    before = small.runs()
    with paused(small.cold, tmp_path) as pid:  # it is of a group of its own
        send(os.getpgid(pid) if send is os.killpg else pid, number)
        until(lambda: [run.status for run in new_runs(small, before)] == ["KILLED"])
    until(lambda: not waiting(small))
    assert "Traceback" not in said(tmp_path)


def test_kill_9_ends_the_courier_too_and_leaves_the_run_to_the_next_one(
    small: Sandbox, quick: Sandbox, tmp_path: Path
) -> None:
    before = small.runs()
    with paused(small, tmp_path) as pid:
        until(lambda: new_runs(small, before))
        courier = courier_of(pid)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not is_alive(courier.pid))
        assert [run.status for run in new_runs(small, before)] == ["RUNNING"]
        assert len(waiting(small)) == 1

    quick.dvc("repro", "train")

    assert sorted(run.status for run in new_runs(small, before)) == ["FINISHED", "KILLED"]
    assert waiting(small) == []


def test_a_courier_ends_whose_stage_has_gone_without_reading_an_answer() -> None:
    here, there = socket.socketpair()
    command = [sys.executable, "-c", "from wherefrom import errands; errands.serve()"]
    with subprocess.Popen(command, stdin=there, stdout=there, stderr=subprocess.DEVNULL) as courier:
        there.close()
        here.sendall(b'{"do": "what nobody does"}\n')
        assert here.recv(1, socket.MSG_PEEK) == b"{"  # the answer is there, and stays unread
        here.close()

        assert courier.wait(timeout=60) == 0


def test_kill_9_of_dvc_ends_the_depot_and_costs_no_run(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    with paused(small, tmp_path) as pid:
        until(lambda: new_runs(small, before))
        courier = courier_of(pid)
        depot = courier.parent()
        assert depot is not None
        outside, _ = processes.parents("train", psutil.Process(pid))
        outside[0].kill()
        until(lambda: not is_alive(depot.pid))
        assert is_alive(courier.pid)

    until(lambda: [run.status for run in new_runs(small, before)] == ["FINISHED"])
    until(lambda: not is_alive(courier.pid))


def test_a_depot_that_is_killed_costs_no_run(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    with paused(small, tmp_path, target="evaluate") as pid:
        (depot,) = psutil.Process(pid).children()
        depot.kill()

    (run,) = new_runs(small, before)
    assert (run.status, run.metrics) == ("FINISHED", {"cv.score": 0.1, "test.score": 0.6})
    assert small.record(path=RESULT).mlflow_run_id == run.run_id


def test_a_store_that_is_down_is_named_once_while_the_stage_runs_and_gets_the_run_later(
    small: Sandbox, quick: Sandbox, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.write_text("no folder: the store is down")
    small.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    uri = f"sqlite:///{store}/mlflow.db"
    with paused(small, tmp_path, MLFLOW_TRACKING_URI=uri):
        until(lambda: "cannot be reached" in said(tmp_path), seconds=30)

    assert said(tmp_path).count("cannot be reached") == 1
    assert said(tmp_path).count("the run waits in .wherefrom/runs/") == 1
    assert small.record(path=TRAINING).mlflow_run_id is None
    store.unlink()
    store.mkdir()
    quick.dvc("repro", MLFLOW_TRACKING_URI=uri)
    (run,) = small.runs(store / "mlflow.db").values()
    assert run.record_id == small.record(path=RESULT).record_id
    assert (run.status, run.metrics) == ("FINISHED", {"cv.score": 0.2, "test.score": 0.7})


def test_a_store_that_must_answer_is_waited_for(small: Sandbox) -> None:
    small.replace("params.yaml", "train:", "tracking: {required: true}\ntrain:")
    small.replace("code/train.py", WORK, "        Path('went-on').touch()\n" + WORK)

    done = small.process("dvc", "repro", "train", MLFLOW_TRACKING_URI="sqlite:////dev/null/n")

    assert done.returncode != 0
    assert done.stderr.count("cannot be reached") == 1
    assert "Traceback" not in done.stderr
    assert not (small.root / "went-on").exists()


MODEL = """\
        import pandas as pd
        from {module} import Constant
        run.log_model(
            Constant().fit([[1.0]], [7.0]), example=pd.DataFrame({{"x": [1.0]}}), distributions=(),
            code_paths={code}, trusted_types=["{module}.Constant"],
        )
"""
CONSTANT = """\
from sklearn.base import BaseEstimator, RegressorMixin

class Constant(RegressorMixin, BaseEstimator):
    def fit(self, x, y):
        self.value_ = y[0]
        return self

    def predict(self, x):
        return [self.value_] * len(x)

"""
LOAD = """\
import sys, mlflow, pandas as pd
print(mlflow.pyfunc.load_model(sys.argv[1]).predict(pd.DataFrame({"x": [1.0, 2.0]})))
"""


def log_model(small: Sandbox, module: str) -> None:
    """Have the training log a model whose class is in a module beside the script, or in it."""
    code = ["code/own.py"] if module == "own" else []
    if module == "own":
        (small.root / "code" / "own.py").write_text(CONSTANT)
    else:
        small.replace("code/train.py", "def main", CONSTANT + "def main")
    small.replace("code/train.py", WORK, MODEL.format(module=module, code=code) + WORK)


@pytest.mark.parametrize("module", ["own", "__main__"])
def test_a_model_of_the_workspaces_own_code_is_logged(
    small: Sandbox, quick: Sandbox, module: str
) -> None:
    log_model(small, module)

    output = small.dvc("repro", "train")

    run_id = small.record(path=TRAINING).mlflow_run_id
    assert "waits" not in output
    (file,) = (small.root / "mlruns").rglob("MLmodel")
    assert f"run_id: {run_id}" in file.read_text()
    assert not list((small.root / "mlruns").rglob("*.pickle"))
    if module == "own":
        (small.root / "load.py").write_text(LOAD)
        assert "[7.0, 7.0]" in quick.run("python", "load.py", str(file.parent))


def test_a_model_that_cannot_be_saved_fails_the_stage(small: Sandbox) -> None:
    log_model(small, "own")
    small.replace("code/train.py", '"own.Constant"', "")
    before = small.runs()

    done = small.process("dvc", "repro", "train")

    (run,) = new_runs(small, before)
    assert done.returncode != 0
    assert "own.Constant" in done.stderr
    assert run.status == "FAILED"
    assert not (small.root / TRAINING).exists()


def test_the_model_of_an_evaluation_that_failed_makes_way_for_that_of_the_next(
    small: Sandbox,
) -> None:
    (small.root / "code" / "own.py").write_text(CONSTANT)
    decided = MODEL.format(module="own", code=["code/own.py"])
    decided = decided.replace("distributions=()", "distributions=(), name='decided'")
    work = "        score = float"
    fail = "        assert 'FAIL' not in os.environ\n"
    small.replace("code/evaluate.py", 'json"):\n', 'json") as run:\n')
    small.replace("code/evaluate.py", work, decided + fail + work)
    small.replace("params.yaml", "lr: 0.1", "lr: 0.2")
    small.commit("Log what decides")
    assert small.process("dvc", "repro", FAIL="1").returncode != 0

    small.dvc("repro")
    small.commit("Log what decides, and measure")

    assert small.record(path=RESULT).relation == "own"
    assert len(list((small.root / "mlruns").rglob("MLmodel"))) == 1
    check_whole(small, "HEAD", "--data")


def test_a_courier_that_dies_costs_no_run_and_no_model(small: Sandbox, tmp_path: Path) -> None:
    before = small.runs()
    log_model(small, "own")
    with paused(small, tmp_path) as pid:
        until(lambda: new_runs(small, before))
        courier_of(pid).kill()

    assert said(tmp_path).count("has ended, or does not answer") == 1
    assert said(tmp_path).count("the run waits in") == 1
    small.run("wherefrom", "sync")
    (run,) = new_runs(small, before)
    assert (run.status, run.metrics) == ("FINISHED", {"cv.score": 0.1})
    assert len(list((small.root / "mlruns").rglob("MLmodel"))) == 1


def test_a_cold_variant_in_a_temporary_copy_is_linked_and_has_the_bytes_of_one_without_tracking(
    sandbox: Sandbox,
) -> None:
    def outputs(rev: str | None = None) -> dict[str, str | None]:
        outs = [out for stage in sandbox.lock(rev).values() for out in stage.outs]
        return {out.path: out.hash for out in outs if not lockfile.is_record(out.path)}

    change = "train.random_forest.n_estimators=6"
    scripts = replace(sandbox, environment=warm.with_cold_scripts(sandbox.environment))
    scripts.dvc("exp", "run", "--temp", "--name", "t", "--set-param", change)
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 6")
    sandbox.dvc("repro", "--force", "--downstream", "train", WHEREFROM_TRACKING="off")

    check_link(sandbox, "t", sandbox.runs())
    assert outputs("t") == outputs()


def test_a_courier_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    courier = Courier()
    request = {"do": "end"}
    until(lambda: courier.pid)
    pid = courier.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    courier.ask(request)

    assert courier.settle(0.1) == [request]
    assert not is_alive(pid)
    courier.ask(request)
    assert courier.settle(60) == [request]


def test_an_error_that_nobody_foresaw_is_told_with_its_traceback() -> None:
    heard = []
    courier = Courier()
    courier.heard = lambda _request, answer: heard.append(answer)
    courier.ask({"do": "begin"})
    left = courier.settle(60)
    courier.close()

    assert left == []
    error = ErrandError(heard[0]["error"])
    assert str(error) == "KeyError: 'anchor'"
    assert "errands.py" in error.__notes__[0]
