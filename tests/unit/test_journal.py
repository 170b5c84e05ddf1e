"""Every run is on disk first, whole, and goes to MLflow once."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import Timeout

from wherefrom import files, process
from wherefrom.journal import Ending, Entry, Journal

SRC = Path(__file__).parents[2] / "src"
GONE = replace(process.current(), pid=2**22 - 1, created=1.0)
ENTRY = Entry(
    record_id="a" * 32,
    stage="sub/dvc.yaml:train",
    store="sqlite:///mlflow.db",
    action="create",
    mlflow_experiment="e",
    run_name="r",
    started=1_000,
    process=GONE,
    params={"lr": "0.1"},
    tags={"dvc.stage": "train"},
)
ENDED = replace(ENTRY, ending=Ending("FINISHED", 9_000, {"m": 0.5}, {"t": "x"}, ("u",)))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / ".wherefrom")


def test_an_entry_is_read_as_it_was_written(journal: Journal) -> None:
    journal.write(ENDED)

    assert journal.waiting() == (ENDED,)


def test_an_entrys_folder_has_a_flat_name(journal: Journal, tmp_path: Path) -> None:
    assert journal.folder(ENTRY).parent == tmp_path / ".wherefrom" / "runs"
    assert journal.folder(ENTRY).name == "a" * 32 + "-sub_dvc.yaml_train"


def test_the_state_folder_keeps_itself_out_of_git(journal: Journal, tmp_path: Path) -> None:
    journal.write(ENTRY)

    assert (tmp_path / ".wherefrom" / ".gitignore").read_text() == "*\n"


def test_the_entry_of_a_killed_process_becomes_killed(journal: Journal) -> None:
    journal.write(ENTRY)

    (found,) = journal.waiting()

    assert found.ending is not None
    assert (found.ending.status, found.ending.ended) == ("KILLED", 1_000)
    assert "killed" in found.ending.tags["wherefrom.error"]


@pytest.mark.parametrize(
    "who",
    [process.current(), replace(GONE, host="elsewhere"), replace(GONE, boot="another")],
    ids=["lives", "other_host", "other_boot"],
)
def test_the_entry_of_a_process_that_may_live_waits(
    journal: Journal, who: process.ProcessId
) -> None:
    journal.write(replace(ENTRY, process=who))

    assert journal.waiting() == ()


def test_an_ended_entry_is_delivered_wherever_it_was_made(journal: Journal) -> None:
    elsewhere = replace(ENDED, process=replace(GONE, host="elsewhere"))
    journal.write(elsewhere)

    assert journal.waiting() == (elsewhere,)


def test_entries_are_listed_oldest_first_and_a_run_before_what_continues_it(
    journal: Journal,
) -> None:
    later = replace(ENDED, record_id="0" * 32, started=2_000)
    goes_on = replace(ENDED, stage="evaluate", action="continue")
    for entry in (later, goes_on, ENDED):
        journal.write(entry)

    assert journal.waiting() == (ENDED, goes_on, later)


def test_a_held_entry_is_taken_by_nobody_else(journal: Journal, tmp_path: Path) -> None:
    journal.write(ENDED)
    lock = journal.hold(ENDED)
    other = Journal(tmp_path / ".wherefrom")

    assert list(other.take(other.waiting())) == []
    with pytest.raises(Timeout):
        other.hold(ENDED)
    lock.release()
    ((entry, taken),) = other.take(other.waiting())
    assert entry == ENDED
    taken.release()


def test_an_entry_that_was_delivered_meanwhile_is_not_given(
    journal: Journal, tmp_path: Path
) -> None:
    journal.write(ENDED)
    waiting = journal.waiting()

    journal.remove(ENDED)

    assert list(journal.take(waiting)) == []
    assert not (tmp_path / ".wherefrom" / "runs" / ENDED.key).exists()


def test_an_entry_whose_process_ended_it_meanwhile_is_given_as_it_is_now(
    journal: Journal,
) -> None:
    journal.write(ENTRY)
    waiting = journal.waiting()
    assert waiting[0].ending is not None
    assert waiting[0].ending.status == "KILLED"
    journal.write(ENDED)

    ((entry, lock),) = journal.take(waiting)
    lock.release()

    assert entry == ENDED


def test_an_empty_journal_has_nothing(journal: Journal) -> None:
    assert journal.waiting() == ()


BROKEN = {
    "empty": "",
    "no_json": "{",
    "list": "[]",
    "other_schema": '{"schema": 2}',
    "no_schema": "{}",
    "no_process": '{"schema": 1, "ending": null}',
    "unknown_field": json.dumps({"schema": 1, "process": {}, "ending": None, "x": 1}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_damaged_entry_is_named_and_left_and_keeps_no_other_waiting(
    journal: Journal, tmp_path: Path, text: str
) -> None:
    path = tmp_path / ".wherefrom" / "runs" / "x" / "entry.json"
    files.write(path, text)
    journal.write(ENDED)

    assert journal.waiting() == (ENDED,)
    (error,) = journal.damaged()
    assert str(path) in str(error)
    assert path.read_text() == text


DELIVER = """\
import sys
from pathlib import Path
from wherefrom.journal import Journal
state, log = Path(sys.argv[1]), Path(sys.argv[2])
journal = Journal(state)
waiting = journal.waiting()
print(len(waiting), flush=True)
sys.stdin.readline()
for entry, lock in journal.take(waiting):
    with lock:
        with log.open("a") as file:
            file.write(entry.record_id + "\\n")
        journal.remove(entry)
"""


def test_two_processes_deliver_every_entry_once(journal: Journal, tmp_path: Path) -> None:
    ids = [f"{i:032x}" for i in range(60)]
    for record_id in ids:
        journal.write(replace(ENDED, record_id=record_id))
    log = tmp_path / "log"
    command = [sys.executable, "-c", DELIVER, str(tmp_path / ".wherefrom"), str(log)]
    env = os.environ | {"PYTHONPATH": str(SRC)}
    both = [
        subprocess.Popen(command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [one.stdout and one.stdout.readline() for one in both] == ["60\n"] * 2
    for one in both:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in both:
        one.communicate(timeout=60)

    assert [one.returncode for one in both] == [0, 0]
    assert sorted(log.read_text().split()) == ids
    assert journal.waiting() == ()


# -- whole files


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    files.write(path, "old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(path, "new")

    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]


def test_a_written_file_has_the_rights_that_the_user_wants(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        files.write(tmp_path / "a", "x")
    finally:
        os.umask(former)

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def _write_often(path: str, letter: str) -> None:
    for _ in range(100):
        files.write(Path(path), letter * 50_000)


def test_a_reader_sees_one_whole_file_while_two_write(tmp_path: Path) -> None:
    path = tmp_path / "a"
    files.write(path, "x" * 50_000)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_often, args=(str(path), x)) for x in "xy"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_text())
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert seen <= {"x" * 50_000, "y" * 50_000}
