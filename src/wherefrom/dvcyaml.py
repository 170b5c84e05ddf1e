"""Text of a `dvc.yaml` -> what a `dvc.lock` does not say: folders and metric files. Opens no file.

Templates are not resolved (that needs DVC and its parameters): what they leave open is a pattern.
Format: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from wherefrom.errors import LockfileError
from wherefrom.lockfile import is_record, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = ("outs", "metrics", "plots")
_TEMPLATE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Declared:
    """What a `dvc.yaml` declares: folders, commands and outputs by stage name, metric files.

    Commands and outputs with a template are left out.

    Metric files are those of stages, from the stage's working directory, and those of the whole
    file, from its folder; a template in a path is a `*`.
    """

    wdirs: Mapping[str, str] = field(default_factory=dict)
    cmds: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    outs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stage_metrics: tuple[str, ...] = ()
    file_metrics: tuple[str, ...] = ()

    def wdir(self, stage: str) -> str:
        """Give a stage's working directory from the file's folder; `train@a` is one of `train`."""
        name, _, item = stage.partition("@")
        return self.wdirs.get(name, ".").replace("${item}", item)

    def is_metric(self, path: str) -> bool:
        """Whether an output, as its stage names it, is a metric file."""
        return any(path == pattern or fnmatchcase(path, pattern) for pattern in self.stage_metrics)


@lru_cache(maxsize=256)
def parse_dvc_yaml(text: str, where: str = "dvc.yaml") -> Declared:
    """Read a `dvc.yaml`. Raises `LockfileError` for text that is none."""
    data = mapping(text, where)
    stages = data.get("stages") or {}
    if not isinstance(stages, dict):
        raise LockfileError(where, "`stages` is no mapping")
    entries = {str(n): s.get("do", s) for n, s in stages.items() if isinstance(s, dict)}
    known = {name: entry for name, entry in entries.items() if isinstance(entry, dict)}
    return Declared(
        wdirs={name: str(entry["wdir"]) for name, entry in known.items() if entry.get("wdir")},
        cmds={name: cmd for name, entry in known.items() if (cmd := _cmd(entry.get("cmd")))},
        outs={name: _outs(entry) for name, entry in known.items()},
        stage_metrics=_paths(*(entry.get("metrics") for entry in known.values())),
        file_metrics=_paths(data.get("metrics")),
    )


def _cmd(given: object) -> str | tuple[str, ...] | None:
    """Give a command as a lock writes it; None for one with a template, or for none."""
    if _TEMPLATE.search(str(given)):
        return None
    if isinstance(given, list):
        return tuple(str(part) for part in given)
    return given if isinstance(given, str) else None


def _outs(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """List all outputs of a stage, of whatever kind."""
    return tuple(p for p in _paths(*(entry.get(kind) for kind in _KINDS)) if "*" not in p)


def _paths(*lists: Any) -> tuple[str, ...]:  # noqa: ANN401
    items = [item for found in lists if isinstance(found, list) for item in found]
    paths = [str(next(iter(item))) if isinstance(item, dict) else str(item) for item in items]
    patterns = (_TEMPLATE.sub("*", path) for path in paths)
    return tuple(dict.fromkeys(path for path in patterns if not is_record(path)))
