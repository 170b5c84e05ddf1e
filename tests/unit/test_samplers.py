"""Which variants a grid and a random sampler give, and how they go on where they stopped."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom.errors.sweeps import EndlessGridError, SpaceError
from wherefrom.sweeping.samplers import FAILED, GridSampler, Outcome, RandomSampler, Sampler, Trial
from wherefrom.sweeping.space import grid, parse

if TYPE_CHECKING:
    from wherefrom.sweeping.axes import Scalar

FINITE = parse(["a=x,y,null", "b=1", "c=range(4)"])


def asked(sampler: Sampler, limit: int = 10_000) -> list[Trial]:
    """Ask until there is no more."""
    trials: list[Trial] = []
    while (trial := sampler.ask()) and len(trials) < limit:
        trials.append(trial)
    return trials


def values(name: str, override: str, trials: int) -> list[Scalar]:
    sampler = RandomSampler(parse([f"{name}={override}"]), trials, seed=3)
    return [trial.variant.values[name] for trial in asked(sampler)]


def test_a_grid_gives_every_variant_once_with_its_number_and_then_none() -> None:
    sampler = GridSampler(FINITE)
    assert asked(sampler) == [Trial(n, v) for n, v in enumerate(grid(FINITE))]
    assert sampler.ask() is None


def test_a_grid_of_an_interval_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(EndlessGridError):
        GridSampler(parse(["a=interval(0,1)"]))


def test_whatever_comes_of_a_trial_a_list_goes_on_and_prunes_none() -> None:
    told, untold = RandomSampler(FINITE, 8), RandomSampler(FINITE, 8)
    for expected in asked(untold):
        trial = told.ask()
        assert trial == expected
        assert not told.should_prune(trial, 0, -math.inf)
        told.tell(trial, FAILED, {"run": "a"})


def test_a_random_sampler_gives_each_variant_of_a_finite_space_once_and_no_more() -> None:
    found = [trial.variant for trial in asked(RandomSampler(FINITE, 1000, seed=5))]
    assert found != list(grid(FINITE))
    assert sorted(found, key=str) == sorted(grid(FINITE), key=str)


@pytest.mark.parametrize(
    ("space", "count"),
    [(["a=1,1,2"], 2), (["a=int(interval(1,5))", "b=x,y"], 10), (["a=1"], 1), ([], 1)],
    ids=["the same twice", "whole numbers of an interval", "nothing varies", "nothing at all"],
)
def test_a_random_sampler_ends_with_the_variants_that_differ(space: list[str], count: int) -> None:
    assert len(asked(RandomSampler(parse(space), 1000))) == count


def test_a_random_sampler_gives_as_many_as_are_wanted_of_a_space_without_end() -> None:
    space = parse(["a=interval(0,1)", "b=range(1000000000)", "c=range(1000000000)"])
    assert len(asked(RandomSampler(space, 50))) == 50


@given(st.integers(0, 5), st.integers(0, 30), st.integers(0, 30))
def test_the_same_seed_gives_the_same_variants_and_more_trials_begin_with_them(
    seed: int, fewer: int, more: int
) -> None:
    space = parse(["a=1,2,3", "b=tag(log,interval(1e-6,1))"])
    short, long = (asked(RandomSampler(space, n, seed)) for n in sorted((fewer, more)))
    assert long[: len(short)] == short
    other = asked(RandomSampler(space, len(short), seed + 1))
    assert other != short or not short


@given(st.sets(st.integers(0, 11)))
def test_a_sampler_goes_on_with_what_is_not_done_under_the_same_numbers(done: set[int]) -> None:
    trials, listed = asked(RandomSampler(FINITE, 12, seed=1)), asked(GridSampler(FINITE))
    some, few = ({all_[n].variant for n in done} for all_ in (trials, listed))
    left = asked(RandomSampler(FINITE, 12, seed=1, done=some))
    assert left == [trial for trial in trials if trial.number not in done]
    assert asked(GridSampler(FINITE, few)) == [t for t in listed if t.number not in done]


def test_numbers_of_an_interval_lie_within_it_and_are_spread_evenly() -> None:
    found = values("a", "interval(-1,3)", 2000)
    assert all(isinstance(x, float) and -1 <= x <= 3 for x in found)
    quarters = Counter(math.floor(float(x or 0)) for x in found)
    assert all(400 < quarters[n] < 600 for n in (-1, 0, 1, 2))


def test_numbers_of_a_logarithmic_interval_are_spread_evenly_over_its_powers() -> None:
    found = values("a", "tag(log, interval(1e-4, 1))", 2000)
    powers = Counter(math.floor(math.log10(float(x or 1))) for x in found)
    assert all(400 < powers[n] < 600 for n in (-4, -3, -2, -1))


def test_whole_numbers_of_an_interval_have_both_ends_and_nothing_between_them() -> None:
    for override in ("int(interval(1,9))", "tag(log, int(interval(1,9)))"):
        found = values("a", override, 100)
        assert sorted(found, key=str) == list(range(1, 10))
        assert all(type(x) is int for x in found)


def test_a_drawn_number_reads_back_from_its_override_as_it_is() -> None:
    sampler = RandomSampler(parse(["a=tag(log,interval(1e-12,1e12))"]), 200)
    for trial in asked(sampler):
        (override,) = trial.variant.set_params
        assert float(override.partition("=")[2]) == trial.variant.values["a"]


def test_a_logarithmic_range_is_refused_with_what_to_write() -> None:
    space = parse(["a=tag(log, range(1, 9))"])
    assert len(asked(GridSampler(space))) == 8
    with pytest.raises(SpaceError, match="logarithmic") as refused:
        RandomSampler(space, 3)
    assert "a=tag(log, int(interval(START, END)))" in refused.value.hint


def test_an_objective_that_is_not_finite_is_a_failure() -> None:
    assert Outcome.finished(1) == Outcome("finished", 1.0)
    assert Outcome.finished(math.nan) == Outcome.finished(-math.inf) == FAILED
