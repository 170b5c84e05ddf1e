"""The files of runs and of logged models: on this disk, or wherever a store keeps them."""

from __future__ import annotations

import hashlib
import os
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from wherefrom.sources import disk, local_store, mlflow_read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wherefrom.project import Project

_AT_ONCE = 8


class Artifacts:
    """Folders of a store of `uri`, by their own URIs; each is listed once.

    Every method raises `StoreUnreachableError` for a place that is not on this disk and does not
    answer.
    """

    def __init__(self, uri: str, project: Project) -> None:
        self._uri = uri
        self._project = project
        self._listed: dict[str, frozenset[str]] = {}

    def expect(self, places: Iterable[str]) -> None:
        """List many folders that are not on this disk, several at once."""
        far = [place for place in dict.fromkeys(places) if self._folder(place) is None]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(self.files, far))

    def files(self, place: str) -> frozenset[str]:
        """List the files of a folder, by their paths in it; none where it is not there."""
        if place not in self._listed:
            folder = self._folder(place)
            found = _on_disk(folder) if folder else mlflow_read.artifact_files(self._uri, place)
            self._listed[place] = frozenset(found)
        return self._listed[place]

    def read(self, place: str, name: str) -> bytes:
        """Read one of the files."""
        folder = self._folder(place)
        if folder:
            return (folder / name).read_bytes()
        with TemporaryDirectory() as here:
            return mlflow_read.fetch_artifact(self._uri, place, name, Path(here)).read_bytes()

    def md5(self, place: str, name: str) -> str:
        """Hash one of the files."""
        folder = self._folder(place)
        if folder:
            return str(disk.hash_of(folder / name))
        return hashlib.md5(self.read(place, name), usedforsecurity=False).hexdigest()

    def _folder(self, place: str) -> Path | None:
        """Give the folder of a URI on this disk; None for any other."""
        now = local_store.place_now(place, self._project.artifact_root, self._project.state)
        if now.startswith("file:"):
            return Path(urllib.request.url2pathname(urllib.parse.urlparse(now).path))
        return None if "://" in now or now.startswith("mlflow-artifacts:") else Path(now)


def _on_disk(folder: Path) -> Iterable[str]:
    """List the files below a folder; `rglob` takes ten times as long."""
    cut = len(f"{folder}{os.sep}")
    for here, _, names in os.walk(folder):
        yield from (f"{here}{os.sep}{name}"[cut:].replace(os.sep, "/") for name in names)
