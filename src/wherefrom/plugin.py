"""MLflow's side door: any fluent run in any DVC stage gets the tags and the right store.

MLflow loads this module at `import mlflow` (entry point `mlflow.run_context_provider`). Outside of
a DVC stage it does nothing. Inside, one act at import time is allowed: where the caller has not
chosen a store, the project's own is set, because a default or relative one would land in the
temporary copy of an experiment, and be deleted with it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def anchor_store() -> None:
    """Set `MLFLOW_TRACKING_URI` to the project's store, absolute, and make it if it is new.

    Never raises: a project whose store cannot be anchored is named on stderr, and MLflow goes on.
    """
    try:
        from wherefrom.project import locate  # noqa: PLC0415
        from wherefrom.settings import read  # noqa: PLC0415
        from wherefrom.sources import local_store  # noqa: PLC0415
        from wherefrom.uris import tracking_uri  # noqa: PLC0415

        project = locate(Path.cwd(), os.environ)
        wanted = (
            os.environ.get("MLFLOW_TRACKING_URI")
            or read(project.workspace, project.anchor.name).uri
        )
        uri = tracking_uri(project.anchor, wanted)
        os.environ["MLFLOW_TRACKING_URI"] = uri
        os.environ.setdefault(local_store.ARTIFACT_ROOT_VARIABLE, str(project.artifact_root))
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
            _say(f"this run has no link to its data and code: {error}")
            return {"wherefrom.gaps": f"the stage could not be read: {error}"[:8000]}


def _tags() -> dict[str, str]:
    from wherefrom import context as context_  # noqa: PLC0415
    from wherefrom import settings, tags, workspace  # noqa: PLC0415
    from wherefrom.identity import new_record_id  # noqa: PLC0415
    from wherefrom.project import locate  # noqa: PLC0415

    wdir = Path.cwd()
    project = locate(wdir, os.environ)
    chosen = settings.read(project.workspace, project.anchor.name)
    context = context_.look(project, chosen, wdir, os.environ)
    if context is None:
        return {}
    record_id = new_record_id()
    context = context_.keep_dirty_tree(context, record_id)
    table, gaps = tags.data_hash(context.stage, chosen.data_path)
    named = tags.stage_tags(
        record_id, context.stage, context.git, context.observed.facts, os.environ
    )
    undeclared = workspace.undeclared_imports(project, context.stage)
    gaps = (*context.stage.gaps, *context.observed.gaps, *undeclared, *gaps)
    return {**named, **table, **tags.gaps_tag(gaps)}


def _say(text: str) -> None:
    sys.stderr.write(f"wherefrom: {text}\n")


if os.environ.get("DVC_STAGE"):
    anchor_store()
