"""Protect a result for good: annotated tags, which `dvc gc --all-tags` and `git gc` respect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import address
from wherefrom.errors.git import NothingToKeepError, TagNameError, TagTakenError
from wherefrom.names import SNAPSHOTS
from wherefrom.sources import git_kept, git_repo
from wherefrom.verification import collect, subjects

if TYPE_CHECKING:
    from pathlib import Path

    from wherefrom.identity import CommitSha
    from wherefrom.verification.subjects import Subject
    from wherefrom.view import View


@dataclass(frozen=True)
class Tag:
    """A tag that keeps a commit; `made` is False where it was there already."""

    name: str
    commit: CommitSha
    made: bool


@dataclass(frozen=True)
class Kept:
    """The tags that keep a result, and the commands that take them elsewhere."""

    key: str
    tags: tuple[Tag, ...]
    push: tuple[str, ...]


def keep(view: View, text: str, folder: Path, name: str | None = None) -> Kept:
    """Keep the result of an address by tags; a path is meant from `folder`.

    The commit that holds it is tagged and, for a result of a dirty tree, its snapshots are. Doing
    it twice changes nothing. Raises what `address.resolve` does, `NothingToKeepError`,
    `TagNameError`, `TagTakenError` and `TagRefusedError`.
    """
    if name is not None and not git_kept.is_tag_name(view.git_root, name):
        raise TagNameError(name)
    found = address.resolve(view, text, folder)
    placed = collect.placed(view, [subjects.of_found(view, found)])[0]
    if placed.holder is None:
        raise NothingToKeepError(text)
    subject, wanted = placed.subject, name or f"kept/{placed.subject.key[:12]}"
    holders = [holder.commit_sha for holder in subject.held]
    tags = [_tag(view, wanted, placed.holder.commit_sha, holders, _message(subject))]
    refs = git_repo.refs_below(view.git_root, SNAPSHOTS)
    for number, record_id in enumerate(i for i in placed.snapshots if i in refs):
        beside = f"{wanted}.tree{number or ''}"
        why = f"The dirty tree of {subject.name}\n\nwherefrom record {record_id}\n"
        tags.append(_tag(view, beside, refs[record_id], [refs[record_id]], why))
    return Kept(subject.key, tuple(tags), _push(view, tags))


def _tag(view: View, name: str, sha: CommitSha, known: list[CommitSha], message: str) -> Tag:
    """Make a tag, or find the one of this name that keeps one of the `known` commits."""
    ref = f"refs/tags/{name}"
    of_any = git_repo.refs_below(view.git_root, ref).get("")
    there = git_repo.resolve(view.git_root, ref) or of_any  # a tag may be of a file
    if there is None:
        git_kept.tag(view.git_root, name, sha, message)
    elif there not in known:
        raise TagTakenError(name, there)
    return Tag(name, there or sha, made=there is None)


def _message(subject: Subject) -> str:
    metrics = "".join(f"{name}: {value}\n" for name, value in subject.metrics.items())
    return f"Keep {subject.name}\n\nwherefrom result {subject.key}\n\n{metrics}"


def _push(view: View, tags: list[Tag]) -> tuple[str, ...]:
    remote = next(iter(git_repo.remotes(view.git_root)), "REMOTE")
    return (f"git push {remote} {' '.join(tag.name for tag in tags)}", "dvc push --all-tags")
