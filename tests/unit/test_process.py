"""A process is known again later, and a reused process id is not taken for it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from wherefrom import process
from wherefrom.process import ProcessId


def test_this_process_lives() -> None:
    assert not process.is_gone(process.current())


def test_a_process_that_was_killed_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = replace(
        process.current(), pid=child.pid, created=psutil.Process(child.pid).create_time()
    )
    assert not process.is_gone(known)

    child.kill()
    child.communicate()

    assert process.is_gone(known)


def test_a_killed_process_that_its_parent_has_not_waited_for_is_gone_too() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = replace(
        process.current(), pid=child.pid, created=psutil.Process(child.pid).create_time()
    )
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    try:
        assert process.is_gone(known)
    finally:
        child.communicate()


def test_a_reused_process_id_is_another_process() -> None:
    me = process.current()

    assert process.is_gone(replace(me, created=me.created - 100))


@pytest.mark.parametrize("field", ["host", "boot"])
def test_nothing_is_known_of_another_host_or_boot(field: str) -> None:
    gone = replace(process.current(), pid=2**22 - 1, created=1.0)

    assert process.is_gone(gone)
    assert not process.is_gone(replace(gone, **{field: "another"}))


def test_a_process_is_read_as_it_was_written() -> None:
    me = process.current()
    read = process.parse(me.text())

    assert read == ProcessId(me.host, me.boot, me.pid, round(me.created, 2))
    assert not process.is_gone(read)


@pytest.mark.parametrize("text", ["", "x", "a b c d", "a b 1 x", "a b 1 2 3"])
def test_any_other_text_is_no_process(text: str) -> None:
    assert process.parse(text) is None
