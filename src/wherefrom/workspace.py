"""The state of the code: what differs from HEAD and counts, and what was imported undeclared."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from wherefrom import trial
from wherefrom.environment import LOCK_NAMES
from wherefrom.errors.project import NotAProjectError
from wherefrom.names import SNAPSHOTS
from wherefrom.record import Gap, GitFacts
from wherefrom.sources import git_kept, git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.identity import RecordId
    from wherefrom.project import Project
    from wherefrom.sources.dvc_running import RunningStage


def git_facts(project: Project, stage: RunningStage) -> tuple[GitFacts, tuple[str, ...]]:
    """Say where the code stands, and which paths (from the git root) make it dirty.

    Inside a stage git always shows changes: DVC has removed the outputs and rewritten `dvc.lock`.
    Dirty means: code, `dvc.yaml`, `.dvc` files, parameters or the lock file differ from HEAD, or
    a Python file beside the stages' code does, or is not in git. Outside of git there is no commit.
    """
    if project.git_root is None:
        return GitFacts(commit=None, branch=None, dirty=False), ()
    changed = git_repo.changes(project.git_root)
    files = (stage.inputs_of_all, stage.outputs_of_all)
    dirty = tuple(change for change in changed if _counts(project, change, *files))
    facts = GitFacts(
        commit=git_repo.head(project.git_root),
        branch=git_repo.branch(project.git_root),
        dirty=bool(dirty),
    )
    return facts, tuple(change.path for change in dirty if _is_kept(change))


def not_in_git(
    project: Project, inputs: frozenset[str], outputs: frozenset[str]
) -> tuple[str, ...]:
    """List what stages read, or could import, and git neither has nor ignores.

    `inputs` and `outputs` are those of all stages.
    """
    if project.git_root is None:
        return ()
    new = (change for change in git_repo.changes(project.git_root) if change.untracked)
    counting = (change for change in new if _counts(project, change, inputs, outputs))
    return tuple(project.from_git(change.path) for change in counting)


def keep(project: Project, paths: Iterable[str], record_id: RecordId, name: str) -> str:
    """Keep the dirty tree as a commit of its own, and give its sha."""
    if project.git_root is None:
        raise NotAProjectError(project.workspace, "git")
    message = f"Snapshot of the dirty tree of {name}\n\nwherefrom record {record_id}\n"
    return git_kept.snapshot(project.git_root, paths, SNAPSHOTS + record_id, message)


def outside_of_git(project: Project) -> tuple[Gap, ...]:
    """Name what a project without git cannot have."""
    if project.git_root is not None:
        return ()
    what = "this result has no commit"
    return (Gap(what, "the project is outside of git: `dvc init --no-scm`", "`git init`, commit"),)


def ignored(project: Project, stage: RunningStage) -> dict[str, dict[str, str]]:
    """List what a stage reads in folders of code and git ignores, with hashes: no commit has it."""
    if project.git_root is None or not stage.folders:
        return {}
    names = git_repo.ignored(project.workspace, stage.folders)
    listed = {
        folder: {path: md5 for path, md5 in inside.items() if f"{folder}/{path}" in names}
        for folder, inside in stage.folders.items()
    }
    return {folder: inside for folder, inside in listed.items() if inside}


def undeclared_imports(project: Project, stage: RunningStage) -> tuple[Gap, ...]:
    """Name the modules that this process took from the workspace and the stage does not declare."""
    imported = _imported(project.workspace)
    unknown = sorted(path for path in imported if not _within(path, stage.deps))
    in_git = git_repo.tracked(project.workspace, unknown) if project.git_root else frozenset()
    return tuple(_undeclared(path, stage.address, path in in_git) for path in unknown)


def _undeclared(path: str, stage: str, in_git: bool) -> Gap:  # noqa: FBT001
    lost = "" if in_git else ", and it is not in git: no commit and no experiment holds it"
    mend = "" if in_git else f"`git add {path}` and "
    return Gap(
        what=f"{path} was imported by {stage}, which does not declare it",
        why=f"a change of it runs nothing again{lost}",
        remedy=f"{mend}add it to the `deps` of {stage} in dvc.yaml",
    )


def _counts(
    project: Project, change: git_repo.Change, inputs: frozenset[str], outputs: frozenset[str]
) -> bool:
    if project.prefix and not change.path.startswith(f"{project.prefix}/"):
        return False
    path = change.path.removeprefix(f"{project.prefix}/") if project.prefix else change.path
    if path in outputs or PurePosixPath(path).name == "dvc.lock":
        return False
    if _within(path, inputs) or _is_project_file(path):
        return True
    if not path.endswith(".py") or _is_own(project.workspace / path):
        return False
    return _beside_code(path, inputs)


def _is_kept(change: git_repo.Change) -> bool:
    """Whether a snapshot takes a file: of untracked ones only code, never data or secrets."""
    return not change.untracked or change.path.endswith(".py") or _is_project_file(change.path)


def _is_project_file(path: str) -> bool:
    name = PurePosixPath(path).name
    return name == "dvc.yaml" or name.endswith(".dvc") or path in {"params.yaml", *LOCK_NAMES}


def _beside_code(path: str, inputs: Iterable[str]) -> bool:
    """Whether a Python file could be imported by a stage: it is below a folder of their code."""
    folders = {PurePosixPath(name).parent for name in inputs if name.endswith(".py")}
    here = PurePosixPath(path).parent
    return any(folder == here or (folder.parts and folder in here.parents) for folder in folders)


def _within(path: str, declared: Iterable[str] | Mapping[str, object]) -> bool:
    return any(path == name or path.startswith(f"{name}/") for name in declared)


def _imported(workspace: Path) -> set[str]:
    """List the Python files of this process below the workspace, but for installed packages."""
    files = (getattr(module, "__file__", None) for module in trial.own_modules().values())
    roots = (f"{workspace}{os.sep}", f"{Path.cwd()}{os.sep}")  # most modules are far from here
    near = {str(file) for file in files if file and _absolute(file).startswith(roots)}
    own = f"{Path(__file__).resolve().parent}{os.sep}"
    found = {os.path.realpath(file) for file in near if file.endswith(".py")}
    paths = [Path(file) for file in found if not file.startswith(own)]
    return {
        path.relative_to(workspace).as_posix()
        for path in paths
        if path.is_relative_to(workspace) and not _is_installed(path)
    }


def _absolute(path: str) -> str:
    return path if path.startswith("/") else os.path.abspath(path)  # noqa: PTH100 - of thousands


def _is_installed(path: Path) -> bool:
    prefixes = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    return "site-packages" in path.parts or any(path.is_relative_to(p) for p in prefixes)


def _is_own(path: Path) -> bool:
    """Whether a file belongs to `wherefrom` itself, which is no part of what it tracks."""
    own = Path(__file__).resolve().parent
    return path.resolve().is_relative_to(own)
