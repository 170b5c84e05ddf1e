"""Many variants of the pipeline, each a DVC experiment with its run."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wherefrom import places, trial, workspace
from wherefrom.errors import WherefromError
from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.errors.sweeps import SweepError
from wherefrom.problems import some
from wherefrom.project import locate
from wherefrom.record import Gap
from wherefrom.sources import dvc_existing
from wherefrom.sources.dvc_clone import DvcError
from wherefrom.sweeping import book as books
from wherefrom.sweeping import choosing, code, parent, request, space
from wherefrom.sweeping.book import Book, Definition
from wherefrom.sweeping.messages import Plan
from wherefrom.sweeping.parent import Ended
from wherefrom.sweeping.pool import Nursery, Pool
from wherefrom.sweeping.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wherefrom.project import Project
    from wherefrom.sources.dvc_existing import Found
    from wherefrom.sweeping.parent import Where
    from wherefrom.sweeping.pool import Asked

FOLDER = "workers"
"""Where the copies of the repository are, in the project's state."""
_ONE_CORE = "LOKY_MAX_CPU_COUNT"


@dataclass
class Swept:
    """A sweep: as it runs, and when it has ended. `size` is None where nobody knows it.

    `is_resumed` says that it goes on. `gaps` are known as it begins, `late` at its end.
    """

    definition: Definition
    sweep: Sweep
    size: int | None
    is_resumed: bool = False
    gaps: tuple[Gap, ...] = ()
    late: tuple[Gap, ...] = ()


@contextmanager
def start(folder: Path, environ: Mapping[str, str], asked: request.Asked) -> Iterator[Swept]:
    """Start a sweep; its variants run while `Swept.sweep.run()` is gone through.

    Raises `SweepError`, `SpaceError` and `EndlessGridError` before anything is run.
    """
    project = locate(folder, environ)
    found = space.parse(asked.overrides, asked.seed)
    request.check(asked, found)
    if asked.name:
        request.check_name(project, asked.name)
    with Book(project.state, asked.name or request.new_name(project)) as book:
        if book.exists:
            remedy = f"`wherefrom sweep --resume --name {book.name}`, or give another --name"
            raise SweepError(f"there is a sweep {book.name} already", remedy)
        book.write(request.definition(project, book.name, asked))
        try:
            with _run(project, environ, book, asked.jobs, resumed=False) as swept:
                yield swept
        except WherefromError:
            if not book.reports():
                book.forget()
            raise


@contextmanager
def resume(
    folder: Path,
    environ: Mapping[str, str],
    name: str | None,
    jobs: int | None,
    trials: int | None = None,
) -> Iterator[Swept]:
    """Go on with a sweep, the last one if no name is given, from where it was. As `start`.

    `trials` is how many it shall have from now on.
    """
    project = locate(folder, environ)
    known = books.names(project.state)
    chosen = name or (known[-1] if known else "")
    if chosen not in known:
        what = f"there is no sweep {chosen}" if chosen else "there is no sweep yet"
        raise SweepError(what, f"there are: {', '.join(known)}" if known else "start one with -S")
    with Book(project.state, chosen) as book:
        if trials is not None:
            book.write(request.with_trials(book.definition(), trials))
        with _run(project, environ, book, jobs, resumed=True) as swept:
            yield swept


