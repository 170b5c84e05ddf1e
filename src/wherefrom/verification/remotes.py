"""Whether results are somewhere else than on this disk: in the remotes of git and of DVC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import problems
from wherefrom.errors.stores import RemoteUnreachableError
from wherefrom.names import SNAPSHOTS
from wherefrom.problems import in_git
from wherefrom.sources import dvc_remote, git_refs, git_remote, git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from wherefrom.identity import CommitSha
    from wherefrom.problems import Problem
    from wherefrom.verification.ledger import Placed
    from wherefrom.verification.objects import Here, Kept


class GitRemotes:
    """All remotes of a clone, asked once for their refs; `gaps` name those that did not answer."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names = git_repo.remotes(root)
        self._refs: dict[str, CommitSha] = {}
        self.gaps: list[Problem] = [] if self._names else [in_git.no_git_remote()]
        for name in self._names:
            try:
                self._refs |= git_remote.refs(root, name)
            except RemoteUnreachableError as error:
                self.gaps.append(problems.unasked(error))
        tips = [sha for ref, sha in self._refs.items() if ref.startswith(git_refs.KEPT)]
        self._reached, all_known = git_remote.reached(root, tips)
        self._ahead = not all_known

    def problems(self, placed: Placed) -> Iterator[Problem]:
        """Say so where a result, or the dirty tree that it is of, is in no remote.

        Where a remote did not answer, nothing is known.
        """
        if self.gaps or placed.holder is None:
            return
        if not any(holder.commit_sha in self._reached for holder in placed.subject.held):
            sha, name = placed.holder.commit_sha, placed.holder.experiment
            refs = () if name else git_repo.containing(self._root, sha)
            yield in_git.not_pushed(sha, name, self._names[0], refs, ahead=self._ahead)
        for ref in (SNAPSHOTS + record_id for record_id in placed.snapshots):
            if ref not in self._refs:
                yield in_git.snapshot_not_pushed(ref, self._names[0])


class DvcRemotes:
    """The remotes of DVC that objects belong to, asked once; `gaps` name those without answer."""

    def __init__(self, root: Path, wanted: Iterable[Kept], here: Here) -> None:
        self._held: dict[str | None, frozenset[str]] = {}
        self.gaps: list[Problem] = []
        folders = {v: list(f.values()) for v, f in here.files.items() if f is not None}
        for name, values in _by_remote(wanted).items():
            try:
                self._held[name] = dvc_remote.held(root, name, values, folders)
            except RemoteUnreachableError as error:
                self.gaps.append(problems.unasked(error))

    def has(self, kept: Kept) -> bool | None:
        """Whether an object is in its remote; None where that is not known, or nobody's wish."""
        if not kept.pushed or kept.remote not in self._held:
            return None
        return kept.hash in self._held[kept.remote]


def _by_remote(wanted: Iterable[Kept]) -> Mapping[str | None, set[str]]:
    found: dict[str | None, set[str]] = {}
    for kept in wanted:
        if kept.pushed:
            found.setdefault(kept.remote, set()).add(kept.hash)
    return found
