"""Remarks as lines, and the tags that follow from them."""

from __future__ import annotations

import json

import pytest

from wherefrom.remarks import Mark, Reproduced, Tagged, Told, gaps, last, line, marks, tags

FIRST = Reproduced("identical", 1_700_000_000_000, "a" * 40, "lock", "CPU A")
LATER = Reproduced("different", 1_700_000_001_500, None, "current", None, "model.txt")


def test_a_line_reads_back_and_the_latest_counts_whatever_the_order() -> None:
    assert last(line(FIRST)) == FIRST
    assert last(f"{line(LATER)}\n{line(FIRST)}\n") == LATER
    assert last("") is None


def test_lines_of_other_kinds_are_passed_over_and_those_that_are_none_are_named() -> None:
    other = '{"schema": 1, "kind": "praise", "at": "2024"}'
    text = f'{other}\n{line(FIRST)}\nnonsense\n{{"schema": 2}}\n["schema"]\n'
    assert last(text) == FIRST
    (gap,) = gaps(text, "0c3f9a")
    assert gap.what == "3 remarks on 0c3f9a cannot be read"
    assert gaps(line(FIRST), "0c3f9a") == ()


def test_a_run_is_told_the_verdict_when_where_and_in_which_environment() -> None:
    assert tags(FIRST) == {
        "wherefrom.reproduced": "identical",
        "wherefrom.reproduced.at": "2023-11-14T22:13:20.000Z",
        "wherefrom.reproduced.in": "lock",
        "wherefrom.reproduced.on": "CPU A",
    }
    assert "wherefrom.reproduced.on" not in tags(LATER)


@pytest.mark.parametrize(
    "wrong",
    [{"at": "yesterday"}, {"at": None}, {"verdict": "best"}, {"cpu": ...}],
    ids=["no time", "nothing", "no verdict", "left out"],
)
def test_a_remark_that_somebody_edited_is_named_and_the_others_count(
    wrong: dict[str, object],
) -> None:
    body = json.loads(line(LATER)) | wrong
    kept = {key: value for key, value in body.items() if value != ...}
    text = f"{json.dumps(kept)}\n{line(FIRST)}\n"
    assert last(text) == FIRST
    (gap,) = gaps(text, "0c3f9a")
    assert gap.what == "1 remarks on 0c3f9a cannot be read"


def test_what_a_later_version_adds_to_a_remark_is_passed_over() -> None:
    assert last(json.dumps({**json.loads(line(FIRST)), "host": "a"})) == FIRST


SAID = Tagged({"status": "promising", "note": "look again"}, 1_700_000_000_000, "Ada <ada@example>")
TAKEN_BACK = Tagged({"status": None}, 1_700_000_001_000, None)


def test_of_each_tag_what_was_said_last_counts_whatever_the_order() -> None:
    text = f"{line(TAKEN_BACK)}\n{line(FIRST)}\n{line(SAID)}\n"
    assert marks(text) == {
        "status": Mark(None, TAKEN_BACK.at, None),
        "note": Mark("look again", SAID.at, "Ada <ada@example>"),
    }
    assert last(text) == FIRST
    assert gaps(text, "0c3f9a") == ()


def test_what_was_taken_back_is_as_the_records_have_it() -> None:
    found = Told({"status": "draft", "note": "short"}, marks(f"{line(SAID)}\n{line(TAKEN_BACK)}"))
    assert (found.value("status"), found.value("note")) == ("draft", "look again")
    assert found.changed() == {"status": "draft", "note": "look again"}
    assert Told({}, marks(line(TAKEN_BACK))).changed() == {"status": None}
    assert (found.newest(), Told().newest()) == (TAKEN_BACK.at, 0)


def test_a_note_sets_no_other_tag() -> None:
    body = json.loads(line(SAID))
    body["tags"] |= {"data_hash": "0", "wherefrom.record_id": "0"}
    assert set(marks(json.dumps(body))) == {"status", "note"}


@pytest.mark.parametrize(
    "wrong",
    [{"tags": "status"}, {"tags": {"status": 1}}, {"tags": None}, {"by": 1}, {"at": None}],
    ids=["tags that are a text", "a number", "no tags", "by a number", "no time"],
)
def test_tags_that_somebody_edited_are_named_and_the_others_count(wrong: dict[str, object]) -> None:
    text = f"{json.dumps(json.loads(line(SAID)) | wrong)}\n{line(TAKEN_BACK)}\n"
    assert set(marks(text)) == {"status"}
    (gap,) = gaps(text, "0c3f9a")
    assert gap.what == "1 remarks on 0c3f9a cannot be read"
