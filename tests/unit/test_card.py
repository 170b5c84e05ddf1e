"""The card in a run's description: what it says, and that nobody's words are lost by it."""

from __future__ import annotations

import pytest

from wherefrom import card
from wherefrom.keys import MAX_TAG
from wherefrom.names import (
    CARD,
    ERROR,
    EXP_NAME,
    EXP_REV,
    GAPS,
    HELD_BY,
    INHERITED,
    NOTE,
    PLAN_OUTCOME,
    RECORD_ID,
)

RECORD, SHA, REV = "ab" * 16, "12" * 20, "34" * 20
RUN = {
    RECORD_ID: RECORD,
    "wherefrom.relation": "own",
    "dvc.stage": "train",
    "dvc.stage.fingerprint": "ef" * 32,
    "dvc.data.data/rows.csv": "cd" * 16,
    "git.commit": SHA,
}
HOSTILE = "a|b <img src=x onerror=alert(1)> [link](javascript:x) *bold* @someone `code` \n# head"


def noted(tags: dict[str, str], before: dict[str, str] | None = None) -> dict[str, str]:
    """Give the tags with those of the card."""
    return tags | card.described(tags, before)


def lines(tags: dict[str, str]) -> list[str]:
    return card.of_run(tags).splitlines()


def test_a_card_says_what_made_a_result_and_how_to_get_it() -> None:
    assert lines(RUN) == [
        "- **own** trained and evaluated here",
        "- **commit** none known yet: commit the result, then `wherefrom sync`",
        f"- **code** `{SHA}`",
        f"- **data** `data/rows.csv` `{'cd' * 16}`",
        f"- **record** `{RECORD}`",
        f"- **fingerprint** `{'ef' * 32}` of `train`",
        "",
        "```sh",
        f"wherefrom trace {RECORD}",
        f"wherefrom reproduce {RECORD}",
        f"git checkout {SHA} && dvc repro",
        "```",
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({HELD_BY: REV}, {f"- **commit** `{REV}`", f"git checkout {REV} && dvc checkout"}),
        (
            {EXP_NAME: "old", EXP_REV: REV, HELD_BY: "new"},
            {f"- **commit** `{REV}`", "- **experiment** `new`", "dvc exp apply new"},
        ),
        ({EXP_NAME: "alpha"}, {"- **experiment** `alpha`", "dvc exp apply alpha"}),
        ({"git.snapshot": REV}, {f"- **code** `{SHA}`, with changes that `{REV}` keeps"}),
        ({INHERITED: "a, b"}, {"- **inherited by** a, b"}),
        ({ERROR: "no rows"}, {"- **failed** no rows"}),
        ({PLAN_OUTCOME: "not met"}, {"- **plan** not met"}),
        ({GAPS: "x: why; do\ny: why; do"}, {"- **gap** x: why; do", "- **gap** y: why; do"}),
    ],
    ids=[
        "committed",
        "renamed",
        "in an experiment",
        "dirty",
        "inherited",
        "failed",
        "plan",
        "gaps",
    ],
)
def test_a_card_follows_what_becomes_known(more: dict[str, str], expected: set[str]) -> None:
    assert expected <= set(lines(RUN | more))


def test_a_failed_run_has_no_result_to_reproduce() -> None:
    failed = card.of_run(RUN | {ERROR: "no rows", EXP_NAME: "alpha"})
    assert f"wherefrom trace {RECORD}" in failed
    assert "reproduce" not in failed
    assert "apply" not in failed


def test_a_variant_that_failed_before_it_had_a_record_says_why() -> None:
    tags = {EXP_NAME: "s-2", "wherefrom.sweep": "s", ERROR: "no such key"}
    assert lines(tags) == ["- **failed** no such key", "- **experiment** `s-2`"]


def test_a_run_of_neither_a_stage_nor_an_experiment_has_no_card() -> None:
    assert card.described({"wherefrom.sweep": "s", NOTE: "mine"}) == {}


def test_nothing_that_somebody_wrote_is_read_as_markdown_or_html() -> None:
    shown = card.of_run(RUN | {ERROR: HOSTILE, "dvc.data.a|`b": HOSTILE, EXP_NAME: HOSTILE})

    assert not set("<|[]*@") & set(shown.replace("- **", "").replace("** ", ""))
    assert (
        len(shown.splitlines())
        == len(card.of_run(RUN | {EXP_NAME: "a", ERROR: "b"}).splitlines()) + 1
    )
    assert "&#60;img src" in shown


def test_the_words_before_and_after_a_card_stay_byte_for_byte() -> None:
    own = "mine:  \n\n| a |\n"
    before = noted({**RUN, NOTE: own})
    before[NOTE] += "\r\n after\t"

    after = noted(before | {INHERITED: "a"}, before)

    assert before[NOTE] == after[NOTE].replace("- **inherited by** a\n", "").replace(
        after[CARD], before[CARD]
    )
    assert before[NOTE].startswith(f"{own}\n\n<!--")
    assert after[NOTE].endswith("<!-- /wherefrom -->\r\n after\t")
    assert "- **inherited by** a\n" in after[NOTE]


def test_a_card_that_has_not_changed_is_not_written_otherwise() -> None:
    once = noted({**RUN, NOTE: "mine"})
    assert noted(once) == once


def test_what_was_written_into_a_card_moves_below_it() -> None:
    before = noted(RUN)
    before[NOTE] = before[NOTE].replace("```\n<!--", "```\nlooks odd\n<!--")

    after = noted(before | {HELD_BY: REV}, before)

    assert after[NOTE] == f"{noted(RUN | {HELD_BY: REV})[NOTE]}\nlooks odd"


def test_an_older_card_that_an_open_editor_brings_back_leaves_nothing_behind() -> None:
    before = noted(RUN)
    after = noted(before | {HELD_BY: REV}, before)

    saved = after | {NOTE: f"mine\n{before[NOTE]}\nmine, too"}

    assert noted(saved)[NOTE] == f"mine\n{after[NOTE]}\nmine, too"


def test_a_card_that_was_deleted_stays_away_until_its_tag_is_deleted_too() -> None:
    run = noted(RUN) | {NOTE: "no card, please"}
    assert card.described(run | {HELD_BY: REV}, run) == {}
    del run[CARD]
    assert noted(run)[NOTE].startswith("no card, please\n\n<!-- wherefrom:")


def test_a_description_without_room_for_a_card_is_left_alone() -> None:
    assert card.described({**RUN, NOTE: "x" * (MAX_TAG - 100)}) == {}


def test_a_card_leaves_room_for_words_whatever_it_is_about() -> None:
    many = {f"dvc.data.{'x' * 2000}{n}": "cd" * 16 for n in range(300)}
    shown = card.of_run(RUN | many | {ERROR: "y" * 8000, GAPS: "z" * 8000})
    assert len(shown) < MAX_TAG
    assert "and 291 more, see the tags" in shown
