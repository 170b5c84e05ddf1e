"""Text of an override -> what it fixes or varies, by Hydra's parser, which is DVC's. Opens no file.

Format: https://hydra.cc/docs/1.3/advanced/override_grammar/extended.
"""

from __future__ import annotations

import math
import random
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from wherefrom.errors.sweeps import SpaceError
from wherefrom.sweeping.axes import PARAMS_FILE, Axis, Choice, Fixed, Interval, Point, Range, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LIMIT = 100_000
"""How many values of one key are written out."""

_GRAMMAR = "see https://hydra.cc/docs/1.3/advanced/override_grammar/extended"
_BETWEEN = "give an interval, of which a sampler takes some: KEY=interval(START,END)"


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let `shuffle(...)` give the same order each time: Hydra takes the generator of `random`."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def with_file(given: str) -> tuple[str, str]:
    """Part an override from the file before it, as `dvc.utils.cli_parse.to_path_overrides` does."""
    if ":" not in given.partition("=")[0]:
        return PARAMS_FILE, given
    file, _, override = given.partition(":")
    if not file:
        raise SpaceError(given, "no file is named before the colon", "name it, or drop the colon")
    return file, override


def parsed(override: str) -> Any:  # noqa: ANN401
    """Parse an override: a `hydra.core.override_parser.types.Override`. Raises `SpaceError`."""
    with _converted(override):
        found = _parser().parse_override(override)
    if not found.key_or_group:
        raise SpaceError(override, "there is no key", "write KEY=VALUE, or KEY=VALUE,VALUE")
    if found.package is not None:
        why = "a key with `@` is one of a group of configurations, which parameters do not have"
        raise SpaceError(override, why, "name the parameter by its path, such as train.model")
    return found


def part(file: str, given: Any) -> Fixed | Axis:  # noqa: ANN401
    """Say what an override of a file, as `parsed`, fixes or varies. Raises `SpaceError`."""
    override: str = given.input_line
    with _converted(override):
        if given.is_sweep_override():
            return _axis(file, override, given)
        return Fixed(file, f"{given.get_key_element()}={given.get_value_element_as_str()}")


@cache
def _parser() -> Any:  # noqa: ANN401
    from hydra.core.override_parser.overrides_parser import OverridesParser  # noqa: PLC0415

    return OverridesParser.create()


@contextmanager
def _converted(override: str) -> Iterator[None]:
    """Turn what Hydra raises for an override that it does not take into the user's error."""
    from hydra.errors import HydraException  # noqa: PLC0415
    from omegaconf.errors import OmegaConfBaseException  # noqa: PLC0415

    try:
        yield
    except (HydraException, OmegaConfBaseException, OverflowError, TypeError, ValueError) as error:
        raise SpaceError(override, " ".join(str(error).split()), _GRAMMAR) from error


def _axis(file: str, override: str, given: Any) -> Axis:  # noqa: ANN401
    from hydra.core.override_parser.types import ValueType  # noqa: PLC0415

    key: str = given.get_key_element()
    if given.value_type == ValueType.GLOB_CHOICE_SWEEP:
        why = "glob(...) chooses among files of a configuration, which parameters do not have"
        raise SpaceError(override, why, "list the values: KEY=VALUE,VALUE")
    sweep = given.value()
    log = "log" in sweep.tags
    if given.is_interval_sweep():
        return Interval(file, key, *_ends(override, sweep.start, sweep.end, log=log), log)
    if given.is_range_sweep():
        return Range(file, key, _numbers(override, given), log)
    return Choice(file, key, tuple(_points(given)))


def _ends(override: str, low: float, high: float, *, log: bool) -> tuple[float, float]:
    """Check the ends of an interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SpaceError(override, "an end of the interval is not finite", "give both as numbers")
    if low >= high:
        why = f"nothing lies between {low} and {high}"
        raise SpaceError(override, why, "give the smaller end first, or the one value alone")
    if log and low <= 0:
        why = f"a logarithmic interval cannot begin at {low}"
        raise SpaceError(override, why, "begin above 0, such as at 1e-6, or drop tag(log, ...)")
    return low, high


def _numbers(override: str, given: Any) -> Sequence[int] | Sequence[float]:  # noqa: ANN401
    """Give the numbers of a range; a plain one of whole numbers stays one, whatever its length."""
    sweep = given.value()
    if sweep.step == 0 or not all(map(math.isfinite, (sweep.start, sweep.stop, sweep.step))):
        raise SpaceError(override, "this range has no end", "give a finite start, stop and step")
    count = math.ceil((sweep.stop - sweep.start) / sweep.step)
    if count <= 0:
        why = f"the range from {sweep.start} to {sweep.stop} holds nothing: stop is left out"
        raise SpaceError(override, why, "give a stop beyond the last value")
    numbers = sweep.range()
    is_plain = isinstance(numbers, range) and not sweep.shuffle
    limit = sys.maxsize if is_plain else LIMIT
    if count > limit:
        why = f"the range has {count:,} values, and {limit:,} are the limit"
        raise SpaceError(override, why, _BETWEEN)
    return numbers if is_plain else tuple(given.sweep_iterator())


def _points(given: Any) -> Iterator[Point]:  # noqa: ANN401
    from hydra.core.override_parser.types import Transformer  # noqa: PLC0415

    for value in given.sweep_iterator():
        text = Transformer.str(value)
        yield Point(text, _scalar(value, text))


def _scalar(value: Any, text: str) -> Scalar:  # noqa: ANN401
    """Give a value as a table shows it: a list or a map as the override writes it."""
    from hydra.core.override_parser.types import QuotedString  # noqa: PLC0415

    if isinstance(value, QuotedString):
        return str(value.text)
    return text if isinstance(value, list | dict) else value
