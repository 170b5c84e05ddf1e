"""What keeps a result from being had again: gaps that name their cause and their object. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wherefrom.names import SNAPSHOTS
from wherefrom.record import Gap
from wherefrom.uris import redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wherefrom.errors import RemoteUnreachableError
    from wherefrom.identity import CommitSha
    from wherefrom.runs import LoggedModel, ModelVersion, Run

Cause = Literal[
    "commit",
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


TRACING: frozenset[Cause] = frozenset({"record", "code", "environment"})
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
class Levels:
    """How far is looked: `data` reads every byte, `remote` asks the remotes of git and DVC."""

    data: bool = False
    remote: bool = False


def of_gap(gap: Gap, cause: Cause, name: str, lost: str) -> Problem:
    """Give a gap its cause, its object and what is lost by it."""
    return Problem(gap.what, gap.why, gap.remedy, cause, name, lost)


def unheld(sha: CommitSha, name: str | None) -> Problem:
    """Say that no ref leads to a commit that holds a result and is still there."""
    was = f"the experiment {name} was removed" if name else "its branch was deleted or rewritten"
    return Problem(
        what=f"no branch, tag or experiment leads to {sha[:10]}",
        why=f"{was}; git removes what nothing leads to, in two weeks or with `git gc --prune=now`",
        remedy=f"`wherefrom keep {sha[:10]}`, or delete its run in MLflow if nobody wants it",
        cause="commit",
        object=sha,
        lost="soon the code, the parameters and the hashes of its data",
    )


def unreadable(name: str, sha: CommitSha) -> Problem:
    """Say that a commit held a result, and that its dvc.lock or its record cannot be read now."""
    return Problem(
        what=f"the result {name} cannot be read in the commit {sha[:10]}",
        why="git does not give the dvc.lock or the record that it gave before: one is damaged",
        remedy="remove what `git fsck` names, then `git fetch --refetch`, if it was pushed",
        cause="commit",
        object=sha,
        lost="what it was made from, unless another copy has it",
    )


def gone(name: str, sha: CommitSha | None, remotes: tuple[str, ...]) -> Problem:
    """Say that the commit of a result is not in this clone (any more).

    `name` is what a person calls it, `remotes` are those of git that might have it.
    """
    place = f"the commit {sha[:10]}" if sha else "any commit"
    fetch = f"`dvc exp pull {remotes[0]} {name}`" if remotes else ""
    return Problem(
        what=f"{place} that held the result {name} is not here"
        if sha
        else f"nothing here holds the result {name}",
        why="it was removed with its experiment or its branch, and git has cleaned up",
        remedy=f"{fetch}, if it was pushed" if fetch else "nothing brings it back; run it again",
        cause="commit",
        object=sha or name,
        lost="its code, its dvc.lock and its record",
    )


def uncommitted(key: str) -> Problem:
    """Say that the workspace alone has a result."""
    return Problem(
        what="no commit holds this result",
        why="the workspace alone has it, and the next run writes over it",
        remedy="commit dvc.lock and what git keeps beside it: `git add`, `git commit`",
        cause="commit",
        object=key,
        lost="all of it, as soon as the next run begins",
    )


def no_snapshot(ref: str, sha: CommitSha, remotes: tuple[str, ...]) -> Problem:
    """Say that the ref which keeps a dirty tree, or the tree itself, is not here."""
    fetch = " ".join(f"`git fetch {name} '{ref}:{ref}'`" for name in remotes[:1])
    return Problem(
        what=f"the snapshot of the dirty tree, {sha[:10]}, is not kept",
        why=f"there is no {ref}, or git has removed what it leads to",
        remedy=f"{fetch}, if it was pushed"
        if fetch
        else f"`git update-ref {ref} {sha[:10]}` as long as git has that commit; else nothing",
        cause="snapshot",
        object=ref,
        lost="the uncommitted files that the stage ran beside",
    )


# -- in DVC


OLDER = " (`dvc remote add --local` first, where DVC skips commits older than the remote)"
"""DVC reads each commit with that commit's own settings, and skips one that has no remote yet."""


