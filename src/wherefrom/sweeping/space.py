"""Overrides as `dvc exp run --queue --set-param` takes them -> the variants that they mean. Pure.

The reference is DVC: `dvc.utils.cli_parse.to_path_overrides`, `dvc.utils.hydra.get_hydra_sweeps`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from wherefrom.errors.sweeps import EndlessGridError, SpaceError
from wherefrom.sweeping.axes import Axis, Choice, Fixed, Interval, Range, Scalar
from wherefrom.sweeping.overrides import parsed, part, seeded, with_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from wherefrom.sweeping.axes import Point


@dataclass(frozen=True)
class Variant:
    """One set of parameters: overrides without a sweep, each with the file that it is for.

    `values` has what the axes are here, by their names; two variants with the same overrides are
    the same.
    """

    overrides: tuple[tuple[str, str], ...]
    values: Mapping[str, Scalar] = field(default_factory=dict, compare=False)

    @property
    def set_params(self) -> tuple[str, ...]:
        """The overrides as `--set-param` takes them."""
        return tuple(f"{file}:{override}" for file, override in self.overrides)


@dataclass(frozen=True)
class Space:
    """What is fixed and what is varied, in the order in which DVC takes it."""

    parts: tuple[Fixed | Axis, ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What is varied."""
        return tuple(one for one in self.parts if not isinstance(one, Fixed))

    def variant(self, points: Iterable[Point]) -> Variant:
        """Give the variant with these values of the axes, which are in their order."""
        remaining = iter(points)
        overrides: list[tuple[str, str]] = []
        values: dict[str, Scalar] = {}
        for one in self.parts:
            if isinstance(one, Fixed):
                overrides.append((one.file, one.override))
            else:
                point = next(remaining)
                overrides.append((one.file, f"{one.key}={point.text}"))
                values[one.name] = point.value
        return Variant(tuple(overrides), values)


def parse(overrides: Sequence[str], seed: int = 0) -> Space:
    """Read a space; `seed` is of `shuffle(...)`. Raises `SpaceError`.

    Files come in the order of their first override, and so do the keys of a file; of two overrides
    of one key the later counts. Where nothing varies, DVC takes overrides as they are.
    """
    files = _by_file(overrides)
    parts: list[Fixed | Axis] = []
    varied = False
    with seeded(seed):
        for file, given in files.items():
            read = [parsed(one) for one in given]  # all of a file first: so DVC shuffles
            parts += {one.get_key_element(): part(file, one) for one in read}.values()
            varied |= any(one.is_sweep_override() for one in read)
    if varied:
        return _checked(Space(tuple(parts)))
    return Space(tuple(Fixed(file, one) for file, given in files.items() for one in given))


def _by_file(overrides: Iterable[str]) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for file, override in map(with_file, overrides):
        files.setdefault(file, []).append(override)
    return files


def _checked(space: Space) -> Space:
    """Refuse what would have two values of one parameter, such as `a=1,2` with `++a=3,4`."""
    names = [axis.name for axis in space.axes]
    for axis in space.axes:
        if names.count(axis.name) > 1:
            why = f"{axis.name} is varied twice"
            raise SpaceError(f"{axis.key}=...", why, "keep one of the overrides")
    return space


def grid(space: Space) -> Iterator[Variant]:
    """Give all variants: those of `dvc exp run --queue`, in its order.

    Raises `EndlessGridError` where an axis is an interval.
    """
    pools = (axis.points() for axis in _finite(space))
    return (space.variant(points) for points in product(*pools))


def size(space: Space) -> int:
    """Count the variants of a grid. Raises `EndlessGridError` where an axis is an interval."""
    return math.prod(axis.count for axis in _finite(space))


def _finite(space: Space) -> Iterator[Choice | Range]:
    for axis in space.axes:
        if isinstance(axis, Interval):
            raise EndlessGridError(axis.name)
        yield axis
