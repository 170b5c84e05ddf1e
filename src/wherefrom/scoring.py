"""A table predicted by the model of a result, with the code of its commit, in a clone."""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import checks, predicting
from wherefrom.committed import Committed
from wherefrom.errors.answers import ImpossibleError, NotPredictedError
from wherefrom.errors.inputs import NoRoomError
from wherefrom.reproduction import checkout, rerun
from wherefrom.sources import disk, dvc_cache
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from pathlib import Path

    from wherefrom.identity import CommitSha, DataHash
    from wherefrom.lineage import Lineage
    from wherefrom.project import Project
    from wherefrom.record import EnvironmentFacts
    from wherefrom.reproduction.environments import Maker

SCRIPT = "src/predict.py"
"""The script of a commit that says how its models predict."""

_OUTPUT = "predictions.csv"
_REFUSED = 2
"""The exit status of `stage.run` for bad input."""
_NO_ROOM = tuple(map(os.strerror, (errno.ENOSPC, errno.EDQUOT)))


@dataclass(frozen=True)
class Wanted:
    """A table that is to be predicted, called `name`, by the model of a result.

    `from_lock` says that the environment is that of the commit's lock file, and not this one.
    """

    project: Project
    result: Lineage
    commit_sha: CommitSha
    table: Path
    name: str
    from_lock: bool


@dataclass(frozen=True)
class Scored:
    """Predictions, in a file below the folder of the job; `said` is what the script said."""

    output: Path
    hash: DataHash
    rows: int
    environment: EnvironmentFacts
    said: tuple[str, ...]


def score(wanted: Wanted, folder: Path, maker: Maker) -> Scored:
    """Predict a table; all that is written is below `folder`.

    The bytes of the model are compared with the ledger before anything runs, and by the script of
    each file before it is read. Raises `ImpossibleError`, `NoRoomError` and `NotPredictedError`.
    """
    project, clone = wanted.project, folder / "clone"
    _refuse_other_code(wanted)
    checkout.bring_code(project, wanted.commit_sha, clone)
    root = clone / project.prefix
    if not (root / SCRIPT).is_file():
        raise ImpossibleError(
            what=f"the commit {wanted.commit_sha[:7]} does not say how its model predicts",
            why=f"it has no {SCRIPT}",
            remedy="write that script and commit it beside the result: docs/guides/predict.md",
        )
    left = _left(wanted, root, folder / "left")
    if wanted.from_lock:
        environ = maker.of_lock(wanted.result, clone, root)
    else:
        environ = maker.current(project.git_root or project.workspace, clone)
    asked = predicting.Asked(wanted.table, wanted.name, folder / _OUTPUT)
    predicting.ask(folder, asked, left)
    command = ["python", SCRIPT]
    variables = rerun.without_callers_own(environ) | {predicting.JOB: str(folder)}
    with maker.children.start(command, root, variables) as process:
        text, _ = process.communicate()
    said = redact_text(text.strip().removeprefix("wherefrom: "))
    _check_end(process.returncode, said, from_lock=wanted.from_lock)
    told, made = predicting.told(folder), disk.hash_of(asked.output)
    if told is None or made is None:
        raise ImpossibleError(
            what=f"{SCRIPT} of {wanted.commit_sha[:7]} predicted nothing",
            why="it ended well, and did not write what `stage.predicting()` asks for",
            remedy="let it do so, and commit it beside the result: docs/guides/predict.md",
        )
    return Scored(asked.output, made, *told, tuple(said.splitlines()))


def _check_end(status: int, said: str, *, from_lock: bool) -> None:
    if status == 0:
        return
    if status == _REFUSED:
        raise NotPredictedError(said)
    for text in _NO_ROOM:
        if text in said:  # whatever the script has made of the error
            raise NoRoomError(text)
    if status == -signal.SIGKILL:
        raise ImpossibleError(
            what=f"{SCRIPT} was killed",
            why=said or "it said nothing: so ends what takes more memory than there is",
            remedy="free some memory, and predict again",
        )
    elsewhere = "`--env lock` predicts in the environment that the model was made in"
    raise ImpossibleError(
        what=f"{SCRIPT} ended with status {status}",
        why=said or "it said nothing",
        remedy="mend the script, and commit it beside the result" if from_lock else elsewhere,
    )


def _left(wanted: Wanted, root: Path, beside: Path) -> dict[str, tuple[Path, str | None]]:
    """Map what the stages left to where it is now: in DVC's cache, else in the checkout at `root`.

    A model that is a folder is copied to `beside`. Raises `ImpossibleError` where a model is not
    there, or has other bytes.
    """
    result = wanted.result
    outs = {path: out.hash for stage in result.stages for path, out in stage.outs.items()}
    found = {path: _place(wanted.project, value, root / path) for path, value in outs.items()}
    if not result.models:
        raise ImpossibleError(
            what="this result has no model that the ledger knows",
            why="no output stands beside a training's record, or it is of another training",
            remedy="let the training keep a record, as docs/guides/predict.md says",
        )
    for path in result.models:
        if (value := outs[path] or "").endswith(".dir"):
            found[path] = _copied(wanted.project, value, beside / path)
        _check(path, found[path], value)
    return {path: (place, outs[path]) for path, place in found.items()}


def _place(project: Project, value: str | None, checked_out: Path) -> Path:
    cached = (dvc_cache.find(root, value) for root in project.cache_roots)
    return next(filter(None, cached), checked_out)


def _copied(project: Project, value: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    any(dvc_cache.copy(root, value, target) for root in project.cache_roots)
    return target


def _check(path: str, place: Path, value: str) -> None:
    if not place.exists():
        raise ImpossibleError(
            what=f"the model {path} ({value}) cannot be had",
            why="DVC's cache does not hold it",
            remedy="`dvc fetch --all-commits`, of an experiment `dvc exp pull`, if it was pushed",
        )
    if not disk.is_as(place, value):
        raise ImpossibleError(
            what=f"the model {path} is not what was trained, and was not loaded",
            why=f"its bytes in DVC's cache have not the hash {value}",
            remedy="remove it from there, and `dvc fetch --all-commits` or `dvc repro --force`",
        )


def _refuse_other_code(wanted: Wanted) -> None:
    """Refuse a commit that has not the code and the parameters that the result was made with."""
    project = wanted.project
    with Committed(project, project.git_root or project.workspace) as committed:
        kept = checks.in_commit(committed, wanted.result, wanted.commit_sha)
    for gap in (*kept.unread, *kept.code):
        raise ImpossibleError(gap.what, gap.why, gap.remedy)