@contextmanager
def _run(
    project: Project,
    environ: Mapping[str, str],
    book: Book,
    jobs: int | None,
    *,
    resumed: bool,
) -> Iterator[Swept]:
    definition = book.definition()
    found = space.parse(definition.overrides, definition.seed)
    base = request.base(project, definition)
    nursery = Nursery(code.libraries(project))
    count = jobs or len(os.sched_getaffinity(0))
    size = choosing.size(definition.sampler, definition.trials, found)
    count = min(count, size) if size else count
    where = parent.where(project, environ, base)
    parent_run = _parent(nursery, where, definition) if where is not None else None
    environment = _variables(definition, count)
    plan = Plan(base, _workers(project), book.logs, environment, where)
    with Pool(nursery, plan, count) as pool:
        asked = nursery.asked(dvc_existing.found, base, not resumed)
        gaps: tuple[Gap, ...] = ()
        if parent_run is not None:
            definition, gaps = _with_parent(parent_run, definition)
            book.write(definition)
        try:
            here = _existing(asked)
            without = () if resumed else _not_in_git(project, here)
            sampler = choosing.sampler(project, definition, found, book, resumed=resumed)
        except WherefromError:
            _end(nursery, where, Ended(definition, "FAILED", book.reports()))
            raise
        sweep = Sweep(definition, sampler, pool, book, here.known)
        status = "FAILED"
        try:
            yield (swept := Swept(definition, sweep, size, resumed, (*gaps, *without)))
            status = "KILLED" if sweep.is_stopped else "FINISHED"
        finally:
            swept.definition = sweep.definition
            ended = Ended(sweep.definition, status, sweep.reports, sweep.variants)
            failed = any(report.state == "failed" for report in sweep.reports.values())
            swept.late = (*(without if failed else ()), *_end(nursery, where, ended))


def _existing(asked: Asked) -> Found:
    """Wait for what there is. Raises `SweepError`."""
    try:
        found: Found = asked.value()
    except DvcError as error:
        raise SweepError(f"DVC cannot read the project: {error}", "mend that") from error
    _refuse_edited(found.edited)
    return found


def _not_in_git(project: Project, here: Found) -> tuple[Gap, ...]:
    """Name the files that stages may use, and no variant has."""
    paths = workspace.not_in_git(project, here.inputs, here.outputs)
    if not paths:
        return ()
    why = "no variant has what git does not track"
    remedy = "`git add` what of it stages use (`dvc add` data), and sweep again"
    return (Gap(f"not in git: {some(paths)}", why, remedy),)


def _refuse_edited(paths: tuple[str, ...]) -> None:
    """Refuse data that variants would not have: theirs is what DVC tracks."""
    if paths:
        names = ", ".join(paths)
        remedy = "`dvc add` it and sweep the new, or `dvc checkout` to have the old again"
        raise SweepError(f"{names} was changed since `dvc add`", remedy)


def _workers(project: Project) -> Path:
    folder = places.own_folder(project.state, FOLDER)
    places.sweep(folder)
    return folder


def _variables(definition: Definition, jobs: int) -> dict[str, str]:
    """Give what stages have in their environment beside the caller's.

    The cores are shared: what a stage does side by side gets its part of them.
    """
    share = max(1, len(os.sched_getaffinity(0)) // jobs)
    known = {trial.NAME: definition.name, "WHEREFROM_SUMMARY": "off"}
    known |= {_ONE_CORE: str(share)} if _ONE_CORE not in os.environ else {}
    return known


def _parent(nursery: Nursery, where: Where, definition: Definition) -> Asked:
    """Have the sweep's run made in MLflow while its workers begin."""
    function = parent.begin if definition.run_id is None else parent.resume
    return nursery.asked(function, where, definition)


def _with_parent(asked: Asked, definition: Definition) -> tuple[Definition, tuple[Gap, ...]]:
    """Give the sweep its run; without an answer of the store its variants have no parent."""
    try:
        return replace(definition, run_id=asked.value()), ()
    except StoreUnreachableError as error:
        return definition, (Gap("the sweep has no run in MLflow", str(error), error.hint),)


def _end(nursery: Nursery, where: Where | None, ended: Ended) -> tuple[Gap, ...]:
    """Say in MLflow what came of a sweep."""
    if where is None or ended.definition.run_id is None:
        return ()
    try:
        nursery.ask(parent.end, where, ended)
    except StoreUnreachableError as error:  # its variants wait for the store as well
        remedy = f"`wherefrom sweep --resume --name {ended.definition.name}` once it can be"
        return (Gap("MLflow does not know how the sweep ended", str(error), remedy),)
    return ()
