"""What git has of results: their commits, code, records, environments and snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import attribution, checks, lineage, problems, tree
from wherefrom.environment import LOCK_NAMES
from wherefrom.names import SNAPSHOTS
from wherefrom.problems import in_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wherefrom.committed import Committed
    from wherefrom.holders import Holder
    from wherefrom.identity import CommitSha, RecordId
    from wherefrom.lineage import Lineage
    from wherefrom.problems import Problem
    from wherefrom.record import Record
    from wherefrom.verification.subjects import Subject
    from wherefrom.view import View

_AT_ONCE = 200
_CODE = "the code that made it: it cannot be run again as it was"
_RECORD = "the word that these bytes were made from what dvc.lock says"


@dataclass(frozen=True)
class Placed:
    """A result in the commit that has most of it (None: none is here), and what that lacks.

    `lineage` is None where no commit is here. `in_git` are the outputs that the commit has itself.
    """

    subject: Subject
    holder: Holder | None
    lineage: Lineage | None
    in_git: frozenset[str]
    problems: tuple[Problem, ...]

    @property
    def snapshots(self) -> tuple[RecordId, ...]:
        """The records of its stages that ran in a dirty tree, which a snapshot keeps."""
        records = _records(self.lineage) if self.lineage else ()
        return tuple(dict.fromkeys(r.record_id for r in records if r.git.snapshot))


class Ledger:
    """Looks at many results, and reads each file of their commits once."""

    def __init__(
        self,
        view: View,
        committed: Committed,
        snapshots: Mapping[str, CommitSha],
        remotes: tuple[str, ...],
    ) -> None:
        """`snapshots` are the refs of dirty trees by record, `remotes` the names of git's."""
        self._view = view
        self._results: dict[CommitSha, tuple[Lineage, ...]] = {}
        self._committed = committed
        self._files = committed.files
        self._snapshots = snapshots
        self._remotes = remotes

    def place_all(self, subjects: Iterable[Subject]) -> Iterator[Placed]:
        """Find the commits of many results, and read them by the hundred."""
        rest = list(subjects)
        for start in range(0, len(rest), _AT_ONCE):
            part = rest[start : start + _AT_ONCE]
            self._expect(part)
            yield from (self.place(subject) for subject in part)

    def _expect(self, subjects: Iterable[Subject]) -> None:
        firsts = [(s.held[0].commit_sha, s.key) for s in subjects if s.held]
        shas = dict.fromkeys(sha for sha, _ in firsts)
        self._files.expect_commits(shas)
        self._files.blobs({b for sha in shas for b in tree.facts(self._view, sha).values()})
        self._results = {}
        found = {first: self._result(*first) for first in firsts}
        wanted = {sha: list[str](LOCK_NAMES) for sha in shas}
        for (sha, _), result in found.items():
            wanted[sha] += checks.paths(result) if result else ()
        self._files.expect(wanted)

    def _result(self, sha: CommitSha, key: str) -> Lineage | None:
        if sha not in self._results:
            held = tree.read(self._view, sha, lambda blobs: self._files.blobs(blobs).items())
            self._results[sha] = lineage.results(held.holding)
        return next((found for found in self._results[sha] if found.key == key), None)

    def place(self, subject: Subject) -> Placed:
        """Find the commit that a result can be had from: of several, the one that lacks least."""
        here = [holder for holder in subject.held if self._files.is_here(holder.commit_sha)]
        best: Placed | None = None
        for holder in here:
            placed = self._in(subject, holder)
            if not placed.problems:
                return placed
            if best is None or len(placed.problems) < len(best.problems):
                best = placed
        return best or Placed(subject, None, None, frozenset(), (self._gone(subject),))

    def _gone(self, subject: Subject) -> Problem:
        if subject.in_workspace:
            return in_git.uncommitted(subject.key)
        sha = subject.held[0].commit_sha if subject.held else None
        loose = self._committed.loose(sha) if sha else None
        if sha and loose:
            return in_git.damaged_object(f"the commit of {subject.name}", sha, loose)
        return in_git.gone(subject.name, sha, self._remotes)

    def _in(self, subject: Subject, holder: Holder) -> Placed:
        sha = holder.commit_sha
        dropped = [] if subject.live else [in_git.unheld(sha, holder.experiment)]
        result = self._result(sha, subject.key)
        if result is None:  # else a run without a record: nothing says which result it was
            unread = [in_git.unreadable(subject.name, sha)] if subject.live else []
            return Placed(subject, holder, None, frozenset(), (*dropped, *unread))
        kept = checks.in_commit(self._committed, result, sha)
        found = (
            *dropped,
            *self._records(result, sha),
            *self._code(result, kept),
            *_outputs(result, kept),
            *self._environment(result, kept),
            *self._snapshot(result),
        )
        here = {*kept.contents, *(problem.path for problem in kept.unread)}
        tracked = frozenset(path for s in result.stages for path in s.outs if path in here)
        return Placed(subject, holder, result, tracked | self._folders(result, sha), found)

    def _folders(self, result: Lineage, sha: CommitSha) -> frozenset[str]:
        """List the folders among the outputs that the commit has itself, with all their files."""
        outs = ((p, out.hash) for stage in result.stages for p, out in stage.outs.items())
        wanted = {path: value for path, value in outs if value and value.endswith(".dir")}
        found = attribution.hashes_of(wanted, self._files.contents(sha, wanted))
        return frozenset(path for path, values in found.items() if wanted[path] in values)

    def _records(self, result: Lineage, sha: CommitSha) -> Iterator[Problem]:
        for gap in result.gaps:
            yield problems.of_gap(gap, "record", sha, _RECORD)

    def _code(self, result: Lineage, kept: checks.Kept) -> Iterator[Problem]:
        """Look for the code in the commit; that of a dirty tree may be in its snapshot alone."""
        yield from kept.unread
        for sha in self._kept(result) if kept.code else ():
            other = checks.in_commit(self._committed, result, sha)
            if not other.code and not other.unread:
                return
        for gap in kept.code:
            yield problems.of_gap(gap, "code", gap.what.partition(" ")[0].rstrip(","), _CODE)

    def _environment(self, result: Lineage, kept: checks.Kept) -> Iterator[Problem]:
        if any(problem.path in LOCK_NAMES for problem in kept.unread):
            return
        wrong = list(checks.other_environment(result, kept.contents))
        for sha in self._kept(result) if wrong else ():
            if not list(checks.other_environment(result, self._files.contents(sha, LOCK_NAMES))):
                return
        lock = result.record.environment.lock if result.record else None
        for gap in wrong:
            lost = "the versions of the packages that made it"
            yield problems.of_gap(gap, "environment", str(lock), lost)

    def _kept(self, result: Lineage) -> list[CommitSha]:
        """List the snapshots of the trees in which the stages of a result ran."""
        shas = (record.git.snapshot for record in _records(result))
        return [sha for sha in dict.fromkeys(shas) if sha and self._files.is_here(sha)]

    def _is_kept(self, sha: CommitSha, record_id: RecordId) -> bool:
        """Whether a ref leads to a snapshot: its own, or a tag."""
        commit = self._view.index.commit(sha)
        held = record_id in self._snapshots or (commit is not None and commit.live)
        return held and self._files.is_here(sha)

    def _snapshot(self, result: Lineage) -> Iterator[Problem]:
        kept = {record.git.snapshot: record.record_id for record in _records(result)}
        for sha, record_id in kept.items():
            if sha and not self._is_kept(sha, record_id):
                yield in_git.no_snapshot(SNAPSHOTS + record_id, sha, self._remotes)


def _records(result: Lineage) -> Iterator[Record]:
    yield from (record for record in (result.record, result.training) if record)


def _outputs(result: Lineage, kept: checks.Kept) -> Iterator[Problem]:
    stages = attribution.kept(result)
    for path, gap in kept.outputs.items():
        lost = f"{path} as {stages[path][0].address} left it"
        yield problems.of_gap(gap, "code", path, lost)
