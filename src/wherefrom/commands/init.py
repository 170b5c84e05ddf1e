"""What a project that is there already may want: records in `dvc.yaml`, and stores ignored."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import calls, declaring, files, settings
from wherefrom.errors.project import EditedError, LockfileError
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
_NOBODY: frozenset[str] = frozenset()


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
    declarer = _Declarer(project)
    changes = [declarer.change(path) for path in _dvc_yamls(project)]
    changes += _ignoring(project, environ)
    wanted = tuple(change for change in changes if change.before != change.after)
    hints = tuple(dict.fromkeys(declarer.hints))
    return Proposal(project.workspace, wanted, hints, tuple(declarer.gaps))


def apply(proposal: Proposal) -> None:
    """Write what is proposed. Raises `EditedError` where a file has another text by now."""
    for change in proposal.changes:
        if _read(proposal.root, change.path) != change.before:
            raise EditedError(change.path)
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


class _Declarer:
    """Declares records in one file after the other, and says what else there is to do."""

    def __init__(self, project: Project) -> None:
        self.hints: list[str] = []
        self.gaps: list[Gap] = []
        self._root = project.workspace
        self._has_git = project.git_root is not None
        self._taken: set[str] = set()

    def change(self, path: str) -> Change:
        before = after = _read(self._root, path)
        for stage in declaring.stages(before, path):
            if not stage.has_record:
                after = self._with_record(path, after, stage)
        return Change(path, before, after)

    def _with_record(self, path: str, text: str, stage: Stage) -> str:
        """Declare the record of a stage whose script writes one."""
        folder = posixpath.join(posixpath.dirname(path), stage.wdir)
        by = {script: self._started_by(folder, script) for script in stage.scripts}
        if not any(_OWN in found for found in by.values()):
            self.hints += [_hint(script, stage) for script in by if _THEIRS in by[script]]
            return text
        changed = declaring.declared(text, stage.name, stage.record) if stage.record else None
        why = self._against(folder, stage.record)
        if changed is None:
            why = "its form (an anchor, a merge or a list) leaves open where it belongs"
        if changed is None or why:
            self.gaps.append(_by_hand(path, stage, why or ""))
            return text
        return changed

    def _started_by(self, folder: str, script: str) -> frozenset[str]:
        file = self._root / posixpath.normpath(posixpath.join(folder, script))
        return calls.started_by(file.read_text("utf-8", "replace")) if file.is_file() else _NOBODY

    def _against(self, folder: str, record: str | None) -> str | None:
        """Say what speaks against a file of this name; None where nothing does."""
        file = posixpath.normpath(posixpath.join(folder, record or ""))
        if file in self._taken:
            return f"another stage would write {file}, too"
        self._taken.add(file)
        if self._has_git and git_repo.would_ignore(self._root, [file]):
            return f"git ignores {file}, so no commit would hold it"
        return None


def _hint(script: str, stage: Stage) -> str:
    return (
        f"{script} calls mlflow.start_run: with wherefrom.start_run in its place, "
        f"`wherefrom init` proposes a record for the stage {stage.name}"
    )


def _by_hand(path: str, stage: Stage, why: str) -> Gap:
    name = stage.record or f"{stage.name}-....wherefrom.json"
    return Gap(
        what=f"the record of the stage {stage.name} is not declared in {path}",
        why=why,
        remedy=f"add `{name}: {{cache: false}}`, or another such name, to its metrics",
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
