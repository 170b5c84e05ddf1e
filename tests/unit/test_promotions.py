"""The history of a model's name, as remarks tell it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from wherefrom import promotions, remarks
from wherefrom.errors.answers import ModelNameError
from wherefrom.promotions import Promotion

FIRST = Promotion(
    at=1_000,
    name="cancer",
    version="1",
    alias="champion",
    way="promoted",
    by="Ada <ada@localhost>",
    why="good",
    despite=("it is worse",),
)


def _said(*steps: str) -> list[Promotion]:
    """Write `2` for a promotion of version 2, `<1` for going back to 1."""
    return [
        replace(
            FIRST, at=at, version=one.lstrip("<"), way="rolled back" if "<" in one else FIRST.way
        )
        for at, one in enumerate(steps)
    ]


def test_a_promotion_is_read_back_from_its_line_once() -> None:
    other = replace(FIRST, name="houses")
    note = f"{promotions.line(FIRST)}\n{promotions.line(other, 'f' * 8)}\n"

    assert promotions.read([note, note], "cancer") == [FIRST]
    assert remarks.gaps(note, "r") == ()
    assert remarks.last(note) is None


def test_a_line_of_somebody_else_breaks_nothing() -> None:
    odd = json.dumps(json.loads(promotions.line(FIRST)) | {"by": ["x"], "version": 2})
    found = promotions.read([odd, promotions.line(FIRST)], "cancer")
    assert [one.version for one in found] == ["1", "2"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "nothing", '{"schema": 1, "kind": "promoted"}'])
def test_a_line_that_is_no_promotion_is_passed_over(text: str) -> None:
    assert promotions.read([text], "cancer") == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("1", "2", "3"), ["1", "2", "3"]),
        (("1", "2", "2"), ["1", "2"]),
        (("1", "2", "<1"), ["1"]),
        (("1", "2", "3", "<2", "<1"), ["1"]),
        (("1", "2", "<1", "3"), ["1", "3"]),
        (("1", "2", "1", "<2"), ["1", "2"]),
    ],
    ids=["one after another", "twice", "back", "back twice", "on again", "an old one again"],
)
def test_an_alias_goes_back_along_its_promotions(
    steps: tuple[str, ...], expected: list[str]
) -> None:
    assert promotions.stack(_said(*steps), "champion") == expected
    assert promotions.stack(_said(*steps), "challenger") == []


def test_versions_of_a_store_that_was_lost_are_no_way_back() -> None:
    old, new = (replace(FIRST, key=key) for key in ("lost", "made again"))
    unnamed = replace(FIRST, version="2")

    found = promotions.still_there([old, new, unnamed], {"1": "made again", "2": None})

    assert found == [new, unnamed]
    assert promotions.still_there([unnamed], {"1": "made again"}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cancer", ("cancer", None)),
        ("cancer@champion", ("cancer", "champion")),
        ("of 2026, é@v1-b", ("of 2026, é", "v1-b")),
    ],
)
def test_a_name_and_an_alias_are_told_apart(text: str, expected: tuple[str, str | None]) -> None:
    assert promotions.target(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "..", "@champion", "a/b", "a:b", "it's", *(f"a@{x}" for x in ("", "b c", "b@c"))],
)
def test_a_name_that_mlflow_refuses_is_refused_first(text: str) -> None:
    with pytest.raises(ModelNameError):
        promotions.target(text)


@pytest.mark.parametrize("alias", ["latest", "V12"])
def test_an_alias_with_a_meaning_of_its_own_is_refused(alias: str) -> None:
    with pytest.raises(ModelNameError, match=f"something else by the alias {alias}"):
        promotions.target(f"cancer@{alias}")


@pytest.mark.parametrize(
    ("holder", "expected"),
    [("2", "1"), ("1", "2"), ("3", "1"), ("9", "3"), (None, "3")],
    ids=["not the last one", "twice", "the last one", "of nobody here", "removed"],
)
def test_a_way_back_begins_at_what_has_the_alias(holder: str | None, expected: str) -> None:
    assert promotions.former(["1", "2", "1", "3"], holder) == expected


def test_the_first_one_has_no_way_back() -> None:
    assert promotions.former(["1", "2"], "1") is None
    assert promotions.former([], None) is None
