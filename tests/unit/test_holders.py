"""Who of those that hold a result made it, and how the others stand to it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from wherefrom import holders
from wherefrom.holders import Holder, Maker

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE, OTHER = "b" * 40, "c" * 40


def commit(sha: str, time: int, **fields: Any) -> Holder:
    return Holder(sha * 40, time, **fields)  # type: ignore[arg-type]


def experiment(sha: str, time: int, name: str, base: str = BASE, **fields: Any) -> Holder:
    return commit(sha, time, experiment=name, baseline=base, **fields)


OUTSIDE = Maker("own", None, None)
INSIDE = Maker("own", "exp", BASE)  # type: ignore[arg-type]
DERIVED = Maker("derived", "exp", BASE)  # type: ignore[arg-type]
FIRST, LATER = commit("1", 10), commit("2", 20)
EXP = experiment("3", 30, "exp")
EARLY = experiment("4", 5, "early")
FAR = experiment("5", 6, "exp", OTHER)
COPY = commit("6", 1, unchanged=True)

ORIGINS: dict[str, tuple[Maker | None, Sequence[Holder], Holder | None]] = {
    "nothing_holds_it": (OUTSIDE, [], None),
    "nothing_holds_it_and_nothing_says_who": (None, [], None),
    "the_first_commit": (OUTSIDE, [FIRST, LATER], FIRST),
    "a_branch_before_an_earlier_experiment": (OUTSIDE, [LATER, EARLY], LATER),
    "an_experiment_where_no_branch_holds_it": (OUTSIDE, [EXP, EARLY], EARLY),
    "the_experiment_that_its_record_names": (INSIDE, [FIRST, EARLY, EXP], EXP),
    "that_of_the_baseline_that_its_record_names": (INSIDE, [FAR, EXP], EXP),
    "also_where_it_is_unchanged": (
        INSIDE,
        [experiment("3", 3, "exp", unchanged=True), FIRST],
        None,
    ),
    "an_experiment_of_another_name": (INSIDE, [FIRST, EARLY], EARLY),
    "an_experiment_of_another_baseline": (INSIDE, [FIRST, FAR], FAR),
    "a_branch_where_no_experiment_holds_it": (INSIDE, [LATER, FIRST], FIRST),
    "none_that_has_it_from_its_parent": (OUTSIDE, [COPY, LATER], LATER),
    "one_that_has_it_from_its_parent_where_all_do": (OUTSIDE, [COPY], COPY),
    "the_smaller_id_at_the_same_time": (OUTSIDE, [commit("9", 10), FIRST], FIRST),
    "the_first_commit_where_nothing_says_who": (None, [EARLY, LATER, FIRST], FIRST),
}


@pytest.mark.parametrize(("maker", "held", "expected"), ORIGINS.values(), ids=ORIGINS.keys())
def test_a_result_was_made_in(
    maker: Maker | None, held: Sequence[Holder], expected: Holder | None
) -> None:
    wanted = expected or next(iter(held), None)

    for order in itertools.permutations(held):
        assert holders.origin(maker, order) == wanted


@pytest.mark.parametrize(
    ("maker", "holder", "made_in", "expected"),
    [
        (None, FIRST, FIRST, None),
        (OUTSIDE, FIRST, FIRST, "own"),
        (OUTSIDE, LATER, FIRST, "own"),
        (OUTSIDE, COPY, FIRST, "inherited"),
        (OUTSIDE, EXP, FIRST, "inherited"),
        (INSIDE, EXP, EXP, "own"),
        (DERIVED, EXP, EXP, "derived"),
        (DERIVED, EARLY, EXP, "inherited"),
        (DERIVED, FAR, EXP, "inherited"),
        (DERIVED, LATER, EXP, "derived"),
        (DERIVED, COPY, EXP, "inherited"),
        (INSIDE, EARLY, EARLY, "own"),
        (INSIDE, EARLY, None, "inherited"),
    ],
    ids=[
        *("nothing_says_how", "made_here", "committed_elsewhere_too", "has_it_from_its_parent"),
        *("experiment_without_a_run", "made_in_the_experiment", "derived_in_the_experiment"),
        *("another_experiment", "of_another_baseline", "applied_and_committed", "kept_by_a_child"),
        *("renamed", "nobody_made_it"),
    ],
)
def test_a_holder_stands_to_a_result_as(
    maker: Maker | None, holder: Holder, made_in: Holder | None, expected: str | None
) -> None:
    assert holders.relation(maker, holder, made_in) == expected


@pytest.mark.parametrize(
    ("maker", "made_in", "expected"),
    [
        (INSIDE, EXP, False),
        (INSIDE, EARLY, True),
        (INSIDE, FAR, True),
        (INSIDE, FIRST, False),
        (INSIDE, None, False),
        (OUTSIDE, EXP, False),
        (None, EXP, False),
    ],
    ids=["same", "another_name", "another_baseline", "branch", "nobody", "outside", "unknown"],
)
def test_an_experiment_of_another_name_than_the_records_was_renamed(
    maker: Maker | None,
    made_in: Holder | None,
    expected: bool,  # noqa: FBT001
) -> None:
    assert holders.is_renamed(maker, made_in) is expected
