"""Whether a commit or the workspace has what a result was made from, and what it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import attribution
from wherefrom.committed import Committed
from wherefrom.environment import LOCK_NAMES, sha256_of
from wherefrom.record import Gap
from wherefrom.sources import disk, dvc_workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from wherefrom.holding import Stage
    from wherefrom.identity import CommitSha
    from wherefrom.index.rows import CommitRow
    from wherefrom.lineage import Lineage
    from wherefrom.problems import Unread
    from wherefrom.tree import Tree
    from wherefrom.view import View


def attributed(view: View, result: Lineage, commit: CommitRow | None, here: Tree) -> Iterator[Gap]:
    """Name what keeps a result from being attributed to a commit; None: to the workspace."""
    yield from _in_workspace(view, result, here) if commit is None else _in(view, result, commit)
    if commit is not None and not commit.live:
        yield Gap(
            what=f"no branch and no experiment leads to {commit.sha[:7]}",
            why="it was amended, rebased or removed",
            remedy=f"keep it: `git branch NAME {commit.sha[:7]}`",
        )


def environment(view: View, result: Lineage, commit: CommitRow | None) -> Iterator[Gap]:
    """Say so where the lock file beside the result is not that of its environment."""
    if result.record is None or result.record.environment.lock is None:
        return
    if commit is None:
        found = {n: view.project.workspace / n for n in LOCK_NAMES}
        contents = {n: file.read_bytes() for n, file in found.items() if file.is_file()}
    else:
        contents = _contents(view, commit.sha, LOCK_NAMES)
    yield from other_environment(result, contents)


def other_environment(result: Lineage, contents: Mapping[str, bytes]) -> Iterator[Gap]:
    """Say so where the lock file among the files of a tree is not that of the result."""
    if result.record is None or result.record.environment.lock is None:
        return
    name = next((n for n in LOCK_NAMES if n in contents), None)
    if name is None or sha256_of(contents[name]) != result.record.environment.lock:
        yield attribution.other_lock_file(name)


def _name(commit: CommitRow | None) -> str:
    return "the workspace" if commit is None else commit.sha[:7]


def paths(result: Lineage) -> tuple[str, ...]:
    """List what a commit has to have of a result: code, files of parameters, what git keeps."""
    wanted, outputs = attribution.sources(result), attribution.kept(result)
    return tuple({**wanted, **outputs, **dict.fromkeys(attribution.params_files(result))})


@dataclass(frozen=True)
class Kept:
    """What a commit has of a result, and what keeps that from being what was read and left.

    `unread` are problems of git with single files, `outputs` gaps by path. `wrong` are the paths
    that are not as they were read.
    """

    contents: Mapping[str, bytes]
    unread: tuple[Unread, ...]
    code: tuple[Gap, ...]
    outputs: Mapping[str, Gap]
    wrong: tuple[str, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All of them."""
        return (*self.unread, *self.code, *self.outputs.values())


def in_commit(committed: Committed, result: Lineage, sha: CommitSha) -> Kept:
    """Compare the code, the parameters and the outputs of a commit with a result.

    Where they differ, a checkout may still give what was read: git's filters are asked last, since
    few projects have any.
    """
    wanted, code = (*paths(result), *LOCK_NAMES), attribution.sources(result)
    unread = tuple(committed.unread(sha, wanted))
    contents = committed.contents(sha, wanted)
    kept = _compared(result, code, contents, sha, unread)
    if kept.wrong:
        contents |= committed.as_left(sha, kept.wrong)
        kept = _compared(result, code, contents, sha, unread)
    if kept.wrong:
        unread = (*unread, *committed.unfiltered(sha, kept.wrong))
        kept = _compared(result, code, contents, sha, unread)
    return kept


def _compared(
    result: Lineage,
    sources: Mapping[str, tuple[Stage, str]],
    contents: Mapping[str, bytes],
    sha: CommitSha,
    unread: tuple[Unread, ...],
) -> Kept:
    """Compare what can be read; `unread` cannot."""
    where, places = sha[:7], {problem.path for problem in unread}
    code = {p: v for p, v in sources.items() if not _meet(p, places)}
    hashes = attribution.hashes_of(code, contents, attribution.ignored(result))
    outs = {p: v for p, v in attribution.kept(result).items() if p not in places}
    outputs = {
        path: gap
        for path, item in outs.items()
        for gap in attribution.edited({path: item}, contents, where)
    }
    params = tuple(attribution.other_params(result, contents, where, places))
    other = attribution.unlike(code, hashes)
    return Kept(
        contents=contents,
        unread=unread,
        code=(
            *params,
            *attribution.check(code, hashes, where),
            *attribution.uncommitted(result, where),
        ),
        outputs=outputs,
        wrong=(*other, *outputs, *(attribution.params_files(result) if params else ())),
    )


def _meet(path: str, places: Iterable[str]) -> bool:
    """Whether one of some places is at a path, above or below it."""
    return any(
        place in {path, "."} or place.startswith(f"{path}/") or path.startswith(f"{place}/")
        for place in places
    )


def _in(view: View, result: Lineage, commit: CommitRow) -> Iterator[Gap]:
    with Committed(view.project, view.git_root) as committed:
        yield from in_commit(committed, result, commit.sha).gaps


def _in_workspace(view: View, result: Lineage, here: Tree) -> Iterator[Gap]:
    root, wanted = view.project.workspace, attribution.sources(result)
    paths = (*wanted, *attribution.params_files(result))
    files = {p: root / p for p in paths if (root / p).is_file()}
    contents = {path: file.read_bytes() for path, file in files.items()}
    yield from attribution.other_params(result, contents, _name(None))
    folders = {p: value for p, (_, value) in wanted.items() if (root / p).is_dir()}
    outputs = attribution.kept(result)
    data = attribution.data(result)
    missing = {p: item for p, item in data.items() if p not in contents and p not in here.contents}
    hashes = _hashes(view, folders | {path: value for path, (_, value) in missing.items()})
    code = attribution.hashes_of(wanted, contents) | {p: {hashes[p]} for p in folders}
    yield from attribution.check(wanted, code, _name(None))
    yield from attribution.edited(outputs, here.contents, _name(None))
    yield from attribution.other_bytes(missing, hashes, _name(None))


def _hashes(view: View, wanted: Mapping[str, str]) -> dict[str, str]:
    """Hash code in folders, data and models as they are on disk; what is not here has no hash.

    `wanted` are their hashes by the lock.
    """
    places = {path: view.project.workspace / path for path in wanted}
    places = {path: place for path, place in places.items() if place.exists()}
    whole, done = sum(disk.size_of(place) for place in places.values()), 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        view.hashing(done, whole)

    found = {path: str(disk.hash_of(place, told)) for path, place in places.items()}
    unlike = [path for path, value in found.items() if value != wanted[path]]
    # DVC ignores files in folders, and line ends in locks of old: where it sees no change, none is
    same = dvc_workspace.unchanged(view.project.workspace, unlike) if unlike else ()
    return found | {path: wanted[path] for path in same}


def _contents(view: View, sha: CommitSha, paths: Collection[str]) -> dict[str, bytes]:
    with Committed(view.project, view.git_root) as committed:
        return committed.contents(sha, paths)
