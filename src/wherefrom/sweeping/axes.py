"""What a sweep varies: one key of a parameters file, and the values that it takes. Pure.

A value is written as `dvc exp run --set-param` takes it: as its part after `=`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PARAMS_FILE = "params.yaml"
"""The file of an override that names none."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Fixed:
    """An override that all variants share."""

    file: str
    override: str


@dataclass(frozen=True)
class Point:
    """One value of an axis: as an override has it, and as a table shows it."""

    text: str
    value: Scalar


@dataclass(frozen=True)
class _Keyed:
    """A key of a file; `key` has the prefix of the override, such as `+`."""

    file: str
    key: str

    @property
    def name(self) -> str:
        """What a run calls this parameter: the file before the key, if it is another one."""
        key = self.key.lstrip("+~")
        return key if self.file == PARAMS_FILE else f"{self.file}:{key}"


@dataclass(frozen=True)
class Choice(_Keyed):
    """Values of any kind, one after the other."""

    choices: tuple[Point, ...]

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.choices)

    def points(self) -> Iterator[Point]:
        """Give all values, in the order of the override."""
        return iter(self.choices)

    def point(self, index: int) -> Point:
        """Give one of them."""
        return self.choices[index]

    @property
    def texts(self) -> tuple[str, ...]:
        """How overrides have the values, each once."""
        return tuple(dict.fromkeys(point.text for point in self.choices))

    def at(self, text: str) -> Point:
        """Give the one that an override has so."""
        return next(point for point in self.choices if point.text == text)


@dataclass(frozen=True)
class Range(_Keyed):
    """Numbers at equal distances; `log` is set where an override has that tag."""

    numbers: Sequence[int] | Sequence[float]
    log: bool = False

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return len(self.numbers)

    def points(self) -> Iterator[Point]:
        """Give all numbers, in the order of the override."""
        return (Point(str(number), number) for number in self.numbers)

    def point(self, index: int) -> Point:
        """Give one of them."""
        number = self.numbers[index]
        return Point(str(number), number)

    @cached_property
    def ascending(self) -> Sequence[int] | Sequence[float]:
        """The numbers from the smallest on, however the override has them."""
        if isinstance(self.numbers, range):
            return self.numbers if self.numbers.step > 0 else self.numbers[::-1]
        return sorted(self.numbers)

    @property
    def distance(self) -> int | float:
        """From one number to the next, up to the twelfth digit; 1 where there is but one."""
        first, last, steps = self.ascending[0], self.ascending[-1], self.count - 1
        if isinstance(first, int) and isinstance(last, int):
            return (last - first) // steps if steps else 1
        return float(f"{(last - first) / steps:.12g}") if steps else 1.0

    def at(self, number: float) -> Point:
        """Give the one that is nearest to a number."""
        index = round((number - self.ascending[0]) / self.distance)
        nearest = self.ascending[min(max(index, 0), self.count - 1)]
        return Point(str(nearest), nearest)


@dataclass(frozen=True)
class Interval(_Keyed):
    """All numbers from `low` to `high`; whole ones where both are written so."""

    low: int | float
    high: int | float
    log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers count."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def count(self) -> int | None:
        """How many numbers there are; None where there is no end of them."""
        return int(self.high) - int(self.low) + 1 if self.is_whole else None

    def at(self, number: float) -> Point:
        """Give the number of the interval that is nearest to one."""
        inside = min(max(number, self.low), self.high)
        taken = round(inside) if self.is_whole else float(inside)
        return Point(str(taken), taken)


Axis = Choice | Range | Interval
