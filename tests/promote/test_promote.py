"""A result gets a name that others use, if nothing speaks against it; all of it is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asking import answered, ask, trace
from using.own_models import cached
from verify.test_faults_found import flip

if TYPE_CHECKING:
    from sandbox import Sandbox

HOLDER = "models:/houses@champion"


def test_what_is_promoted_leads_back_and_is_kept(used: Sandbox) -> None:
    key = used.record("HEAD").record_id

    found = ask(used, "promote", "HEAD", "--as", "houses@champion", "--why", "good enough")

    assert (found["key"], found["made"], found["failed"]) == (key, True, [])
    assert found["promotion"]["version"] == "1"
    assert trace(used, HOLDER).found["result"]["key"] == key
    assert trace(used, "models:/houses/1").found["result"]["key"] == key
    tag, *_ = found["kept"]["tags"]
    assert used.git("rev-parse", f"{tag['name']}^{{commit}}") == used.git("rev-parse", "HEAD")
    (said,) = ask(used, "promote", "--history", "houses")["history"]
    assert (said["by"], said["why"]) == ("Tester <tester@localhost>", "good enough")

    again = ask(used, "promote", key, "--as", "houses@champion")

    assert (again["made"], again["promotion"]["version"]) == (False, "1")
    assert ask(used, "promote", "--history", "houses")["history"] == [said]


def test_a_worse_result_is_refused_unless_it_is_forced(used: Sandbox) -> None:
    better, worse = sorted(("HEAD", "HEAD~1"), key=lambda rev: -_score(used, rev))
    ask(used, "promote", better, "--as", "houses@champion")

    refused = answered(used, "promote", worse, "--as", "houses@champion", "--metric", METRIC)

    assert (refused.status, refused.found["promotion"]) == (1, None)
    (gap,) = refused.found["failed"]
    assert gap["what"] == f"it is worse than {HOLDER}"
    assert METRIC in gap["why"]
    assert trace(used, HOLDER).found["result"]["key"] == used.record(better).record_id

    args = ("--as", "houses@champion", "--metric", METRIC, "--force", "the other is too slow")
    forced = ask(used, "promote", worse, *args)

    assert forced["promotion"]["despite"] == [gap["what"]]
    assert trace(used, HOLDER).found["result"]["key"] == used.record(worse).record_id

    back = ask(used, "promote", "--rollback", "houses@champion", "--why", "it errs")

    assert (back["promotion"]["version"], back["promotion"]["before"]) == ("1", "2")
    assert trace(used, HOLDER).found["result"]["key"] == used.record(better).record_id
    history = ask(used, "promote", "--history", "houses")["history"]
    assert [(said["way"], said["version"], said["why"]) for said in history] == [
        ("promoted", "1", ""),
        ("promoted", "2", "the other is too slow"),
        ("rolled back", "1", "it errs"),
    ]
    none = used.process("wherefrom", "promote", "--rollback", "houses@champion")
    assert none.returncode == 1
    assert "has nothing to go back to" in none.stderr


def test_a_result_on_other_test_data_is_not_compared(used: Sandbox) -> None:
    ask(used, "promote", "HEAD", "--as", "houses@champion")

    refused = answered(used, "promote", "HEAD~2", "--as", "houses@champion")

    assert refused.status == 1
    (gap,) = refused.found["failed"]
    assert gap["what"] == f"it cannot be compared with {HOLDER}, which has the alias"
    assert "data/prepared/test.parquet" in gap["why"]


def test_a_result_that_cannot_be_had_is_refused_in_a_line_for_each_gate(used: Sandbox) -> None:
    flip(cached(used, "models/model.joblib", "HEAD"))
    used.replace("params.yaml", "C: 0.01", "C: 0.02")

    done = used.process("wherefrom", "promote", "HEAD", "--as", "houses@champion")

    assert done.returncode == 1
    first, *lines = done.stdout.splitlines()
    assert first == f"not promoted: {used.record('HEAD').record_id}"
    assert len(lines) == 1
    assert lines[0].startswith("gate: the bytes of models/model.joblib")


METRIC = "test.log_loss"


def _score(sandbox: Sandbox, rev: str) -> float:
    return -sandbox.metrics(rev)[METRIC]
