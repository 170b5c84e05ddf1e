"""Remarks as lines, and the tags that follow from them."""

from __future__ import annotations

import json

import pytest

from wherefrom.remarks import Reproduced, gaps, last, line, tags

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
