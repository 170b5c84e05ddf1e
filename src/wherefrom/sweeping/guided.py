"""Variants that Optuna chooses, from what came of those before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.sources.optuna_study import Categories, Numbers, open_study
from wherefrom.sweeping.axes import Choice, Interval
from wherefrom.sweeping.samplers import Trial, distinct, refuse_logarithmic_ranges

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.sources.optuna_study import Settings, Study, Value
    from wherefrom.sweeping.axes import Axis, Point
    from wherefrom.sweeping.samplers import Outcome
    from wherefrom.sweeping.space import Space, Variant


class StudySampler:
    """A `Sampler` of a study, for `trials` of them; fewer where every variant was asked for.

    Of a study that goes on, those count that finished or were pruned.
    """

    def __init__(self, space: Space, study: Study, trials: int) -> None:
        self._space = space
        self._study = study
        past = study.past()
        self._given = {self._variant(one.values) for one in past}
        self._left = trials - len(past)
        self._limit = distinct(space)

    @classmethod
    def of_file(
        cls,
        space: Space,
        trials: int,
        path: Path,
        *,
        name: str,
        settings: Settings,
        state: Path,
        resume: bool = False,
    ) -> StudySampler:
        """Begin the study of a sweep, or go on with it; the rest is as in `open_study`."""
        refuse_logarithmic_ranges(space)
        parameters = {axis.name: _parameter(axis) for axis in space.axes}
        study = open_study(
            path, parameters, name=name, settings=settings, state=state, resume=resume
        )
        return cls(space, study, trials)

    def ask(self) -> Trial | None:
        """Give what Optuna suggests; the same variant may come again."""
        if self._left <= 0 or len(self._given) >= self._limit:
            return None
        suggested = self._study.ask()
        variant = self._variant(suggested.values)
        self._given.add(variant)
        self._left -= 1
        return Trial(suggested.number, variant)

    def tell(
        self, trial: Trial, outcome: Outcome, attributes: Mapping[str, str] | None = None
    ) -> None:
        """Let the study know; `attributes` become user attributes of the trial."""
        pruned = outcome.state == "pruned"
        self._study.tell(trial.number, outcome.value, pruned=pruned, attributes=attributes)

    def should_prune(self, trial: Trial, step: int, value: float) -> bool:
        """Report the objective so far; whether the study's pruner would stop the trial."""
        return self._study.should_prune(trial.number, step, value)

    def _variant(self, values: Mapping[str, Value]) -> Variant:
        return self._space.variant(_point(axis, values[axis.name]) for axis in self._space.axes)


def _parameter(axis: Axis) -> Categories | Numbers:
    if isinstance(axis, Choice):
        return Categories(axis.texts)
    if isinstance(axis, Interval):
        return Numbers(axis.low, axis.high, log=axis.log)
    return Numbers(axis.ascending[0], axis.ascending[-1], axis.distance)


def _point(axis: Axis, value: Value) -> Point:
    return axis.at(str(value)) if isinstance(axis, Choice) else axis.at(float(value))
