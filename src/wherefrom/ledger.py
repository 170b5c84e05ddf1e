"""What the workspace's own files say: `.dvc` files and `dvc.lock`, read without DVC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from wherefrom.dvcyaml import parse_dvc_yaml
from wherefrom.lockfile import StageFacts, TrackedFile, parse_dvc_file, parse_lock

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class RawFile:
    """A raw input in the workspace: the `.dvc` file that holds it, and what that says."""

    dvc_file: str
    facts: TrackedFile


def raw_file(root: Path, path: str) -> RawFile | None:
    """Find the `.dvc` file that holds a path, or a folder it lies in; None where there is none.

    A `.dvc` file stands beside what it tracks, so no other folder needs to be looked at.
    """
    for part in (PurePosixPath(path), *PurePosixPath(path).parents):
        folder = root / part.parent
        for candidate in sorted(folder.glob("*.dvc")) if folder.is_dir() else []:
            if not candidate.is_file():
                continue
            name = candidate.relative_to(root).as_posix()
            for out in parse_dvc_file(candidate.read_text(encoding="utf-8"), name):
                if (part.parent / out.path).as_posix() == part.as_posix():
                    return RawFile(name, out)
    return None


def stages(root: Path) -> dict[str, StageFacts]:
    """Read the root's `dvc.lock`; an empty map where there is none. Raises `LockfileError`."""
    path = root / "dvc.lock"
    return parse_lock(path.read_text(encoding="utf-8")) if path.is_file() else {}


def metric_files(root: Path) -> tuple[str, ...]:
    """List the metric files that the root's `dvc.yaml` declares; none where there is no file."""
    path = root / "dvc.yaml"
    declared = parse_dvc_yaml(path.read_text(encoding="utf-8")) if path.is_file() else None
    return (*declared.stage_metrics, *declared.file_metrics) if declared else ()
