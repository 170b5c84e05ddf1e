"""What stages print, kept by what they left: a later stage finds the logs of those before it.

A stage that makes no run has nowhere else to leave its log, and it does not know its fingerprint,
which takes DVC half a second. So its log has the hashes of its outputs for a name.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO

from wherefrom import files
from wherefrom.dvcyaml import parse_dvc_yaml
from wherefrom.lockfile import is_record
from wherefrom.sources import disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wherefrom.lockfile import StageFacts

_KEPT = 500
"""Logs of a project; the oldest go first."""


class _Log(io.TextIOBase):
    """A stream that also remembers what goes through it."""

    def __init__(self, stream: TextIO, parts: list[str]) -> None:
        self._stream = stream
        self._parts = parts

    def write(self, text: str) -> int:
        """Write to the stream."""
        self._parts.append(text)
        return self._stream.write(text)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Give the stream's own, which processes that are started write to."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's."""
        return self._stream.encoding


_parts: ContextVar[list[str] | None] = ContextVar("wherefrom_printed", default=None)


@contextmanager
def kept() -> Iterator[None]:
    """Remember what this process prints."""
    parts: list[str] = []
    former, token = (sys.stdout, sys.stderr), _parts.set(parts)
    sys.stdout, sys.stderr = _Log(sys.stdout, parts), _Log(sys.stderr, parts)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = former
        _parts.reset(token)


def printed() -> str:
    """Give what was printed since, of a line that was written over (a progress bar) the last."""
    lines = "".join(_parts.get() or ()).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2].rstrip() for line in lines)


def leave(state: Path, folder: Path, stage: str) -> None:
    """Keep the log of a stage that has left its outputs; `folder` is that of its `dvc.yaml`."""
    file = folder / "dvc.yaml"
    declared = parse_dvc_yaml(file.read_text(encoding="utf-8")) if file.is_file() else None
    outs = declared.outs.get(stage, ()) if declared else ()
    left = {path: disk.hash_of(folder / path) for path in outs if not is_record(path)}
    text = printed()
    if not text.strip() or not left or None in left.values():
        return
    kept_in = files.private_folder(state) / "logs"
    files.write(kept_in / f"{_key(left)}.log", text)
    logs = sorted(kept_in.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in logs[_KEPT:]:
        old.unlink(missing_ok=True)


def find(state: Path, stage: StageFacts) -> str | None:
    """Give the log of the stage that left these outputs; None where none was kept."""
    left = {out.path: out.hash for out in stage.outs if not is_record(out.path)}
    path = state / "logs" / f"{_key(left)}.log"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _key(outs: Mapping[str, str | None]) -> str:
    return hashlib.sha256(json.dumps(outs, sort_keys=True).encode()).hexdigest()[:32]