def not_in_cache(path: str, value: str, names: Sequence[str], lost: str, remedy: str) -> Problem:
    """Name an object that DVC's cache lacks, or files of a folder (`names`; "" is the object)."""
    whole = "" in names
    return Problem(
        what=f"{path} ({value[:10]}) is not in DVC's cache"
        if whole
        else f"{some(names)} of {path} ({value[:10]}) is not in DVC's cache",
        why="`dvc gc` removed it, or it was never fetched",
        remedy=remedy,
        cause="cache",
        object=value,
        lost=lost,
    )


def not_readable(path: str, hidden: Mapping[str, str], lost: str) -> Problem:
    """Name objects in DVC's cache that its permissions hide; `hidden` as in `damaged`."""
    names = [f"{path}/{name}" if name else path for name in hidden]
    values = list(hidden.values())
    places = " ".join(f"files/md5/{value[:2]}/{value[2:]}" for value in values)
    return Problem(
        what=f"{some(names)} ({some([value[:10] for value in values])}) in DVC's cache "
        "may not be read",
        why="the permissions of a file, or of a folder above it, do not let you",
        remedy=f"`chmod u+rX` {places} and the folders above, or ask whoever owns them for it",
        cause="cache",
        object=" ".join(values),
        lost=f"{lost}, for you",
    )


def damaged(path: str, wrong: Mapping[str, str], lost: str, remedy: str) -> Problem:
    """Name objects in DVC's cache whose bytes are not what their name says.

    `wrong` maps files of the folder `path` to their hashes; "" is the object itself.
    """
    names = [f"{path}/{name}" if name else path for name in wrong]
    values = list(wrong.values())
    places = " ".join(f"files/md5/{value[:2]}/{value[2:]}" for value in values)
    return Problem(
        what=f"the bytes of {some(names)} in DVC's cache are not those of {some(values)}",
        why="the file was written to, or the disk is damaged",
        remedy=f"remove {places} from the cache, then {remedy}",
        cause="bytes",
        object=" ".join(values),
        lost=lost,
    )


# -- in remotes


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


def no_git_remote() -> Problem:
    """Say that a clone has no remote."""
    return Problem(
        what="this clone has no git remote",
        why="its commits are nowhere else",
        remedy="`git remote add origin URL`, `git push origin --all`",
        cause="git remote",
        object="",
        lost="all of it, with this disk",
    )


def not_pushed(
    sha: CommitSha, experiment: str | None, remote: str, refs: Sequence[str], *, ahead: bool
) -> Problem:
    """Say that no ref of any remote leads to the commit of a result; `refs` do here.

    `ahead` says that a remote has commits that this clone lacks.
    """
    known = [ref.split("/", 2)[2] for ref in refs if ref.startswith(("refs/heads/", "refs/tags/"))]
    branch = f"`git push {remote} {sha[:10]}:refs/heads/NAME`"
    push = f"`dvc exp push {remote} {experiment}`" if experiment else branch
    return Problem(
        what=f"{experiment or sha[:10]} is not pushed",
        why=f"no ref of {remote} leads to {sha[:10]}"
        + (", as far as it was fetched" if ahead else ""),
        remedy=f"`git push {remote} {known[0]}`" if known else push,
        cause="git remote",
        object=sha,
        lost="the result, with this disk",
    )


def snapshot_not_pushed(ref: str, remote: str) -> Problem:
    """Say that no remote has the snapshot of a dirty tree."""
    return Problem(
        what=f"the snapshot of the dirty tree {ref} is not pushed",
        why=f"{remote} has no such ref",
        remedy=f"`git push {remote} '{SNAPSHOTS}*:{SNAPSHOTS}*'`",
        cause="git remote",
        object=ref,
        lost="the uncommitted files that the stage ran beside, with this disk",
    )


