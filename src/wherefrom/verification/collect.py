"""Whether results can still be had: all that is looked at, for many results at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.committed import Committed
from wherefrom.names import SNAPSHOTS
from wherefrom.problems import NO_LOSS, TRACING, in_dvc
from wherefrom.sources import git_repo
from wherefrom.verification import objects as objects_
from wherefrom.verification.ledger import Ledger
from wherefrom.verification.logged import Logged
from wherefrom.verification.objects import Cache
from wherefrom.verification.protected import Important
from wherefrom.verification.remotes import DvcRemotes, GitRemotes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wherefrom.identity import CommitSha
    from wherefrom.lineage import Lineage
    from wherefrom.problems import Levels, Problem
    from wherefrom.record import Gap
    from wherefrom.verification.ledger import Placed
    from wherefrom.verification.objects import Kept
    from wherefrom.verification.subjects import Subject
    from wherefrom.view import View


@dataclass(frozen=True)
class Verified:
    """A result, and what keeps it from being had again: nothing, where `problems` is empty.

    `commit` is the commit that it would be taken from, `lineage` what led to it there; None where
    none is here. `notes` are words to its owner that are no problem.
    """

    subject: Subject
    commit: CommitSha | None
    lineage: Lineage | None
    problems: tuple[Problem, ...]
    notes: tuple[Gap, ...] = ()

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
    found = placed(view, subjects)
    kept = [list(objects_.of(one)) for one in found]
    objects = _Objects(view, [item for items in kept for item in items], levels)
    if levels.data:
        objects.cache.read_bytes(reading)
    logged = Logged(view, data=levels.data)
    logged.expect(found)
    git = GitRemotes(view.git_root) if levels.remote else None
    important = Important(view)
    results = [
        Verified(
            subject=one.subject,
            commit=one.holder.commit_sha if one.holder else None,
            lineage=one.lineage,
            problems=(
                *one.problems,
                *(git.problems(one) if git else ()),
                *(problem for item in items for problem in objects.problems(item)),
                *logged.of(one),
            ),
            notes=tuple(important.notes(one.subject, logged.versions_of(one.subject.run))),
        )
        for one, items in zip(found, kept, strict=True)
    ]
    view.gaps += [*(git.gaps if git else ()), *objects.gaps]
    return results


def placed(view: View, subjects: Iterable[Subject]) -> list[Placed]:
    """Find the commit that each result can be had from, and what git lacks of it."""
    root = view.git_root
    snapshots = git_repo.refs_below(root, SNAPSHOTS)
    remotes = git_repo.remotes(root)
    with Committed(view.project, root) as committed:
        return list(Ledger(view, committed, snapshots, remotes).place_all(subjects))


class _Objects:
    """What DVC keeps, in its cache and, where these are asked, in its remotes."""

    def __init__(self, view: View, wanted: list[Kept], levels: Levels) -> None:
        root = view.project.workspace
        self.cache = Cache(view.project.cache_roots, (item.hash for item in wanted))
        self._remotes = DvcRemotes(root, wanted, self.cache.here) if levels.remote else None
        self.gaps: list[Problem] = self._remotes.gaps if self._remotes else []

    def problems(self, kept: Kept) -> Iterator[Problem]:
        """Name what is wrong with an object; one that the remote has is only not fetched."""
        elsewhere = self._remotes.has(kept) if self._remotes else None
        here = list(self.cache.problems(kept))
        for problem in here:
            if problem.cause != "cache" or not elsewhere:
                yield problem
        if elsewhere is False and not here:
            yield in_dvc.not_in_remote(kept.path, kept.hash, kept.remote, kept.lost)
