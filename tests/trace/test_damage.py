"""A store that is gone or down; an index that is damaged, unfinished or wanted twice at once."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import psutil
import pytest

from asking import answered, listed, trace
from join.small_project import RESULT
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox import Sandbox

NOT_ASKED = "MLflow was not asked; this is from the ledger"
KEPT = ("result", "experiments", "inherited_by", "commit", "data", "params", "metrics")
COMMITS = 1000
"""As many as take most of a second to read."""


def delete_store(traced: Sandbox) -> dict[str, str]:
    for path in traced.root.glob("mlflow.db*"):
        path.unlink()
    return {}


def overwrite_store(traced: Sandbox) -> dict[str, str]:
    (traced.root / "mlflow.db").write_bytes(b"no database\n" * 1000)
    return {}


def ask_a_server_that_is_down(_traced: Sandbox) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    return {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}


STORES = {
    "deleted": (delete_store, "is not in MLflow"),
    "overwritten": (overwrite_store, NOT_ASKED),
    "server that is down": (ask_a_server_that_is_down, NOT_ASKED),
}


@pytest.mark.parametrize(("lose", "gap"), STORES.values(), ids=STORES.keys())
def test_without_a_store_a_result_is_traced_by_the_ledger_with_a_gap(
    traced: Sandbox, lose: Callable[[Sandbox], dict[str, str]], gap: str
) -> None:
    record = traced.record("alpha", RESULT)
    sha = traced.git("rev-parse", traced.revision("alpha")).strip()

    extra = lose(traced)

    for address in ("alpha", record.record_id, str(record.mlflow_run_id), "test.score=0.7"):
        answer = trace(traced, address, **extra)
        assert answer.status == 1
        assert any(gap in what for what in answer.gaps)
        assert answer.run["record_id"] == record.record_id
        assert answer.run["relation"] == "own"
        assert answer.found["experiments"] == ["alpha"]
        assert (answer.found["commit"]["sha"], answer.held_by) == (sha, sha)


@pytest.mark.parametrize(("lose", "gap"), STORES.values(), ids=STORES.keys())
def test_without_a_store_all_results_are_listed_by_the_ledger(
    traced: Sandbox, lose: Callable[[Sandbox], dict[str, str]], gap: str
) -> None:
    with_store = listed(traced)

    extra = lose(traced)

    answer = answered(traced, "ls", **extra)
    assert (answer.status, set(answer.keys)) == (gap == NOT_ASKED, set(with_store))
    assert [found["what"] for found in answer.found["gaps"]] == [NOT_ASKED] * (gap == NOT_ASKED)
    for entry in answer.found["results"]:
        known = with_store[entry["result"]["key"]]
        for field in (
            "result",
            "experiments",
            "inherited_by",
            "commit",
            "data",
            "params",
            "metrics",
        ):
            assert entry[field] == known[field]
        assert entry["run"]["relation"] == known["run"]["relation"]


def test_the_best_result_of_a_store_that_is_down_has_its_gap(traced: Sandbox) -> None:
    answer = answered(traced, "best", **ask_a_server_that_is_down(traced))

    assert (answer.status, answer.gaps) == (1, [NOT_ASKED])
    assert answer.keys == answered(traced, "best").keys


def index_of(traced: Sandbox) -> Path:
    return traced.root / ".wherefrom" / "index.db"


def cut(index: Path) -> None:
    os.truncate(index, index.stat().st_size // 2)


INDEXES = {
    "garbage": lambda index: index.write_bytes(b"garbage" * 3000),
    "empty": lambda index: index.write_bytes(b""),
    "cut off": cut,
    "garbage behind a whole head": lambda index: index.write_bytes(
        index.read_bytes()[:100] + b"garbage" * 3000
    ),
    "deleted": lambda index: index.unlink(),
}


@pytest.mark.parametrize("damage", INDEXES.values(), ids=INDEXES.keys())
def test_a_damaged_index_is_made_anew_without_a_word(
    traced: Sandbox, damage: Callable[[Path], object]
) -> None:
    before = traced.process("wherefrom", "ls", "--json")
    damage(index_of(traced))

    after = traced.process("wherefrom", "ls", "--json")

    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, "")
    assert trace(traced, "alpha").status == 0


def add_history(traced: Sandbox) -> None:
    """Add a branch of many commits, each with a lock of its own."""
    lock = traced.text("dvc.lock")
    head = traced.git("rev-parse", "HEAD").strip()
    commits = []
    for number in range(COMMITS):
        text = lock.replace("lr: 0.1", f"lr: 0.1{number:05}1")
        start = f"from {head}\n" if number == 0 else ""
        commits.append(
            f"commit refs/heads/long\ncommitter T <t@localhost> {1_600_000_000 + number} +0000\n"
            f"data 1\nx\n{start}M 100644 inline dvc.lock\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=traced.root,
        env=traced.environment,
        input="".join(commits),
        text=True,
        check=True,
    )


def start_ls(traced: Sandbox) -> subprocess.Popen[str]:
    """Start `wherefrom ls` as in a terminal of its own, where Ctrl-C reaches all its processes."""
    return subprocess.Popen(
        ["env", "--default-signal=INT", "wherefrom", "ls", "--json"],
        cwd=traced.root,
        env=traced.cold.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def is_being_filled(index: Path) -> bool:
    """Whether the tables are there, and somebody writes into them (see sqlite.org/fileformat)."""
    if not index.exists() or not index.with_name("index.db-journal").exists():
        return False
    with index.open("rb") as file:
        file.seek(60)
        return any(file.read(4))


def test_an_interrupted_first_index_leaves_it_usable(traced: Sandbox) -> None:
    add_history(traced)
    process = start_ls(traced)
    until(lambda: is_being_filled(index_of(traced)) or process.poll() is not None)

    os.killpg(process.pid, signal.SIGINT)

    said, complained = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "")
    assert complained.split() == ["interrupted"]
    resumed = traced.process("wherefrom", "ls", "--json")
    index_of(traced).unlink()
    anew = traced.process("wherefrom", "ls", "--json")
    assert (resumed.returncode, resumed.stdout) == (0, anew.stdout)
    assert trace(traced, "alpha").status == 0


def test_ctrl_c_is_heard_while_another_process_has_the_index(traced: Sandbox) -> None:
    listed(traced)
    with closing(sqlite3.connect(index_of(traced), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        process = start_ls(traced)
        until(lambda: is_open(process.pid, index_of(traced)))

        os.killpg(process.pid, signal.SIGINT)

        said, complained = process.communicate(timeout=20)
        assert (process.returncode, said) == (130, "")
        assert complained.split() == ["interrupted"]


def is_open(pid: int, path: Path) -> bool:
    """Whether a process has a file open."""
    return any(file.path == str(path) for file in psutil.Process(pid).open_files())


def test_two_that_make_the_index_at_once_both_answer(traced: Sandbox) -> None:
    both = [start_ls(traced), start_ls(traced)]

    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1] == traced.process("wherefrom", "ls", "--json").stdout