def not_in_remote(path: str, value: str, remote: str | None, lost: str) -> Problem:
    """Say that the DVC remote lacks an object that the cache has."""
    named = f"the remote {remote}" if remote else "the default remote"
    option = f" --remote {remote}" if remote else ""
    return Problem(
        what=f"{path} ({value[:10]}) is not in {named}",
        why="it was never pushed, or was removed there",
        remedy=f"`dvc push --all-commits{option}`, of an experiment `dvc exp push`{OLDER}",
        cause="dvc remote",
        object=value,
        lost=f"{lost}, with this disk",
    )


# -- in MLflow


def no_run(record_id: str, name: str, *, waits: bool) -> Problem:
    """Say that the run of a record is not in MLflow."""
    return Problem(
        what=f"the run of {name} (record {record_id[:12]}) is not in MLflow",
        why="it waits in the journal"
        if waits
        else "it was made elsewhere or with tracking off, or its store was lost",
        remedy="`wherefrom sync`" if waits else "`wherefrom sync --rebuild` makes it from git",
        cause="run",
        object=record_id,
        lost="nothing" if waits else "curves by step, logs and the logged model",
    )


def deleted_run(run: Run) -> Problem:
    """Say that a run was deleted in MLflow, which keeps it until `mlflow gc`."""
    return Problem(
        what=f"the run {run.mlflow_run_id} ({run.name}) was deleted in MLflow",
        why="git still holds its result; `mlflow gc` removes the run for good",
        remedy=f"`mlflow runs restore --run-id {run.mlflow_run_id}`",
        cause="run",
        object=run.mlflow_run_id,
        lost="soon its curves, its logs and its logged model",
    )


def artifacts_gone(run: Run, names: Sequence[str], place: str) -> Problem:
    """Name the files that were logged to a run and are gone."""
    return Problem(
        what=f"{some(names)} of the run {run.mlflow_run_id} is gone",
        why=f"it was logged, and is not in {redact(place)}",
        remedy="restore it from a copy of that folder; nothing else has it",
        cause="artifact",
        object=run.mlflow_run_id,
        lost=", ".join(names),
    )


def model_deleted(run: Run, kept: Sequence[str]) -> Problem:
    """Say that the model which a run had logged is none of MLflow's any more."""
    return Problem(
        what=f"the logged model of the run {run.mlflow_run_id} is not in MLflow",
        why="it was deleted there",
        remedy="nothing restores it; `dvc repro --force` makes it again, as a run of its own",
        cause="model",
        object=run.mlflow_run_id,
        lost=_model(kept),
    )


def model_gone(model: LoggedModel, names: Sequence[str], kept: Sequence[str]) -> Problem:
    """Name the files of a logged model that are gone."""
    return Problem(
        what=f"{some(names)} of the logged model {model.model_id} is gone",
        why=f"it was logged, and is not in {redact(model.place)}",
        remedy="restore it from a copy of that folder, or log the model again: `dvc repro --force`",
        cause="model",
        object=model.model_id,
        lost=_model(kept),
    )


def _model(kept: Sequence[str]) -> str:
    also = f"; DVC has {', '.join(kept)}" if kept else ""
    return f"the model as MLflow loads it{also}"


def other_bytes(owner: str, names: Sequence[str], place: str) -> Problem:
    """Name files in a store that are not those that were logged."""
    return Problem(
        what=f"{some(names)} of the {owner} is not what was logged",
        why=f"the bytes in {redact(place)} have another hash than at delivery",
        remedy="restore it from a copy of that folder, and load no model from it before",
        cause="bytes",
        object=f"{owner}: {', '.join(names)}",
        lost="these bytes, and trust in what is loaded from there",
    )


def version_broken(version: ModelVersion, why: str) -> Problem:
    """Say that a version of a registered model leads nowhere."""
    return Problem(
        what=f"{version.uri} does not load",
        why=why,
        remedy="register a model that is there, or delete this version in MLflow",
        cause="version",
        object=version.uri,
        lost="the model that is served or loaded by that name",
    )


_SOME = 3


def some(names: Sequence[str]) -> str:
    """List a few names, and how many more there are."""
    more = f" and {len(names) - _SOME} more" if len(names) > _SOME else ""
    return ", ".join(names[:_SOME]) + more
