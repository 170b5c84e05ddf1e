"""A stage says so where the ledger knows its inputs; whatever is wrong with that stops no stage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from asking import ask
from sync.every_kind import RESULT, TRAINING

if TYPE_CHECKING:
    from sandbox import Sandbox

OFF = {"WHEREFROM_TRACKING": "off"}
SAID = r"wherefrom: train has run with the same inputs before.*: `wherefrom trace (\w+)`"
CONTENTS = {"empty": b"", "garbage": b"this is no database" * 500, "cut": None}


def test_a_stage_with_inputs_that_the_ledger_knows_names_the_result(history: Sandbox) -> None:
    record = history.record(path=RESULT)
    assert ask(history, "ls")["results"]

    done = history.process("dvc", "repro", "--force", "train", **OFF)

    assert done.returncode == 0
    (address,) = re.findall(SAID, done.stderr)
    found = ask(history, "trace", address)
    assert found["result"]["record_id"] == record.record_id
    fingerprints = {stage["name"]: stage["fingerprint"] for stage in found["stages"]}
    assert fingerprints["train"] == history.record(path=TRAINING).fingerprint


def test_of_those_who_hold_a_known_result_its_maker_is_named(kinds: Sandbox) -> None:
    kinds.git("checkout", "--quiet", "HEAD~1")
    kinds.dvc("checkout", "--quiet")
    assert "same" in [name for e in ask(kinds, "ls")["results"] for name in e["inherited_by"]]

    said = kinds.dvc("repro", "--force", "train", **OFF)

    ((notes, address),) = re.findall(r"inputs before(?: \((.*?)\))?: `wherefrom trace (\w+)`", said)
    named = re.findall(r"experiment ([^,]+)", notes)
    (entry,) = [e for e in ask(kinds, "ls")["results"] if e["result"]["key"].startswith(address)]
    makers = [name for name in entry["experiments"] if name not in entry["inherited_by"]]
    assert named == makers[:1]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_a_damaged_index_stops_no_stage(history: Sandbox, content: bytes | None) -> None:
    listed = ask(history, "ls")
    model = history.text("model.txt")
    index = history.root / ".wherefrom" / "index.db"
    index.write_bytes(index.read_bytes()[:5000] if content is None else content)

    history.dvc("repro", "--force", "train", **OFF)

    assert history.text("model.txt") == model
    history.git("reset", "--hard", "--quiet")
    assert ask(history, "ls") == listed
