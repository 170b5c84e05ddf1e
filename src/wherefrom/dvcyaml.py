"""Text of a `dvc.yaml` -> what a `dvc.lock` does not say: folders and metric files. Opens no file.

Templates are resolved from `params.yaml`, `vars` and lists that stand in the file itself; what is
left open (other files of `vars`) is a pattern.
Format: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from wherefrom.errors.project import LockfileError
from wherefrom.lockfile import flatten, is_record, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS = ("outs", "metrics", "plots")
_TEMPLATE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Destination:
    """Where DVC pushes an output to: the `remote` that it names, None for the default one.

    `pushed` is False where DVC pushes it to no remote.
    """

    remote: str | None = None
    pushed: bool = True


@dataclass(frozen=True)
class Declared:
    """What a `dvc.yaml` declares: folders, commands, outputs and metric files, by stage name.

    Commands and outputs with a template are left out. `metrics` are from the stage's working
    directory, `file_metrics` those of the whole file, from its folder. `destinations` are those of
    outputs that name one, by their paths. `items` maps the stages of a list (`train@a`) to what
    `item` and `key` mean there, `values` names to what templates take for them.
    """

    wdirs: Mapping[str, str] = field(default_factory=dict)
    cmds: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    outs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metrics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file_metrics: tuple[str, ...] = ()
    destinations: Mapping[str, Mapping[str, Destination]] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_templates(self) -> bool:
        """Whether a folder, a metric file or a destination follows from parameters."""
        named = (
            t for d in self.destinations.values() for p, to in d.items() for t in (p, to.remote)
        )
        paths = (*self.wdirs.values(), *self.file_metrics, *self.stage_metrics, *named)
        return any(_TEMPLATE.search(path) for path in paths if path)

    @property
    def stage_metrics(self) -> tuple[str, ...]:
        """The metric files of all stages, as they are written."""
        return tuple(dict.fromkeys(path for paths in self.metrics.values() for path in paths))

    def with_params(self, params: Mapping[str, Any]) -> Declared:
        """Resolve templates by the values of `params.yaml` too; `vars` come first."""
        return replace(self, values={**_texts(params), **self.values})

    def wdir(self, stage: str) -> str:
        """Give a stage's working directory from the file's folder; `train@a` is one of `train`."""
        return self._filled(stage, self.wdirs.get(stage.partition("@")[0], "."))

    def is_metric(self, stage: str, path: str) -> bool:
        """Whether an output, as its stage names it, is a metric file."""
        name = stage.partition("@")[0]
        declared = [self._filled(stage, one) for one in self.metrics.get(name, ())]
        if path in declared:
            return True
        patterns = (_TEMPLATE.sub("*", one) for one in declared if _TEMPLATE.search(one))
        others = self.outs.get(name, ())
        return path not in others and any(fnmatchcase(path, one) for one in patterns)

    def destination(self, stage: str, path: str) -> Destination:
        """Say where an output, as its stage names it, is pushed to."""
        declared = self.destinations.get(stage.partition("@")[0], {})
        found = next((to for p, to in declared.items() if self._filled(stage, p) == path), None)
        if found is None or found.remote is None:
            return found or Destination()
        return replace(found, remote=self._filled(stage, found.remote))

    def of_file(self) -> tuple[str, ...]:
        """List the metric files of the whole file, from its folder."""
        return tuple(self._filled("", path) for path in self.file_metrics)

    def _filled(self, stage: str, text: str) -> str:
        """Put in what templates mean in a stage; one whose meaning is not known stays."""
        item = stage.partition("@")[2]
        own = self.items.get(stage, {"item": item, "key": item} if item else {})
        known = {**self.values, **own}
        return _TEMPLATE.sub(lambda found: known.get(found[1].strip(), found[0]), text)


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
        metrics={name: _paths(entry.get("metrics")) for name, entry in known.items()},
        file_metrics=_paths(data.get("metrics")),
        destinations={name: _destinations(entry) for name, entry in known.items()},
        items={
            f"{name}@{part}": values
            for name, entry in stages.items()
            if isinstance(entry, dict)
            for part, values in _items(entry)
        },
        values=_texts({k: v for one in _listed(data, "vars") for k, v in _mapping(one).items()}),
    )


def _items(entry: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Map the parts of a list of stages to their values (`dvc.parsing` names them so)."""
    each, matrix = entry.get("foreach"), entry.get("matrix")
    if isinstance(each, dict):
        yield from ((str(key), _texts({"key": key, "item": item})) for key, item in each.items())
    for number, item in enumerate(each if isinstance(each, list) else []):
        yield str(number) if isinstance(item, dict) else _text(item), _texts({"item": item})
    if isinstance(matrix, dict) and all(isinstance(values, list) for values in matrix.values()):
        for row in product(*(enumerate(values) for values in matrix.values())):
            named = dict(zip(matrix, row, strict=True))
            parts = (
                f"{key}{number}" if isinstance(item, dict | list) else _text(item)
                for key, (number, item) in named.items()
            )
            yield "-".join(parts), _texts({"item": {key: item for key, (_, item) in named.items()}})


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Flatten values to what templates write for them."""
    return {name: _text(value) for name, value in flatten(dict(values)).items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _cmd(given: object) -> str | tuple[str, ...] | None:
    """Give a command as a lock writes it; None for one with a template, or for none."""
    if _TEMPLATE.search(str(given)):
        return None
    if isinstance(given, list):
        return tuple(str(part) for part in given)
    return given if isinstance(given, str) else None


def _outs(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """List all outputs of a stage, of whatever kind."""
    paths = _paths(*(entry.get(kind) for kind in _KINDS))
    return tuple(path for path in paths if not _TEMPLATE.search(path))


def _destinations(entry: Mapping[str, Any]) -> dict[str, Destination]:
    """Map the outputs of a stage that name a remote, or are not pushed, to what they say."""
    items = (item for kind in _KINDS for item in _listed(entry, kind) if isinstance(item, dict))
    said = ((str(path), _mapping(options)) for item in items for path, options in item.items())
    found = {path: _destination(options) for path, options in said}
    return {path: to for path, to in found.items() if to != Destination()}


def _destination(options: Mapping[str, Any]) -> Destination:
    remote = options.get("remote")
    return Destination(str(remote) if remote else None, options.get("push") is not False)


def _paths(*lists: Any) -> tuple[str, ...]:  # noqa: ANN401
    items = [item for found in lists if isinstance(found, list) for item in found]
    paths = [str(next(iter(item))) if isinstance(item, dict) else str(item) for item in items]
    return tuple(dict.fromkeys(path for path in paths if not is_record(path)))
