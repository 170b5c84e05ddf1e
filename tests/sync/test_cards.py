"""The card in a run's description stays true, and what a user wrote beside it stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sync.every_kind import record_ids, reset
from sync.stores import by_record, describe
from wherefrom.names import CARD, NOTE

if TYPE_CHECKING:
    from sandbox import Sandbox

BLOCK = re.compile(r"(<!-- wherefrom:.*<!-- /wherefrom -->)", re.DOTALL)
MINE = " # mine\r\n\n* a | b <b>\n"


def parts(sandbox: Sandbox, record_id: str) -> tuple[str, str, str]:
    """Give what stands before the card of a run, the card, and what stands after it."""
    before, card, after = BLOCK.split(by_record(sandbox)[record_id].tags[NOTE])
    return before, card, after


def commands(card: str) -> list[str]:
    (block,) = re.findall(r"```sh\n(.*?)\n```", card, flags=re.DOTALL)
    return block.splitlines()


def test_the_commands_of_a_card_trace_a_result_and_bring_it_back(linked: Sandbox) -> None:
    ids = record_ids(linked)
    for name, score in (("HEAD~1", 0.6), ("tuned", 0.85)):
        _, card, _ = parts(linked, ids[name])
        trace, reproduce, restore = commands(card)
        assert ids[name] in linked.run("bash", "-ec", trace)
        assert reproduce == f"wherefrom reproduce {ids[name]}"

        linked.run("bash", "-ec", restore)

        assert f'"score": {score}' in linked.text("metrics.json")
        reset(linked)


def test_a_card_follows_its_experiment_and_no_word_of_a_users_is_lost(linked: Sandbox) -> None:
    record_id = record_ids(linked)["alpha"]
    notes, card, _ = parts(linked, record_id)
    assert notes == "of the sample\n\n"
    assert commands(card)[-1] == "dvc exp apply alpha"
    describe(linked, by_record(linked)[record_id].run_id, f"{MINE}{card}{MINE}")

    linked.dvc("exp", "rename", "alpha", "beta")
    linked.run("wherefrom", "sync")

    before, card, after = parts(linked, record_id)
    assert (before, after) == (MINE, MINE)
    assert "- **experiment** `beta`" in card
    assert commands(card)[-1] == "dvc exp apply beta"

    linked.git("update-ref", "-d", linked.revision("beta"))
    linked.run("wherefrom", "sync")

    before, card, after = parts(linked, record_id)
    assert (before, after) == (MINE, MINE)
    assert "- **commit** none known yet" in card
    assert not {"dvc.exp.rev", "wherefrom.held_by"} & by_record(linked)[record_id].tags.keys()


def test_a_card_that_a_user_deleted_stays_away(linked: Sandbox) -> None:
    record_id = record_ids(linked)["alpha"]
    describe(linked, by_record(linked)[record_id].run_id, "mine alone")

    linked.dvc("exp", "rename", "alpha", "beta")
    linked.run("wherefrom", "sync")

    tags = by_record(linked)[record_id].tags
    assert (tags[NOTE], tags["wherefrom.held_by"]) == ("mine alone", "beta")
    assert CARD in tags
