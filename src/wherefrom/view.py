"""The ledger and MLflow of a project, side by side, as every question looks at them."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from wherefrom import holders as holders_
from wherefrom import index as indexes
from wherefrom import remarks, settings
from wherefrom.errors.index import IndexDamagedError
from wherefrom.errors.project import NotAProjectError, RecordError
from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.join import Joined, RunTable, by_content, by_record
from wherefrom.project import locate
from wherefrom.record import Gap, from_text
from wherefrom.remarks import Told
from wherefrom.runs import NoRuns
from wherefrom.sources import git_notes, git_repo
from wherefrom.sources.git_objects import Objects
from wherefrom.sources.run_source import open_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from wherefrom.holders import Holder, Maker, Relation
    from wherefrom.identity import CommitSha
    from wherefrom.index.query import Index
    from wherefrom.index.rows import RecordRow
    from wherefrom.project import Project
    from wherefrom.record import Record
    from wherefrom.remarks import Reproduced
    from wherefrom.runs import Logged, RunSource

_T = TypeVar("_T")


@dataclass
class View:
    """What is known of a project. A store that does not answer is one gap, said once.

    `folder` is where the question comes from. `unasked` says why the store was not asked, "" where
    it was. `hashing` is told how many bytes of how many have been hashed.
    """

    project: Project
    folder: Path
    git_root: Path
    index: Index
    uri: str
    gaps: list[Gap] = field(default_factory=list)
    unasked: str = ""
    hashing: Callable[[int, int], None] = lambda _done, _all: None

    @cached_property
    def runs(self) -> RunSource:
        """The runs of the project's store."""
        try:
            return open_runs(self.uri)
        except StoreUnreachableError as error:
            self.lose(error)
            return NoRuns()

    @cached_property
    def table(self) -> RunTable:
        """All runs of the store."""
        return RunTable(self.ask(lambda runs: runs.all_runs()))

    @cached_property
    def remarks(self) -> Mapping[tuple[str, str], str]:
        """What has been said of results later, by the id and the stage of their records.

        Those that keep none have their fingerprint, and no stage.
        """
        notes, found = git_notes.everything(self.git_root), dict[tuple[str, str], str]()
        if not notes:
            return found
        with Objects(self.git_root) as objects:
            for blob, text in objects.texts(notes):
                for place, lines in self._said(blob, text, notes[blob]):
                    found[place] = found.get(place, "") + lines
        return found

    def _said(self, blob: str, text: str, note: str) -> Iterator[tuple[tuple[str, str], str]]:
        try:
            record = from_text(text, blob)
        except RecordError:  # it is on a dvc.lock; or of somebody else, on another file
            for name, lines in remarks.by_fingerprint(note).items():
                yield (name, ""), lines
        else:
            self.gaps += remarks.gaps(note, record.record_id)
            yield (record.record_id, record.stage), note

    def reproduced(self, record: Record | RecordRow | None, key: str) -> Reproduced | None:
        """Give the last reproduction of a result; `key` is its own, where it keeps no record."""
        return remarks.last(self._note(record, key))

    def told(self, record: Record | RecordRow | None, key: str, own: Mapping[str, str]) -> Told:
        """Give the tags that are told of a result by now; `own` are those of its records."""
        return Told(own, remarks.marks(self._note(record, key)))

    def _note(self, record: Record | RecordRow | None, key: str) -> str:
        place = (record.record_id, record.stage) if record else (key, "")
        return self.remarks.get(place, "")

    def forget_runs(self) -> None:
        """Ask for all runs anew: some have been made since."""
        self.__dict__.pop("table", None)

    @property
    def shallow(self) -> tuple[Gap, ...]:
        """Say so where older commits are not in this clone: who introduced a version may be."""
        here = self.project.repository
        if here is None or not (here.common_dir / "shallow").is_file():
            return ()
        what = "this clone is shallow: the first commit with a version of the data may not be here"
        return (Gap(what, "it was made with --depth", "`git fetch --unshallow`"),)

    def ask(self, question: Callable[[RunSource], list[_T]]) -> list[_T]:
        """Ask the store for runs, say; none where it does not answer, which is a gap."""
        try:
            return question(self.runs)
        except StoreUnreachableError as error:
            self.lose(error)
            return []

    def ask_logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        """Ask the store for what was logged to runs; nothing where it does not answer."""
        try:
            return self.runs.logged(run_ids)
        except StoreUnreachableError as error:
            self.lose(error)
            return {}

    def lose(self, error: StoreUnreachableError) -> None:
        """Name a store that does not answer, and go on with the ledger alone."""
        gap = Gap("MLflow was not asked; this is from the ledger", str(error), error.hint)
        self.gaps += [gap] if gap not in self.gaps else []
        self.unasked = str(error)
        self.runs = NoRuns()

    def run_of(
        self,
        record: RecordRow | Record | None,
        fingerprints: Sequence[str],
        holders: Sequence[Holder],
        asked: CommitSha | None = None,
    ) -> Joined:
        """Find the run of one result, asking the store for it alone.

        `asked` is the commit that is asked about, of those that hold the result.
        """
        if record is None:
            runs = self.ask(lambda runs: runs.of_fingerprints(fingerprints))
            return self.judged(by_content(fingerprints, holders, RunTable(runs), asked))
        named = self.ask(lambda runs: runs.of_id(record.mlflow_run_id or "-"))
        named = [run for run in named if run.record_id == record.record_id]
        found = named or self.ask(lambda runs: runs.of_records([record.record_id]))
        return self.judged(by_record(record, RunTable(found)))

    def judged(self, joined: Joined) -> Joined:
        """Leave out what a store that was not asked might have answered."""
        return replace(joined, gaps=()) if self.unasked and joined.run is None else joined

    def relation_in_workspace(self, maker: Maker | None, held: Sequence[Holder]) -> Relation | None:
        """Say how the workspace stands to a result that it has, and that others may hold.

        It is that of HEAD where HEAD holds it, else of the experiment that was made last, on HEAD
        if there is one: `dvc exp run` leaves its result in the workspace.
        """
        if maker is None or not held:
            return maker.relation if maker else None
        head = git_repo.head(self.git_root)
        near = max(
            held,
            key=lambda h: (h.commit_sha == head, h.baseline == head, h.time, h.commit_sha),
        )
        return holders_.relation(maker, near, holders_.origin(maker, held))


@contextmanager
def look(
    folder: Path,
    environ: Mapping[str, str],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    hashing: Callable[[int, int], None] = lambda _done, _all: None,
) -> Iterator[View]:
    """Look at the project of a folder; its index is brought up to date first.

    `progress` is told commits read and commits in all, `hashing` the same of the workspace's bytes.
    Raises `NotAProjectError` outside of a DVC project in a git repository.
    """
    project = locate(folder, environ)
    if project.git_root is None:
        raise NotAProjectError(project.workspace, "git")
    chosen, doubts = settings.understood(project.workspace, project.anchor.name)
    uri = chosen.store(project.anchor, environ)
    index = indexes.open_index(project, progress)
    try:
        gaps, here = [*doubts, *index.gaps], folder.resolve()
        yield View(project, here, project.git_root, index, uri, gaps, hashing=hashing)
    except sqlite3.DatabaseError as error:  # MLflow's own have become StoreUnreachableError
        indexes.discard_index(project)
        raise IndexDamagedError(str(error)) from error
    finally:
        index.close()
