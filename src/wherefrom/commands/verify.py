"""Can results still be had? Links by default; every byte, and the remotes, where that is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import address
from wherefrom.commands import ls
from wherefrom.errors.answers import NoResultsError
from wherefrom.verification import collect, subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wherefrom.problems import Levels
    from wherefrom.record import Gap
    from wherefrom.verification.collect import Verified
    from wherefrom.view import View


@dataclass(frozen=True)
class Verification:
    """The results that were looked at; `gaps` are what could not be asked, or is of no one result.

    All can be had where neither has a problem.
    """

    results: tuple[Verified, ...]
    gaps: tuple[Gap, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all results can be had, and all was asked."""
        return not self.gaps and not any(result.problems for result in self.results)


def verify(
    view: View,
    addresses: Sequence[str],
    folder: Path,
    levels: Levels,
    reading: Callable[[int, int], None] = lambda _done, _all: None,
) -> Verification:
    """Look whether the results of some addresses can still be had; of none: all results.

    A path is meant from `folder`. `reading` is told how many bytes of how many are read. Raises
    `UnknownAddressError`, `AmbiguousAddressError` and `NoResultsError`.
    """
    if addresses:
        found = [address.resolve(view, text, folder) for text in addresses]
        asked = (subjects.of_found(view, one) for one in found)
        wanted = list({subject.key: subject for subject in asked}.values())
    else:
        listed = ls.entries(view)
        wanted = [*subjects.of_entries(view, listed), *subjects.lost(view, listed)]
        if not wanted:
            raise NoResultsError
    results = collect.verify(view, wanted, levels, reading)
    return Verification(tuple(results), tuple(view.gaps))
