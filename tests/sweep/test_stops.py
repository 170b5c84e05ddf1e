"""Whatever stops a sweep: nothing is left, nothing is lost, and it can be gone on with."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from slow_project import begun, let_go, marks, processes_of, slow_down, started
from sweeps import outside, report_of, run_named, states, swept

from waiting import HEARING, is_alive, until

if TYPE_CHECKING:
    from sandbox import Sandbox


def resume(small: Sandbox) -> subprocess.CompletedProcess[str]:
    return swept(small, "--resume", "--jobs", "1", "--json", MARKS=str(marks(small)))


DEAF = """\
import signal
from pathlib import Path

if "lr: 2" in Path("params.yaml").read_text():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
"""


def go_on_with_something_else(small: Sandbox) -> None:
    """Edit everything that a sweep starts from, commit on another branch, and edit again."""
    small.replace("code/evaluate.py", "score + threshold", "score - threshold")
    small.replace("params.yaml", "threshold: 0.25", "threshold: 0.75")
    small.replace("params.yaml", "name: first", "name: other")
    small.replace("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, more.txt]")
    small.git("checkout", "--quiet", "-b", "other")
    small.commit("Something else")
    (small.root / "dvc.yaml").write_text("stages: [")


def hears_ctrl_c(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    (ignored,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
    return not int(ignored, 16) & 1 << (signal.SIGINT - 1)


def test_a_stopped_sweep_is_gone_on_with_from_where_it_began(small: Sandbox) -> None:
    slow_down(small)
    (small.root / "params.yaml").write_text(small.text("params.yaml").replace("0.5", "0.25"))
    baseline = small.git("rev-parse", "HEAD").strip()

    with started(small, "--jobs", "2", "--json", "-S", "train.lr=1,2,3,4") as sweep:
        go_on_with_something_else(small)
        before = outside(small)
        worker, stage = begun(small)["1"]
        os.kill(worker, signal.SIGKILL)
        until(lambda: not is_alive(stage))
        sweep.send_signal(signal.SIGINT)
        until(lambda: "finishing" in sweep.stderr.readline())
        let_go(small)
        said, _ = sweep.communicate()
    assert sweep.returncode == 130
    ended = states(json.loads(said))
    assert (ended["sweep-1-1"], ended["sweep-1-2"]) == ("failed", "done")
    after = outside(small)
    assert {**after, "refs": ""} == {**before, "refs": ""}

    done = resume(small)
    resumed = report_of(done)

    count = list(ended.values()).count("done")
    said = f"4 variants, {count} of them before, from {baseline[:10]} with the changes of then\n"
    assert said in done.stderr
    assert states(resumed) == dict.fromkeys([f"sweep-1-{n}" for n in (1, 2, 3, 4)], "done")
    scores = {one["name"]: one["metrics"]["test.score"] for one in resumed["variants"]}
    assert scores == {f"sweep-1-{n}": n + 0.25 for n in (1, 2, 3, 4)}
    assert {one["values"]["train.lr"] for one in resumed["variants"]} == {1, 2, 3, 4}
    exps = small.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    assert {ref.split("/")[2] + ref.split("/")[3] for ref in exps} == {baseline}
    names = [run.name for run in small.runs().values()]
    assert names.count("sweep-1-2") == 1
    assert sorted(r.status for r in small.runs().values() if r.name == "sweep-1-1") == [
        "FINISHED",
        "KILLED",
    ]
    assert run_named(small, "sweep-1").status == "FINISHED"
    assert {run.tags["git.commit"] for run in small.runs().values() if run.name == "sweep-1-2"} == {
        baseline
    }
    with sqlite3.connect(small.root / "mlflow.db") as database:
        assert not database.execute("SELECT * FROM experiments WHERE name = 'other'").fetchall()
    assert not processes_of(small)


def test_a_second_ctrl_c_stops_what_runs_and_a_third_what_will_not_stop(small: Sandbox) -> None:
    slow_down(small)
    (small.root / "code" / "train.py").write_text(DEAF + small.text("code/train.py"))
    small.commit("A training that does not stop")

    with started(small, "--jobs", "2", "--json", "-S", "train.lr=1,2,3") as sweep:
        for word in ("finishing", "sweep-1-1 stopped", "stopping"):
            sweep.send_signal(signal.SIGINT)
            until(lambda word=word: word in sweep.stderr.readline())
        said, _ = sweep.communicate()

    assert sweep.returncode == 130
    assert states(json.loads(said)) == {"sweep-1-1": "stopped", "sweep-1-2": "stopped"}
    ended = {name: run_named(small, name).status for name in ("sweep-1", "sweep-1-1", "sweep-1-2")}
    assert set(ended.values()) == {"KILLED"}
    assert not small.git("for-each-ref", "refs/exps")
    assert not processes_of(small)
    assert not list((small.root / ".wherefrom" / "workers").glob("[!.]*"))


def test_ctrl_c_before_the_first_variant_is_one_word(small: Sandbox) -> None:
    command = (*HEARING, "wherefrom", "sweep", "-S", "train.lr=1,2")
    env = small.cold.environment | {"PWD": str(small.root)}
    errors = small.root.with_name("errors")
    with (
        errors.open("w") as file,
        subprocess.Popen(
            command, cwd=small.root, env=env, stderr=file, start_new_session=True
        ) as sweep,
    ):
        until(lambda: len(psutil.Process(sweep.pid).children()) > 1 and hears_ctrl_c(sweep.pid))
        libraries = psutil.Process(sweep.pid).children()[-1].pid
        os.killpg(sweep.pid, signal.SIGINT)
        sweep.wait()
        lives = is_alive(libraries)  # until it has imported them, and finds that nobody asks
        os.killpg(sweep.pid, signal.SIGKILL)

    assert (sweep.returncode, errors.read_text().strip(), lives) == (130, "interrupted", True)


def test_what_runs_as_the_sweep_is_killed_is_not_lost(small: Sandbox) -> None:
    slow_down(small)

    with started(small, "--jobs", "2", "--name", "s", "-S", "train.lr=1,2,3") as sweep:
        refused = swept(small, "--resume", "--name", "s")
        sweep.send_signal(signal.SIGKILL)
        sweep.wait()
        let_go(small)
        until(lambda: not processes_of(small))
    small.run("wherefrom", "sync")

    assert (refused.returncode, "is running" in refused.stderr) == (2, True)
    assert run_named(small, "s").status == "KILLED"
    assert {run_named(small, name).status for name in ("s-1", "s-2")} == {"FINISHED"}
    resumed = report_of(resume(small))
    assert states(resumed) == {"s-1": "linked", "s-2": "linked", "s-3": "done"}
    assert run_named(small, "s").status == "FINISHED"
    assert "wherefrom.error" not in run_named(small, "s").tags
    assert not list((small.root / ".wherefrom" / "workers").glob("[!.]*"))
