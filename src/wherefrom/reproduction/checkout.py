"""The code and the raw data of a result in a clone: all that its stages need, and nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import attribution, checks
from wherefrom.committed import Committed
from wherefrom.errors.answers import ImpossibleError
from wherefrom.errors.git import ToolError
from wherefrom.reproduction import confined
from wherefrom.sources import disk, dvc_cache, dvc_clone, git_clone, git_repo
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from wherefrom.holding import Raw, Stage
    from wherefrom.identity import CommitSha
    from wherefrom.lineage import Lineage
    from wherefrom.project import Project


@dataclass(frozen=True)
class CheckedOut:
    """A commit in a clone: `root` is the DVC root there.

    `frozen` are stages that DVC does not run, `persisted` outputs that it leaves to their stage.
    """

    root: Path
    frozen: frozenset[str]
    persisted: frozenset[str]


def check_out(project: Project, sha: CommitSha, result: Lineage, clone: Path) -> CheckedOut:
    """Clone a commit; the only `dvc.lock` in it will be that of its stages.

    What leads out of the clone is found before anything runs, and before DVC opens it where no
    template hides it. Raises `ImpossibleError`.
    """
    _refuse_unread(project, sha, result)
    bring_code(project, sha, clone)
    root, links = clone / project.prefix, git_clone.links(clone)
    _refuse(confined.leaving(_written(project, result, clone), links))
    dvc_clone.settle(root)
    stages = _resolved(root, result)
    _refuse(confined.leaving(_places(stages.values(), clone), links))
    return CheckedOut(
        root,
        frozenset(address for address, stage in stages.items() if stage.frozen),
        frozenset(os.path.relpath(p, root) for stage in stages.values() for p in stage.persisted),
    )


def bring_code(project: Project, sha: CommitSha, clone: Path) -> None:
    """Clone a commit, with what git itself leaves out. Raises `ImpossibleError`."""
    if project.repository is None or project.git_root is None:
        raise LookupError("a result of history is in git")
    try:
        git_clone.clone(project.repository.common_dir, sha, clone)
    except ToolError as error:
        raise ImpossibleError(
            what=f"the commit {sha[:7]} cannot be checked out",
            why=redact_text(" ".join(error.output.split())),
            remedy="`git fetch` it from where it is; a commit that git has removed is lost",
        ) from error
    git_clone.fill(project.repository.common_dir, project.git_root, clone)


def bring_data(project: Project, result: Lineage, root: Path) -> None:
    """Copy the raw data that the stages read, and no other version. Raises `ImpossibleError`."""
    for raw in result.raw:
        _bring(project, result, raw, root)


def take_frozen(project: Project, result: Lineage, out: CheckedOut) -> None:
    """Copy what frozen stages left, as DVC takes it, out of the cache. Raises `ImpossibleError`."""
    for stage in (stage for stage in result.stages if stage.address in out.frozen):
        for path, left in stage.outs.items():
            if left.hash and not (out.root / path).exists():
                _take(project, stage, path, left.hash, out.root / path)


def _take(project: Project, stage: Stage, path: str, value: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    copied = any(dvc_cache.copy(root, value, target) for root in project.cache_roots)
    if not copied or not _is_as_read(target, value):
        raise ImpossibleError(
            what=f"{path} of the frozen stage {stage.address} cannot be had",
            why="DVC does not run that stage, and its cache does not hold what it left",
            remedy=f"`dvc fetch --all-commits`, or `dvc unfreeze {stage.address}` and run it again",
        )


def _refuse_unread(project: Project, sha: CommitSha, result: Lineage) -> None:
    """Refuse a commit whose code git does not give: of a submodule, or by a filter, say."""
    with Committed(project, project.git_root or project.workspace) as committed:
        for problem in checks.in_commit(committed, result, sha).unread:
            raise ImpossibleError(problem.what, problem.why, problem.remedy)


def _refuse(paths: list[str]) -> None:
    if paths:
        raise ImpossibleError(
            what=f"{redact_text(paths[0])} leads out of the clone",
            why="the commit names that path, and what it runs might write there",
            remedy="if you trust it: check the commit out, and `dvc repro`",
        )


def _written(project: Project, result: Lineage, clone: Path) -> Iterator[str]:
    """List the paths that the commit and the ledger name, and those that DVC writes itself."""
    places = [path for stage in result.stages for path in (*stage.outs, *stage.deps)]
    places += [path for raw in result.raw for path in (raw.path, raw.dvc_file)]
    yield from (project.in_git(path) for path in places if "://" not in path)
    yield from (f"/{path}" for stage in result.stages for path in stage.outs if "://" in path)
    yield project.in_git(".dvc")
    for file in git_repo.files(clone, ("dvc.yaml", "dvc.lock", "*.dvc", ".gitignore")):
        yield file
        if file.endswith(("dvc.yaml", ".dvc")) and (clone / file).is_file():
            text = (clone / file).read_text(encoding="utf-8", errors="replace")
            yield from confined.declared(text, file)


def _resolved(root: Path, result: Lineage) -> dict[str, dvc_clone.Declared]:
    """Read the stages as DVC does. Raises `ImpossibleError` if one cannot run."""
    stages = {}
    for stage, found in _read(root, result).items():
        if isinstance(found, dvc_clone.DvcError):
            raise _not_readable(stage, found) from found
        stages[stage] = found
    if stages[result.final.address].frozen:
        raise ImpossibleError(
            what=f"the stage {result.final.address} is frozen in the commit's dvc.yaml",
            why="DVC does not run it, so nothing shows that it still leaves the same",
            remedy=f"`dvc unfreeze {result.final.address}`, and commit that with its result",
        )
    return stages


def _places(stages: Iterable[dvc_clone.Declared], clone: Path) -> Iterator[str]:
    """List the paths of stages, from the root of the clone."""
    for stage in stages:
        yield from (os.path.relpath(path, clone) for path in stage.files)
        yield from (f"/{place}" for place in stage.elsewhere)


def _read(root: Path, result: Lineage) -> Mapping[str, dvc_clone.Declared | dvc_clone.DvcError]:
    stages = [stage.address for stage in result.stages]
    try:
        return dvc_clone.declared(root, stages)
    except dvc_clone.DvcError as error:
        raise _not_readable(stages[-1], error) from error


def _not_readable(stage: str, error: dvc_clone.DvcError) -> ImpossibleError:
    return ImpossibleError(
        what=f"the stage {stage} is not in the commit as it ran",
        why=str(error),
        remedy="a commit that has both its dvc.yaml and its dvc.lock can be reproduced",
    )


def _bring(project: Project, result: Lineage, raw: Raw, root: Path) -> None:
    """Copy raw data out of the user's cache, by the hash that the stages read, or pull it."""
    value, target = result.used.get(raw.path) or raw.hash, root / raw.path
    target.parent.mkdir(parents=True, exist_ok=True)
    roots = project.cache_roots
    if value is None or not any(dvc_cache.copy(root, value, target) for root in roots):
        _pull(project, raw, root)
    if value is not None and not _is_as_read(target, value):
        raise ImpossibleError(
            what=f"{raw.path} cannot be had",
            why=f"what is there has not the hash {value}, with which it was read",
            remedy="remove it from DVC's cache if it is damaged, and `dvc fetch --all-commits`",
        )


def _pull(project: Project, raw: Raw, root: Path) -> None:
    try:
        dvc_clone.pull(root, raw.dvc_file, project.workspace)
    except dvc_clone.DvcError as error:
        raise ImpossibleError(
            what=f"{raw.path} cannot be had",
            why=f"DVC's cache does not hold it, and no remote gave it: {error}",
            remedy=f"put it back at the hash {raw.hash}, or name a remote that has it",
        ) from error


def _is_as_read(target: Path, value: str) -> bool:
    """Whether data have a hash; before version 3 DVC took one of texts by their lines."""
    if disk.hash_of(target) == value:
        return True
    return target.is_file() and attribution.is_as_locked(target.read_bytes(), value)
