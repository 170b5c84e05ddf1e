"""Which variant is run next: all of a grid, or some at random. Pure: the same seed, the same ones.

A sampler is asked and told by one process. It goes on where a sweep stopped if it is given the
variants that are done: those keep their numbers, and are not given again.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Literal, Protocol

from wherefrom.errors.sweeps import SpaceError
from wherefrom.sweeping.axes import Choice, Interval, Point, Range
from wherefrom.sweeping.space import Space, Variant, grid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from wherefrom.sweeping.axes import Axis


@dataclass(frozen=True)
class Trial:
    """A variant that is to be run; numbers of one sweep begin at 0."""

    number: int
    variant: Variant


@dataclass(frozen=True)
class Outcome:
    """What came of a trial; `value` is the objective, finite, where it finished, else None."""

    state: Literal["finished", "failed", "pruned"]
    value: float | None = None

    @classmethod
    def finished(cls, value: float) -> Outcome:
        """Give the outcome of a trial with an objective; one that is not finite is a failure."""
        return cls("finished", float(value)) if math.isfinite(value) else FAILED


FAILED = Outcome("failed")
PRUNED = Outcome("pruned")


class Sampler(Protocol):
    """Who decides which variants are run. Several trials may be out at once."""

    def ask(self) -> Trial | None:
        """Give the next trial; None where there is none left."""

    def tell(
        self, trial: Trial, outcome: Outcome, attributes: Mapping[str, str] | None = None
    ) -> None:
        """Take what came of a trial; `attributes` name its run, its experiment and its record."""

    def should_prune(self, trial: Trial, step: int, value: float) -> bool:
        """Take the objective so far, at a step such as a fold; whether to stop the trial there."""


class _Listed:
    """A sampler that knows its variants beforehand, whatever comes of them."""

    def __init__(self, variants: Iterable[Variant], done: Collection[Variant]) -> None:
        skipped = frozenset(done)
        numbered = (Trial(number, variant) for number, variant in enumerate(variants))
        self._trials = (trial for trial in numbered if trial.variant not in skipped)

    def ask(self) -> Trial | None:
        """Give the next one; None at the end."""
        return next(self._trials, None)

    def tell(
        self, trial: Trial, outcome: Outcome, attributes: Mapping[str, str] | None = None
    ) -> None:
        """Do nothing: the list stays as it is."""

    def should_prune(self, trial: Trial, step: int, value: float) -> bool:  # noqa: ARG002
        """Stop none."""
        return False


class GridSampler(_Listed):
    """All variants, in DVC's order. Raises `EndlessGridError` where an axis is an interval."""

    def __init__(self, space: Space, done: Collection[Variant] = ()) -> None:
        super().__init__(grid(space), done)


class RandomSampler(_Listed):
    """Variants at random, no two the same; `trials` of them, or all where there are fewer.

    `trials` counts those that are done; more of them with the same seed begin with the same ones.
    Raises `SpaceError` where a range has the tag `log`.
    """

    def __init__(
        self, space: Space, trials: int, seed: int = 0, done: Collection[Variant] = ()
    ) -> None:
        refuse_logarithmic_ranges(space)
        super().__init__(islice(_drawn(space, seed), trials), done)


def refuse_logarithmic_ranges(space: Space) -> None:
    """Refuse what a sampler could not keep: equal distances that are logarithmic."""
    for axis in space.axes:
        if isinstance(axis, Range) and axis.log:
            why = "a range has equal distances, so a sampler cannot take it as logarithmic"
            remedy = f"write {axis.key}=tag(log, int(interval(START, END))), or drop tag(log, ...)"
            raise SpaceError(f"{axis.key}=tag(log, range(...))", why, remedy)


def _drawn(space: Space, seed: int) -> Iterator[Variant]:
    """Draw variants, each once, until there is no other."""
    numbers = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    given: set[Variant] = set()
    limit = distinct(space)
    for _ in count():
        if len(given) == limit:
            return
        variant = space.variant(_draw(axis, numbers) for axis in space.axes)
        if variant not in given:
            given.add(variant)
            yield variant


def distinct(space: Space) -> float:
    """Count the variants that differ; infinite where an interval has no end of them."""
    return math.prod(_values(axis) for axis in space.axes)


def _values(axis: Axis) -> float:
    if isinstance(axis, Choice):
        return len(axis.texts)
    return math.inf if axis.count is None else axis.count


def _draw(axis: Axis, numbers: random.Random) -> Point:
    if not isinstance(axis, Interval):
        return axis.point(numbers.randrange(axis.count))
    margin = 0.5 if axis.is_whole else 0.0  # so that both ends are as likely as their neighbours
    low, high = axis.low - margin, axis.high + margin
    if axis.log:
        return axis.at(math.exp(numbers.uniform(math.log(low), math.log(high))))
    return axis.at(numbers.uniform(low, high))
