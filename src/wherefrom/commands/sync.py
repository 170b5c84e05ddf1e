"""Bring MLflow up to date: log the runs that wait on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import delivery, settings
from wherefrom.journal import Journal
from wherefrom.project import locate
from wherefrom.uris import store_name, tracking_uri

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.delivery import Delivered


def sync(folder: Path, environ: Mapping[str, str]) -> Delivered:
    """Deliver what waits. Raises `StoreUnreachableError`; nothing is lost then."""
    project = locate(folder, environ)
    chosen = settings.read(project.workspace, project.anchor.name)
    uri = tracking_uri(project.anchor, environ.get("MLFLOW_TRACKING_URI") or chosen.uri)
    store = delivery.open_project_store(project, uri, chosen.mlflow_experiment)
    store.end_dead_runs()
    return delivery.deliver_waiting(store, Journal(project.state), store_name(project.anchor, uri))
