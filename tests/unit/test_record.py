"""A record -> text -> the same record; anything else is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from wherefrom import record as records
from wherefrom.errors.project import RecordError
from wherefrom.record import EnvironmentFacts, Gap, GitFacts, Record

ENVIRONMENT = EnvironmentFacts("d" * 64, "e" * 64, True, "3.11.7", "linux-x86_64", "CPU", None)
RECORD = Record(
    record_id="a" * 32,
    stage="evaluate",
    relation="derived",
    derived_from="b" * 32,
    fingerprint="c" * 64,
    mlflow_run_id="f" * 32,
    run_name="rf-é",
    started=1_700_000_000_001,
    ended=1_700_000_000_999,
    experiment="exp-1",
    baseline="1" * 40,
    git=GitFacts("2" * 40, "main", True, "3" * 40),
    environment=ENVIRONMENT,
    gaps=(Gap("what", "why", "remedy"),),
)
BARE = replace(
    RECORD,
    relation="own",
    derived_from=None,
    mlflow_run_id=None,
    experiment=None,
    baseline=None,
    git=GitFacts(None, None, False),
    gaps=(),
)


@pytest.mark.parametrize("record", [RECORD, BARE], ids=["full", "bare"])
@pytest.mark.parametrize("names_result", [True, False])
def test_a_record_is_read_as_it_was_written(record: Record, *, names_result: bool) -> None:
    text = records.to_text(record, names_result=names_result)

    assert records.from_text(text, "x") == record


def test_only_a_results_record_gives_dvc_a_column() -> None:
    shown = json.loads(records.to_text(RECORD, names_result=True))
    hidden = json.loads(records.to_text(RECORD, names_result=False))
    waiting = json.loads(records.to_text(BARE, names_result=True))

    assert {k: v for k, v in shown.items() if k != "record"} == {"mlflow_run_id": "f" * 32}
    assert set(hidden) == set(waiting) == {"record"}
    assert isinstance(shown["record"], list)


def test_times_are_written_for_people_in_utc_to_the_millisecond() -> None:
    (body,) = json.loads(records.to_text(RECORD, names_result=False))["record"]

    assert body["started"] == "2023-11-14T22:13:20.001Z"
    assert body["schema"] == 1


def test_the_text_is_sorted_and_ends_its_last_line() -> None:
    text = records.to_text(RECORD, names_result=True)

    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def changed(**fields: Any) -> str:
    data = json.loads(records.to_text(RECORD, names_result=False))
    data["record"][0] |= fields
    return json.dumps(data)


def without(field: str) -> str:
    data = json.loads(records.to_text(RECORD, names_result=False))
    del data["record"][0][field]
    return json.dumps(data)


BROKEN = {
    "no_json": "{",
    "empty": "",
    "list": "[]",
    "text": '"x"',
    "no_record": "{}",
    "record_is_empty": '{"record": []}',
    "two_records": '{"record": [{}, {}]}',
    "record_is_a_text": '{"record": ["x"]}',
    "no_schema": without("schema"),
    "later_schema": changed(schema=2),
    "no_fingerprint": without("fingerprint"),
    "no_gaps": without("gaps"),
    "unknown_field": changed(later="x"),
    "wrong_time": changed(started="yesterday"),
    "time_is_a_number": changed(started=1),
    "git_is_a_text": changed(git="x"),
    "environment_lacks_fields": changed(environment={}),
    "gaps_are_texts": changed(gaps=["x"]),
    "tags_are_a_list": changed(tags=[]),
    "plan_is_a_text": changed(plan="x"),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_record_is_an_error_that_names_the_file(text: str) -> None:
    with pytest.raises(RecordError, match=r"^the record results/x cannot be read: .+"):
        records.from_text(text, "results/x")


def test_a_merge_conflict_is_an_error_that_says_how_to_go_on() -> None:
    with pytest.raises(RecordError) as caught:
        records.from_text("<<<<<<< HEAD\n{}\n", "x")

    assert "git" in str(caught.value.hint)
