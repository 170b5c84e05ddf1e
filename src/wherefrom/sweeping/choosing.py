"""Who chooses the variants of a sweep: a grid, a draw, or a study of Optuna."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.errors.sweeps import SweepError
from wherefrom.metrics import way
from wherefrom.sources import optuna_study
from wherefrom.sweeping import space
from wherefrom.sweeping.guided import StudySampler
from wherefrom.sweeping.messages import ENDED
from wherefrom.sweeping.samplers import GridSampler, RandomSampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.project import Project
    from wherefrom.sweeping.book import Book, Definition
    from wherefrom.sweeping.samplers import Sampler
    from wherefrom.sweeping.space import Space, Variant

GRID, RANDOM, NO_PRUNER = "grid", "random", "none"


def size(sampler: str, trials: int | None, found: Space) -> int | None:
    """Say how many variants there are. Raises `SweepError` and `EndlessGridError`."""
    if sampler == GRID:
        return space.size(found)
    if trials is None:
        raise SweepError(f"--sampler {sampler} goes on for ever", "say how many: --trials N")
    return trials


def is_listed(sampler: str, pruner: str | None) -> bool:
    """Whether the variants are known beforehand, whatever comes of them."""
    return sampler == GRID or (sampler == RANDOM and pruner in {None, NO_PRUNER})


def sampler(
    project: Project, definition: Definition, found: Space, book: Book, *, resumed: bool
) -> Sampler:
    """Give who chooses the variants; what has a result is not run again."""
    if not is_listed(definition.sampler, definition.pruner):
        better = definition.better or way(str(definition.metric))
        settings_ = optuna_study.Settings(
            definition.sampler,
            definition.pruner or NO_PRUNER,
            "maximize" if better == "larger" else "minimize",
            definition.seed,
        )
        return StudySampler.of_file(
            found,
            definition.trials or 0,
            project.anchor / "optuna.db",
            name=definition.name,
            settings=settings_,
            state=project.state,
            resume=resumed,
        )
    ended = {number for number, report in book.reports().items() if report.state in ENDED}
    if definition.sampler == GRID:
        return GridSampler(found, _at(space.grid(found), ended))
    trials, seed = definition.trials or 0, definition.seed
    drawn = RandomSampler(found, trials, seed)
    variants = (one.variant for one in iter(drawn.ask, None) if one)
    return RandomSampler(found, trials, seed, _at(variants, ended))


def _at(variants: Iterator[Variant], numbers: set[int]) -> list[Variant]:
    return [variant for number, variant in enumerate(variants) if number in numbers]
