"""What a project that is there already may want: records in `dvc.yaml`, and stores ignored."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import calls, declaring, files, settings
from wherefrom.errors.project import LockfileError
from wherefrom.project import locate
from wherefrom.record import Gap
from wherefrom.sources import dvc_repo, git_repo
from wherefrom.uris import sqlite_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wherefrom.declaring import Stage
    from wherefrom.project import Project

_OWN, _THEIRS = "wherefrom", "mlflow"


@dataclass(frozen=True)
class Change:
    """A file as it is ("" where there is none) and as it is proposed; its path is from `root`."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Proposal:
    """What is proposed; `hints` say what one may do besides, `gaps` what has to be done by hand."""

    root: Path
    changes: tuple[Change, ...]
    hints: tuple[str, ...]
    gaps: tuple[Gap, ...]


def propose(folder: Path, environ: Mapping[str, str]) -> Proposal:
    """Propose changes to the project of a folder; nothing is changed.

    Raises `NotAProjectError`, and `LockfileError` for a `dvc.yaml` that cannot be read.
    """
    project = locate(folder, environ)
    changes: list[Change] = []
    hints: list[str] = []
    gaps: list[Gap] = []
    for path in _dvc_yamls(project):
        before = after = _read(project.workspace, path)
        for stage in declaring.stages(before, path):
            after = _with_record(project.workspace, path, after, stage, (hints, gaps))
        changes.append(Change(path, before, after))
    changes += _ignoring(project, environ)
    wanted = tuple(change for change in changes if change.before != change.after)
    return Proposal(project.workspace, wanted, tuple(dict.fromkeys(hints)), tuple(gaps))


def apply(proposal: Proposal) -> None:
    """Write what is proposed."""
    for change in proposal.changes:
        files.write(proposal.root / change.path, change.after)


def _dvc_yamls(project: Project) -> tuple[str, ...]:
    """List the files that declare stages, from the DVC root; without git that of the root."""
    if project.git_root is None:
        return ("dvc.yaml",) if (project.workspace / "dvc.yaml").exists() else ()
    listed = git_repo.files(project.workspace, ["dvc.yaml"])
    return tuple(path for path in listed if (project.workspace / path).is_file())


def _read(root: Path, path: str) -> str:
    try:
        return (root / path).read_bytes().decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise LockfileError(path, str(error)) from error


def _with_record(
    root: Path, path: str, text: str, stage: Stage, said: tuple[list[str], list[Gap]]
) -> str:
    """Declare the record of a stage whose script writes one, and say what else there is to do."""
    folder = posixpath.join(posixpath.dirname(path), stage.wdir)
    by = {script: _started_by(root, posixpath.join(folder, script)) for script in stage.scripts}
    if stage.has_record:
        return text
    if not any(_OWN in found for found in by.values()):
        said[0].extend(
            f"{script} calls mlflow.start_run: with wherefrom.start_run in its place, "
            f"`wherefrom init` proposes a record for {stage.name} of {path}"
            for script, found in by.items()
            if _THEIRS in found
        )
        return text
    changed = declaring.declared(text, stage.name, stage.record) if stage.record else None
    if changed is None:
        said[1].append(_by_hand(path, stage))
    return changed or text


def _started_by(root: Path, path: str) -> frozenset[str]:
    script = root / posixpath.normpath(path)
    return (
        calls.started_by(script.read_text("utf-8", "replace")) if script.is_file() else frozenset()
    )


def _by_hand(path: str, stage: Stage) -> Gap:
    name = stage.record or f"{stage.name}-....wherefrom.json"
    return Gap(
        what=f"the record of the stage {stage.name} is not declared in {path}",
        why="its form (an anchor, a merge or a list) leaves open where it belongs",
        remedy=f"add `{name}: {{cache: false}}` to its metrics, another file for each of a list",
    )


def _ignoring(project: Project, environ: Mapping[str, str]) -> Iterator[Change]:
    """Propose that git and DVC pass over stores and environments: DVC would look through them."""
    root = project.workspace
    places = [p for p in _places(project, environ) if not (root / f"{p.rstrip('/')}.dvc").exists()]
    if project.git_root is not None:
        yield _longer(root, ".gitignore", [name for name in places if not _in_git(root, name)])
    wanted = (*places, ".wherefrom/")
    passed_over = dvc_repo.ignored(root, wanted)
    yield _longer(root, ".dvcignore", [name for name in wanted if name not in passed_over])


def _in_git(root: Path, name: str) -> bool:
    """Whether git has a place, as somebody has decided, or ignores it."""
    inside = f"{name}x" if name.endswith("/") else name
    return bool(git_repo.tracked(root, [name]) or git_repo.would_ignore(root, [inside]))


def _places(project: Project, environ: Mapping[str, str]) -> Iterator[str]:
    """Name the stores and environments in the workspace; folders end with a slash."""
    root = project.workspace
    chosen, _ = settings.understood(root, project.anchor.name)
    store = sqlite_path(chosen.store(project.anchor, environ))
    if store is not None and store.is_relative_to(root):
        yield store.relative_to(root).as_posix()
    if store is not None or (root / "mlruns").is_dir():
        yield "mlruns/"
    yield from sorted(f"{config.parent.name}/" for config in root.glob("*/pyvenv.cfg"))


def _longer(root: Path, path: str, names: list[str]) -> Change:
    before = _read(root, path)
    newline = "\r\n" if "\r\n" in before else "\n"
    lines = [f"/{name}" if name.endswith("/") else f"/{name}*" for name in names]
    ends = newline if lines and before and not before.endswith("\n") else ""
    return Change(path, before, before + ends + "".join(line + newline for line in lines))
