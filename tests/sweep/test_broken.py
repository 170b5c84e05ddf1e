"""Workers that cannot begin, and stages whose sweep has gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn
from unittest.mock import Mock

import pytest
from sweeps import report_of, states, swept

from wherefrom import trial
from wherefrom.commands.sweep import _end
from wherefrom.errors.stores import StoreRefusedError, StoreUnreachableError
from wherefrom.identity import CommitSha
from wherefrom.sweeping import parent
from wherefrom.sweeping.book import Definition
from wherefrom.sweeping.parent import Ended
from wherefrom.sweeping.worker import _Worker

if TYPE_CHECKING:
    from sandbox import Sandbox

REPORTS = "import sys; from wherefrom import trial; sys.exit(trial.is_to_stop({'score': 1.0}, 1))"


class Gone:
    """The connection with a sweep that was killed."""

    def send(self, _message: object) -> None: ...

    def recv(self) -> NoReturn:
        raise EOFError


@pytest.mark.timeout(30)
def test_a_stage_that_says_how_it_stands_goes_on_when_its_sweep_has_gone() -> None:
    worker = object.__new__(_Worker)
    worker._connection, worker._number = Gone(), 0  # type: ignore[assignment]
    here, there = socket.socketpair()
    with here, there:
        environ = {**os.environ, trial.VARIABLE: str(there.fileno())}
        command = [sys.executable, "-c", REPORTS]
        stage = subprocess.Popen(command, pass_fds=[there.fileno()], env=environ)
        there.close()

        worker._listen(here, stage.pid)

    assert stage.wait() == 0


def test_a_baseline_that_is_gone_is_one_message(small: Sandbox) -> None:
    swept(small, "-S", "train.lr=0.3", "--jobs", "1")
    book = small.root / ".wherefrom/sweeps/sweep-1"
    text = (book / "sweep.json").read_text()
    sha = small.git("rev-parse", "HEAD").strip()
    (book / "sweep.json").write_text(text.replace(sha, "1" * 40))

    done = swept(small, "--resume")

    assert done.returncode == 2
    assert f"git has no longer the commit {'1' * 10}, from which sweep-1 started\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_working_copy_that_cannot_be_made_is_one_message(small: Sandbox) -> None:
    for name, value in (("clean", "cat"), ("smudge", "false"), ("required", "true")):
        small.git("config", f"filter.lost.{name}", value)
    (small.root / ".gitattributes").write_text("*.py filter=lost\n")
    small.commit("Code by a filter that fails")

    done = swept(small, "-S", "train.lr=0.3", "--jobs", "1")

    assert done.returncode == 2
    assert "a worker cannot begin: `git " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_that_git_does_not_have_is_named_before_and_after(small: Sandbox) -> None:
    small.replace("code/train.py", "import json", "import helper, json")
    small.commit("Help")
    for name in ("code/helper.py", "notes.txt"):
        (small.root / name).touch()

    done = swept(small, "-S", "train.lr=0.3", "--jobs", "1")

    assert done.returncode == 1
    why = "gap: not in git: code/helper.py: no variant has what git does not track\n  `git add` "
    assert why in done.stderr
    assert why in done.stdout.partition("No module named 'helper'\n")[2]


def test_a_sweep_without_tracking_leaves_no_store(small: Sandbox) -> None:
    (small.root / "mlflow.db").unlink()

    said = report_of(
        swept(small, "-S", "train.lr=0.3", "--jobs", "1", "--json", WHEREFROM_TRACKING="off")
    )

    assert states(said) == {"sweep-1-1": "done"}
    assert not list(small.root.glob("mlflow.db*"))


def test_the_run_of_a_sweep_that_mlflow_has_no_longer_is_made_anew() -> None:
    store = Mock(
        log=Mock(side_effect=[StoreRefusedError("sqlite:", "Run with id=1 not found"), None])
    )
    store.create_run.return_value = "2"
    asked = ("s", ("a=1,2",), "grid", None, 0, None, None, None, CommitSha("1" * 40), None, "1")

    assert parent.resume(Mock(open=Mock(return_value=store)), Definition(*asked)) == "2"


def test_a_store_that_is_gone_at_the_end_is_a_gap_with_what_mends_it() -> None:
    """So the run of the sweep, which is not ended, is in the end."""
    gone = Mock(ask=Mock(side_effect=StoreUnreachableError("http://127.0.0.1:9", "refused")))
    definition = Mock(run_id="1", metric=None)
    definition.name = "s"

    (gap,) = _end(gone, Mock(), Ended(definition, "FINISHED", {}))

    assert gap.remedy == "`wherefrom sweep --resume --name s` once it can be"


def test_a_variant_that_is_stopped_between_two_stages_starts_no_other() -> None:
    held = Mock(_stopped=True, _ran=[])

    assert _Worker._start(held, Mock(), f"{sys.executable} -m this", ".", {}) == 143
    assert held._ran == []


def test_a_stage_reads_its_own_facts_where_its_worker_cannot() -> None:
    """The worker goes on, and the stage says in its own words what is wrong."""
    held = Mock(_stage=Mock(spec=[]))  # no stage of DVC's: reading it raises

    assert _Worker._facts(held, trial.code()) == ""
    assert _Worker._facts(held, "of another version") == ""
