"""A table predicted by exactly the model of a result, and a file beside it that says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wherefrom import address, places, scoring
from wherefrom.children import Children
from wherefrom.commands import handover, reproduce
from wherefrom.commands import trace as tracing
from wherefrom.context import now
from wherefrom.errors.answers import ImpossibleError, NotPredictedError
from wherefrom.predictions import File, Predictions
from wherefrom.record import Gap
from wherefrom.reproduction.environments import Maker
from wherefrom.sources import disk, git_repo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from wherefrom.commands.reproduce import Env
    from wherefrom.commands.trace import Trace
    from wherefrom.identity import CommitSha, DataHash
    from wherefrom.record import EnvironmentFacts
    from wherefrom.scoring import Scored, Wanted
    from wherefrom.view import View

FOLDER = "predictions"
"""Where the clones are, in the project's state."""


@dataclass(frozen=True)
class Request:
    """What is to be predicted, by the model of which address, and where to.

    Paths are meant from the folder of the view.
    """

    address: str
    table: Path
    output: Path
    environment: Env = "current"


def predict(view: View, asked: Request, environ: Mapping[str, str]) -> Predictions:
    """Predict a table, and write what made the predictions beside them.

    The output is there as a whole or not at all. Raises what `address.resolve` does, `OutputError`,
    `NoRoomError`, `ImpossibleError` and `NotPredictedError`.
    """
    table, output = (address.place(view.folder, path) for path in (asked.table, asked.output))
    if not table.is_file():
        raise NotPredictedError(f"{table} is no file; write what comes as a stream to one first")
    if not table.suffix:  # such as `/dev/stdin`; a link of DVC's leads to such a name
        table = table.resolve()
    asked = replace(asked, table=table, output=output)
    with handover.room_needed():
        handover.check(view.project, table, output)
        return _predict(view, asked, environ)


def _predict(view: View, asked: Request, environ: Mapping[str, str]) -> Predictions:
    found = address.resolve(view, asked.address, view.folder)
    wanted = _wanted(view, tracing.of(view, found), asked)
    folder = places.own_folder(view.project.state, FOLDER)
    places.sweep(folder)
    before = _stamp(asked.table)
    table = disk.hash_of(asked.table)
    with places.place(folder) as place, Children() as children:
        maker = Maker(view.project.state, children, environ)
        scored = scoring.score(wanted, place.folder, maker)
        if table is None or _stamp(asked.table) != before:
            raise _changed(wanted.name)
        said = _described(view, asked, wanted, scored, table)
        handover.hand_over(scored.output, said, asked.output)
    return said


def _wanted(view: View, trace: Trace, asked: Request) -> Wanted:
    if trace.lineage is None:
        gap = trace.gaps[0]
        raise ImpossibleError(gap.what, gap.why, gap.remedy)
    sha = _with_script(view, (reproduce.code_of(view, trace), *trace.commits))
    name, from_lock = _name(view, asked.table), asked.environment == "lock"
    return scoring.Wanted(view.project, trace.lineage, sha, asked.table, name, from_lock)


def _with_script(view: View, shas: Sequence[CommitSha]) -> CommitSha:
    """Choose the first commit that says how its model predicts; a later one may have been taught.

    Each is compared with what the result was made from before any of it runs.
    """
    path = view.project.in_git(scoring.SCRIPT)
    having = (sha for sha in shas if git_repo.listed(view.git_root, sha, [path]))
    return next(having, shas[0])


def _name(view: View, path: Path) -> str:
    root = view.project.workspace
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _described(
    view: View, asked: Request, wanted: Wanted, scored: Scored, table: DataHash
) -> Predictions:
    outs = {path: out for stage in wanted.result.stages for path, out in stage.outs.items()}
    record = wanted.result.record
    return Predictions(
        output=File(_name(view, asked.output), scored.hash),
        table=File(wanted.name, table),
        rows=scored.rows,
        address=asked.address,
        key=wanted.result.key,
        commit_sha=wanted.commit_sha,
        mlflow_run_id=record.mlflow_run_id if record else None,
        models=tuple(File(p, h) for p in wanted.result.models if (h := outs[p].hash)),
        at=now(),
        environment=scored.environment,
        remarks=scored.said,
        gaps=tuple(_other_environment(record.environment, wanted, scored)) if record else (),
    )


def _other_environment(then: EnvironmentFacts, wanted: Wanted, scored: Scored) -> Iterator[Gap]:
    if then.digest == scored.environment.digest:
        return
    of_lock = "`wherefrom predict --env lock` predicts in the one of the commit's lock file"
    not_as_pinned = "none: the result was not made with what that commit's lock file pins"
    yield Gap(
        what="the predictions were made in another environment than their model",
        why="the interpreter or the packages are not those that the result was made with",
        remedy=not_as_pinned if wanted.from_lock else of_lock,
    )


def _stamp(path: Path) -> tuple[int, int, int]:
    known = path.stat()
    return known.st_ino, known.st_size, known.st_mtime_ns


def _changed(name: str) -> ImpossibleError:
    return ImpossibleError(
        what=f"{name} changed while it was predicted",
        why="nobody could say which of its rows the predictions are of",
        remedy="predict it once it is whole",
    )
