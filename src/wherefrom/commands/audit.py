"""The health of a project: how many of its results can be traced, had and made again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherefrom import unsteady
from wherefrom.commands import ls
from wherefrom.commands import reproduce as reproducing
from wherefrom.errors.answers import NoResultsError
from wherefrom.found import Found
from wherefrom.verification import collect, subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from wherefrom.commands.reproduce import Options, Reproduction
    from wherefrom.entries import Entry
    from wherefrom.problems import Levels
    from wherefrom.record import Gap
    from wherefrom.unsteady import Unsteady
    from wherefrom.verification.collect import Verified
    from wherefrom.view import View


@dataclass(frozen=True)
class Share:
    """How many of some results are as they should be."""

    count: int
    of: int

    @property
    def percent(self) -> float:
        """The share in percent; that of nothing is whole."""
        return 100 * self.count / self.of if self.of else 100.0


@dataclass(frozen=True)
class Sample:
    """Results to be made again, and what they were drawn by."""

    results: tuple[Verified, ...]
    seed: int


@dataclass(frozen=True)
class Verdicts:
    """What results came to as they were made again, by their keys.

    `seed` is what the sample was drawn by; None where none was drawn, and `found` are the verdicts
    that are remembered. `missing` says why those that are impossible are.
    """

    found: Mapping[str, str] = field(default_factory=dict)
    unsteady: tuple[Unsteady, ...] = ()
    seed: int | None = None
    missing: tuple[Gap, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Audit:
    """All results of a project; `gaps` say what could not be asked."""

    results: tuple[Verified, ...]
    verdicts: Verdicts
    unsteady: tuple[Unsteady, ...]
    gaps: tuple[Gap, ...]

    @property
    def shares(self) -> dict[str, Share]:
        """Count the results that are traceable, restorable, and identical when made again.

        Traceable: git names the data, code, parameters and environment that made it, and they agree
        with what `dvc.lock` says. Restorable: all that is still there, with its run.
        """
        verdicts = list(self.verdicts.found.values())
        return {
            "traceable": Share(sum(r.is_traceable for r in self.results), len(self.results)),
            "restorable": Share(sum(r.is_restorable for r in self.results), len(self.results)),
            "identical": Share(verdicts.count("identical"), len(verdicts)),
        }

    def is_under(self, percent: float) -> bool:
        """Whether one of the shares is smaller."""
        return any(share.percent < percent for share in self.shares.values())


def audit(
    view: View,
    levels: Levels,
    again: Callable[[Sequence[Verified]], Verdicts] | None = None,
    reading: Callable[[int, int], None] = lambda _done, _all: None,
) -> Audit:
    """Look at all results; `again` makes some of them again, else what is remembered counts.

    Raises `NoResultsError`.
    """
    return of(view, ls.entries(view), levels, again, reading)


def of(
    view: View,
    listed: Sequence[Entry],
    levels: Levels,
    again: Callable[[Sequence[Verified]], Verdicts] | None = None,
    reading: Callable[[int, int], None] = lambda _done, _all: None,
) -> Audit:
    """Look at the results of a list, and at those that are lost, in the same way."""
    wanted = [*subjects.of_entries(view, listed), *subjects.lost(view, listed)]
    if not wanted:
        raise NoResultsError
    results = collect.verify(view, wanted, levels, reading)
    remembered = {entry.key: entry.reproduced.verdict for entry in listed if entry.reproduced}
    verdicts = again(results) if again else Verdicts(remembered)
    named = ((result.subject.name, result.lineage) for result in results)
    found = unsteady.among((name, lineage) for name, lineage in named if lineage)
    gaps = (*view.gaps, *verdicts.gaps)
    return Audit(tuple(results), verdicts, (*found, *verdicts.unsteady), gaps)


def drawn(results: Iterable[Verified], count: int | None, seed: int) -> Sample:
    """Draw results to be made again, the same ones by the same seed; all where `count` is None."""
    known = sorted((r for r in results if r.commit), key=lambda result: result.subject.key)
    if count is not None and count < len(known):
        known = random.Random(seed).sample(known, count)  # noqa: S311 - no secret
    return Sample(tuple(known), seed)


def make_again(
    view: View,
    sample: Sample,
    environ: Mapping[str, str],
    options: Options,
    told: Callable[[str, str], None],
) -> Verdicts:
    """Make a sample of results again. This runs the code of their commits."""
    named = {r.subject.key: (r.subject.name, r.commit) for r in sample.results}
    found = {key: (name, Found(key, sha)) for key, (name, sha) in named.items()}
    plans = reproducing.plans(view, found, options)
    done = list(reproducing.reproduce(view, plans, environ, options, told))
    return Verdicts(
        found={one.trace.key: one.verdict for one in done},
        unsteady=tuple(item for one in done for item in _shown_by(one)),
        seed=sample.seed,
        missing=tuple(one.missing for one in done if one.missing),
        gaps=tuple(gap for one in done for gap in one.gaps),
    )


def _shown_by(done: Reproduction) -> Iterator[Unsteady]:
    """Find what a reproduction shows to be no function of its inputs, on a machine as it was."""
    if done.compared and done.trace.lineage and not done.machine:
        yield from unsteady.again(f"{done.address} made again", done.trace.lineage, done.compared)
