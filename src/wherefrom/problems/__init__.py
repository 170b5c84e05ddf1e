"""What keeps a result from being had again: gaps that name their cause and their object. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.errors.stores import RemoteUnreachableError


Cause = Literal[
    "commit",
    "object",
    "record",
    "code",
    "environment",
    "snapshot",
    "cache",
    "bytes",
    "run",
    "artifact",
    "model",
    "version",
    "git remote",
    "dvc remote",
    "unasked",
]
"""What has to be mended; problems of one cause are shown together. `unasked` is no loss: something
did not answer, and nothing is known of what it holds."""


TRACING: frozenset[Cause] = frozenset({"object", "record", "code", "environment"})
"""Causes by which git does not say, or not without contradiction, what made a result."""


NO_LOSS: frozenset[Cause] = frozenset({"record", "unasked"})
"""Causes by which nothing is gone."""


@dataclass(frozen=True)
class Problem(Gap):
    """A gap of what should be there: `object` names it, `lost` says what cannot be had without it.

    Problems that are equal are one, whichever results have them.
    """

    cause: Cause
    object: str
    lost: str


@dataclass(frozen=True)
class Unread(Problem):
    """A file of a commit, or a folder, that cannot be compared: git does not give it."""

    path: str


@dataclass(frozen=True)
class Levels:
    """How far is looked: `data` reads every byte, `remote` asks the remotes of git and DVC."""

    data: bool = False
    remote: bool = False


def of_gap(gap: Gap, cause: Cause, name: str, lost: str) -> Problem:
    """Give a gap its cause, its object and what is lost by it."""
    return Problem(gap.what, gap.why, gap.remedy, cause, name, lost)


def unasked(error: RemoteUnreachableError) -> Problem:
    """Say that something could not be asked: what it holds is not known, and not lost by that."""
    return Problem(
        what=str(error),
        why="what it holds is not known",
        remedy=error.hint,
        cause="unasked",
        object=error.name or "",
        lost="nothing that is known",
    )


_SOME = 3


def some(names: Sequence[str]) -> str:
    """List a few names, and how many more there are."""
    more = f" and {len(names) - _SOME} more" if len(names) > _SOME else ""
    return ", ".join(names[:_SOME]) + more
