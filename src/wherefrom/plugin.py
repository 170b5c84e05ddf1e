"""MLflow's side door: any fluent run in any DVC stage gets the tags and the right store.

MLflow loads this module at `import mlflow` (entry point `mlflow.run_context_provider`). Outside of
a DVC stage it does nothing. Inside, one act at import time is allowed: where the caller has not
chosen a store, the project's own is set, because a default or relative one would land in the
temporary copy of an experiment, and be deleted with it.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherefrom.project import Project
    from wherefrom.record import Gap
    from wherefrom.settings import Settings


def anchor_store() -> None:
    """Set `MLFLOW_TRACKING_URI` to the project's store, absolute, and make it if it is new.

    Never raises: a project whose store cannot be anchored is named on stderr, and MLflow goes on.
    """
    try:
        from wherefrom import trial  # noqa: PLC0415
        from wherefrom.project import locate  # noqa: PLC0415
        from wherefrom.settings import STORE, is_off  # noqa: PLC0415
        from wherefrom.sources import local_store  # noqa: PLC0415

        project = locate(_stage_folder(), os.environ)
        uri = _settings(project).store(project.anchor, os.environ)
        os.environ[STORE] = uri
        os.environ.setdefault(local_store.ARTIFACT_ROOT_VARIABLE, str(project.artifact_root))
        if trial.is_one() and is_off(os.environ):
            return  # a sweep has imported MLflow, and nobody has asked for a store
        local_store.make_store(uri, project.artifact_root, project.state)
    except Exception as error:  # noqa: BLE001 - foreign code must not fail because of us
        _say(f"the tracking store is not anchored at the project: {error}")


class StageRunContext:
    """MLflow's run context provider (`mlflow.tracking.context.abstract_context`)."""

    def in_context(self) -> bool:
        """Whether this process runs in a DVC stage."""
        return bool(os.environ.get("DVC_STAGE"))

    def tags(self) -> dict[str, str]:
        """Give the tags of a run that starts now; what cannot be had is named in a tag."""
        try:
            return _tags()
        except Exception as error:  # noqa: BLE001 - foreign code must not fail because of us
            from wherefrom.names import GAPS  # noqa: PLC0415

            _say(f"this run has no link to its data and code: {error}")
            return {GAPS: f"the stage could not be read: {error}"[:8000]}


def _tags() -> dict[str, str]:
    from wherefrom import card, fluent, known, tags, trial, workspace  # noqa: PLC0415
    from wherefrom import context as context_  # noqa: PLC0415
    from wherefrom.identity import new_record_id  # noqa: PLC0415
    from wherefrom.names import NOTE  # noqa: PLC0415
    from wherefrom.project import locate  # noqa: PLC0415
    from wherefrom.sources import dvc_stage  # noqa: PLC0415

    wdir = _stage_folder()
    project = locate(wdir, os.environ)
    chosen = _settings(project)
    place = dvc_stage.place(project.workspace, wdir, os.environ)
    asked = context_.ask_of_stage(place)
    context = context_.look(project, chosen, place, asked, os.environ)
    if not trial.is_one() and (before := known.said(context)):
        _say_once(before)
    record_id = new_record_id()
    context = context_.keep_dirty_tree(context, record_id)
    subject = tags.running(context.stage)
    table, gaps = tags.data_hash(subject.raw, chosen.data_path)
    inside = (context.experiment, context.baseline)
    named = (
        tags.stage_tags(record_id, subject, context.git, context.observed.facts, inside)
        | tags.of_process()
        | tags.of_sweep(os.environ)
        | tags.of_parent(os.environ)
    )
    undeclared = (
        *workspace.outside_of_git(project),
        *workspace.undeclared_imports(project, context.stage),
        *_store_that_goes(project),
    )
    gaps = (*context.stage.gaps, *context.observed.gaps, *undeclared, *gaps)
    fluent.note(fluent.Begun(context, record_id, gaps))
    found = {**named, **table, **tags.gaps_tag(gaps)}
    card_tags = card.described(found)  # without the digest: their own description may replace it
    return found | {name: value for name, value in card_tags.items() if name == NOTE}


def _stage_folder() -> Path:
    """Give the folder in which DVC started the stage, also after an `os.chdir` of its code.

    DVC starts a command by a shell, and a shell keeps PWD right (POSIX, `sh`).
    """
    from wherefrom.errors.project import NotAProjectError  # noqa: PLC0415
    from wherefrom.project import dvc_root  # noqa: PLC0415

    started = Path(os.environ.get("PWD") or ".").absolute()
    try:
        dvc_root(started)
    except NotAProjectError:
        return Path.cwd()
    return started


def _settings(project: Project) -> Settings:
    from wherefrom import settings  # noqa: PLC0415

    chosen, _ = settings.understood(project.workspace, project.anchor.name)
    return chosen


def _store_that_goes(project: Project) -> tuple[Gap, ...]:
    """Warn of a store inside a temporary copy: a hard-coded relative URI cannot be saved."""
    import mlflow  # noqa: PLC0415, TID251 - it is what called us

    from wherefrom.record import Gap  # noqa: PLC0415
    from wherefrom.uris import sqlite_path  # noqa: PLC0415

    path = sqlite_path(mlflow.get_tracking_uri())
    inside = path is not None and path.resolve().is_relative_to(project.workspace)
    if project.workspace == project.anchor or not inside:
        return ()
    gap = Gap(
        what=f"this run is logged to {path}, in a temporary copy that DVC deletes",
        why="the code sets a relative tracking URI",
        remedy="drop `mlflow.set_tracking_uri`, or give it an absolute URI",
    )
    _say(f"{gap.what}: {gap.why}; {gap.remedy}")
    return (gap,)


@cache
def _say_once(text: str) -> None:
    """Say what holds for each run of a stage: MLflow asks for tags several times."""
    _say(text)


def _say(text: str) -> None:
    sys.stderr.write(f"wherefrom: {text}\n")


if os.environ.get("DVC_STAGE"):
    anchor_store()
