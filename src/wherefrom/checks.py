"""Whether a commit or the workspace has what a result was made from, and what it left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import attribution
from wherefrom.environment import LOCK_NAMES, sha256_of
from wherefrom.record import Gap
from wherefrom.sources import disk, dvc_workspace, git_repo
from wherefrom.sources.git_objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wherefrom.identity import CommitSha
    from wherefrom.index.query import CommitRow
    from wherefrom.lineage import Lineage
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
        contents = _contents(view, commit.sha, dict.fromkeys(LOCK_NAMES))
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


def made_of(result: Lineage, contents: Mapping[str, bytes], where: str) -> Iterator[Gap]:
    """Name the code and the parameters of a result that are not in a tree."""
    wanted = attribution.sources(result)
    yield from attribution.other_params(result, contents, where)
    yield from attribution.check(wanted, attribution.hashes_of(wanted, contents), where)


def _in(view: View, result: Lineage, commit: CommitRow) -> Iterator[Gap]:
    contents = _contents(view, commit.sha, dict.fromkeys(paths(result)))
    yield from made_of(result, contents, _name(commit))
    yield from attribution.edited(attribution.kept(result), contents, _name(commit))


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


def _contents(view: View, sha: CommitSha, paths: Mapping[str, object]) -> dict[str, bytes]:
    project = view.project
    places = [project.in_git(path) for path in paths]
    blobs = git_repo.listed(view.git_root, sha, places)
    with Objects(view.git_root) as objects:
        contents = dict(objects.contents(dict.fromkeys(blobs.values())))
    found = {project.from_git(path): blob for path, blob in blobs.items()}
    return {path: contents[blob] for path, blob in found.items() if blob in contents}
