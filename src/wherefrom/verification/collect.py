"""Whether results can still be had: all that is looked at, for many results at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.problems import NO_LOSS, TRACING
from wherefrom.sources import git_repo
from wherefrom.sources.git_files import CommitFiles
from wherefrom.sources.git_objects import Objects
from wherefrom.verification import objects as objects_
from wherefrom.verification.ledger import Ledger
from wherefrom.verification.logged import Logged
from wherefrom.verification.objects import Cache
from wherefrom.workspace import SNAPSHOTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wherefrom.identity import CommitSha
    from wherefrom.lineage import Lineage
    from wherefrom.problems import Levels, Problem
    from wherefrom.verification.ledger import Placed
    from wherefrom.verification.subjects import Subject
    from wherefrom.view import View


@dataclass(frozen=True)
class Verified:
    """A result, and what keeps it from being had again: nothing, where `problems` is empty.

    `commit` is the commit that it would be taken from, `lineage` what led to it there; None where
    none is here.
    """

    subject: Subject
    commit: CommitSha | None
    lineage: Lineage | None
    problems: tuple[Problem, ...]

    @property
    def is_traceable(self) -> bool:
        """Whether git says what made it: data, code, parameters, environment."""
        return self.lineage is not None and not any(p.cause in TRACING for p in self.problems)

    @property
    def is_restorable(self) -> bool:
        """Whether all that made it, and all that it left, can still be had."""
        return all(problem.cause in NO_LOSS for problem in self.problems)


def verify(
    view: View,
    subjects: Iterable[Subject],
    levels: Levels,
    reading: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Verified]:
    """Look whether results can still be had; nothing is run, and nothing is written.

    What does not answer is a gap of the view. `reading` is told how many bytes of how many are
    read.
    """
    placed = _placed(view, subjects)
    kept = {id(one): list(objects_.of(one)) for one in placed}
    cache = Cache(view.project.anchor, (k.hash for found in kept.values() for k in found))
    if levels.data:
        cache.read_bytes(reading)
    logged = Logged(view, data=levels.data)
    return [
        Verified(
            subject=one.subject,
            commit=one.holder.commit_sha if one.holder else None,
            lineage=one.lineage,
            problems=(
                *one.problems,
                *(problem for item in kept[id(one)] for problem in cache.problems(item)),
                *logged.of(one),
            ),
        )
        for one in placed
    ]


def _placed(view: View, subjects: Iterable[Subject]) -> list[Placed]:
    root = view.git_root
    snapshots = git_repo.refs_below(root, SNAPSHOTS)
    remotes = git_repo.remotes(root)
    with Objects(root) as objects:
        files = CommitFiles(objects, view.project.prefix)
        ledger = Ledger(view, objects, files, snapshots, remotes)
        return [ledger.place(subject) for subject in subjects]
