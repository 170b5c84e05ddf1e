"""Results made again elsewhere, and compared byte for byte."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from wherefrom import address, places
from wherefrom.children import Children
from wherefrom.commands import trace as tracing
from wherefrom.context import now
from wherefrom.environment import cpu_model
from wherefrom.errors.answers import ImpossibleError
from wherefrom.record import Gap
from wherefrom.remarking import Remarker
from wherefrom.remarks import Reproduced
from wherefrom.reproduction import rerun, verdict
from wherefrom.reproduction.environments import Maker
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from wherefrom.commands.trace import Trace
    from wherefrom.found import Found
    from wherefrom.identity import CommitSha
    from wherefrom.record import Record
    from wherefrom.reproduction.rerun import Wanted
    from wherefrom.reproduction.verdict import Compared, Verdict
    from wherefrom.view import View

FOLDER = "reproductions"
"""Where the clones are, in the project's state."""

Env = Literal["lock", "current"]


@dataclass(frozen=True)
class Plan:
    """A result to make again, as an address named it; or why it cannot be."""

    address: str
    trace: Trace
    wanted: Wanted | ImpossibleError

    @property
    def commit_sha(self) -> CommitSha | None:
        """The commit whose code is to run; None where none is."""
        return None if isinstance(self.wanted, ImpossibleError) else self.wanted.commit_sha


@dataclass(frozen=True)
class Reproduction:
    """What became of a result that was to be made again.

    `compared` is None where it could not be made: `missing` says why. `started` is in milliseconds,
    UTC. `machine` says what of it is not as it was, `kept` is the clone, where it was left; `gaps`
    say where the verdict could not be written.
    """

    address: str
    trace: Trace
    commit_sha: CommitSha | None
    environment: Env
    started: int
    seconds: float
    compared: Compared | None = None
    machine: tuple[str, ...] = ()
    missing: Gap | None = None
    kept: Path | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Say in a word what it came to."""
        return self.compared.verdict if self.compared else "impossible"

    @property
    def remark(self) -> Reproduced:
        """What is to be remembered of it."""
        unlike = ", ".join(o.path for o in self.compared.differing) if self.compared else ""
        why = f"{self.missing.what}: {self.missing.why}" if self.missing else unlike
        return Reproduced(
            verdict=self.verdict,
            at=self.started,
            commit_sha=self.commit_sha,
            environment=self.environment,
            cpu=cpu_model(),
            why=why,
        )


@dataclass(frozen=True)
class Options:
    """How results are made again: in which environment, how many at once, and how alike."""

    environment: Env = "lock"
    jobs: int = 1
    keep: bool = False
    tolerance: float = verdict.TOLERANCE


def plan(view: View, addresses: Sequence[str], folder: Path, options: Options) -> list[Plan]:
    """Find the results of addresses, and the commits with their code; each result once.

    Raises what `address.resolve` does.
    """
    resolved = ((text, address.resolve(view, text, folder)) for text in addresses)
    return plans(view, {one.key: (text, one) for text, one in resolved}, options)


def plans(view: View, found: Mapping[str, tuple[str, Found]], options: Options) -> list[Plan]:
    """Plan for results by their keys, each with what a person calls it."""
    return [_plan(view, text, tracing.of(view, one), options) for text, one in found.values()]


def _plan(view: View, text: str, trace: Trace, options: Options) -> Plan:
    try:
        return Plan(text, trace, _wanted(view, trace, options))
    except ImpossibleError as error:
        return Plan(text, trace, error)


def _wanted(view: View, trace: Trace, options: Options) -> Wanted:
    if trace.lineage is None:
        gap = trace.gaps[0]
        raise ImpossibleError(gap.what, gap.why, gap.remedy)
    sha = code_of(view, trace)
    from_lock = options.environment == "lock"
    asked = (trace.metrics, from_lock, options.tolerance)
    return rerun.Wanted(view.project, trace.lineage, sha, *asked)


def code_of(view: View, trace: Trace) -> CommitSha:
    """Find the commit with the code that a result was made from.

    That is who holds the result, unless it was made from a dirty tree and that commit has other
    files than were read: then it is the snapshot of that tree, which lacks what git did not know.
    What nothing holds yet was made from the commit that its record names.
    """
    record = trace.record
    dirty = record is not None and record.git.dirty and record.experiment is None
    if trace.commit is not None and (trace.attributed or not dirty):
        return trace.commit.sha
    if record is not None and dirty:
        return _snapshot(view, record)
    if trace.made_in is not None:
        return trace.made_in.commit_sha
    if record is not None and record.git.commit is not None:
        return record.git.commit
    return _head(view)


def _snapshot(view: View, record: Record) -> CommitSha:
    kept = record.git.snapshot
    if kept is not None and git_repo.resolve(view.git_root, kept):
        return kept
    raise ImpossibleError(
        what="the code of this result is gone",
        why=f"it was made from a tree that was not committed, and its snapshot {kept} is not here",
        remedy="`git fetch` it (refs/wherefrom/dirty/*) from where it was made; else it is lost",
    )


def _head(view: View) -> CommitSha:
    """Give HEAD, for a result that keeps no record and that nothing holds yet."""
    sha = git_repo.head(view.git_root)
    if sha is None:
        raise ImpossibleError("there is no commit yet", "its code is in no commit", "commit it")
    return sha


def reproduce(
    view: View,
    plans: Sequence[Plan],
    environ: Mapping[str, str],
    options: Options,
    told: Callable[[str, str], None],
) -> Iterator[Reproduction]:
    """Make results again, several at once; give each, and write down its verdict, as it is done.

    `told` hears how far it is, and of which result.
    """
    state = view.project.state
    folder = places.own_folder(state, FOLDER)
    places.sweep(folder)
    runs = any(plan.trace.run for plan in plans)
    with Remarker(view) as remarker, ExitStack() as stack:

        def heard(key: str, line: str) -> None:  # a stage runs
            if runs:
                remarker.prepare()
            told(key, line)

        children = stack.enter_context(Children())
        pool = stack.enter_context(ThreadPoolExecutor(options.jobs))
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        stack.callback(children.end)
        work = _Work(folder, Maker(state, children, environ), options)
        waiting = [pool.submit(work.reproduce, plan, heard) for plan in plans]
        for done in as_completed(waiting):
            found = done.result()
            yield replace(found, gaps=remarker.write(found.trace, found.remark))


class _Work:
    """What all reproductions of one call have in common."""

    def __init__(self, folder: Path, maker: Maker, options: Options) -> None:
        self._folder = folder
        self._maker = maker
        self._options = options

    def reproduce(self, plan: Plan, told: Callable[[str, str], None]) -> Reproduction:
        """Make one result again."""
        started, begun = now(), time.monotonic()
        head = (plan.address, plan.trace, plan.commit_sha, self._options.environment)
        found = Reproduction(*head, started, 0.0)
        if isinstance(plan.wanted, ImpossibleError):
            return replace(found, missing=_gap(plan.wanted))
        with places.place(self._folder) as place:
            place.kept = self._options.keep
            kept = place.folder / "clone" if place.kept else None
            try:
                key = plan.trace.key
                made = rerun.again(
                    plan.wanted, place.folder, self._maker, lambda line: told(key, line)
                )
                found = replace(found, compared=made.compared, machine=made.machine)
            except ImpossibleError as error:
                found = replace(found, missing=_gap(error))
        return replace(found, seconds=time.monotonic() - begun, kept=kept)


def _gap(error: ImpossibleError) -> Gap:
    return Gap(error.what, error.why, error.remedy)
