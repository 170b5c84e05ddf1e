"""Text of a `dvc.yaml` -> the same with record files declared. Opens no file.

Lines are put in, none is written anew: comments, order and form stay. What comes out is parsed and
compared with what is meant, so that a form which is not foreseen is refused, never spoilt.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from wherefrom.errors.project import LockfileError
from wherefrom.lockfile import RECORD_SUFFIX, is_record, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS = ("outs", "metrics", "plots")
_OF_ITEM = re.compile(r"\$\{\s*(?:item|key)\b")
_SCRIPT = re.compile(r"[^\s'\"=;&|<>()]+\.py\b")
_MODULE = re.compile(r"\s-m\s+([\w.]+)")
_UNQUOTED = re.compile(r"[A-Za-z0-9_$./][A-Za-z0-9_$./{}@+-]*")


@dataclass(frozen=True)
class Stage:
    """A stage, or a list of them, as a `dvc.yaml` declares it.

    `scripts` are the Python files that its command names, from `wdir`; `record` is what its record
    would be called, None where no name follows for each of a list.
    """

    name: str
    wdir: str
    scripts: tuple[str, ...]
    has_record: bool
    record: str | None


def stages(text: str, where: str) -> tuple[Stage, ...]:
    """List the stages of a `dvc.yaml`. Raises `LockfileError` for text that is none."""
    return tuple(_stage(name, entry) for name, entry in _entries(mapping(text, where), where))


def declared(text: str, stage: str, record: str) -> str | None:
    """Declare the record of a stage; None where its form does not allow it to be put in."""
    meant = deepcopy(mapping(text, stage))
    if stage not in meant["stages"]:  # the name is a number, which DVC takes for no name
        return None
    body = _body(meant["stages"][stage])
    metrics = body.get("metrics") or []
    if not isinstance(metrics, list):
        return None
    body["metrics"] = [*metrics, {record: {"cache": False}}]
    try:
        changed = _put_in(text, stage, record)
        return changed if mapping(changed, stage) == meant else None
    except (LockfileError, yaml.YAMLError):  # the parser with places is stricter than the fast one
        return None


def _entries(data: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = data.get("stages") or {}
    if not isinstance(found, dict):
        raise LockfileError(where, "`stages` is no mapping")
    for name, entry in found.items():
        if not isinstance(entry, dict) or not isinstance(_body(entry), dict):
            raise LockfileError(where, f"the stage {name} is no mapping")
        yield str(name), entry


def _body(entry: dict[str, Any]) -> dict[str, Any]:
    """Give what a stage is made of; in a list of stages that is below `do`."""
    body: dict[str, Any] = entry.get("do", entry)
    return body


def _stage(name: str, entry: dict[str, Any]) -> Stage:
    body = _body(entry)
    paths = [path for kind in _KINDS for path in _paths(body.get(kind))]
    cmd = body.get("cmd") or ""
    lines = " ; ".join(str(line) for line in cmd) if isinstance(cmd, list) else str(cmd)
    modules = (f"{module.replace('.', '/')}.py" for module in _MODULE.findall(lines))
    return Stage(
        name=name,
        wdir=str(body.get("wdir") or "."),
        scripts=tuple(dict.fromkeys((*_SCRIPT.findall(lines), *modules))),
        has_record=any(is_record(path) for path in paths),
        record=_record(name, entry, paths),
    )


def _paths(listed: Any) -> list[str]:  # noqa: ANN401
    items = listed if isinstance(listed, list) else []
    return [str(next(iter(item), "")) if isinstance(item, dict) else str(item) for item in items]


def _record(name: str, entry: Mapping[str, Any], paths: list[str]) -> str | None:
    """Name the record of a stage; in a list beside the first output that each has for itself."""
    if not {"foreach", "matrix"} & entry.keys():
        return name + RECORD_SUFFIX
    own = next((path for path in paths if _OF_ITEM.search(path)), None)
    if own is not None:
        return own.rstrip("/") + RECORD_SUFFIX
    part = _part(entry.get("foreach"), entry.get("matrix"))
    return f"{name}-{part}{RECORD_SUFFIX}" if part else None


def _part(each: object, matrix: object) -> str | None:
    """Give the template that tells the stages of a list apart; None where there is none."""
    if isinstance(matrix, dict):
        return "-".join(f"${{item.{key}}}" for key in matrix)
    if isinstance(each, dict):
        return "${key}"
    is_plain = isinstance(each, list) and not any(isinstance(item, dict | list) for item in each)
    return "${item}" if is_plain else None


def _put_in(text: str, stage: str, record: str) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    node = _child(_child(root, "stages"), stage)
    body = _child(node, "do") or node
    metrics = _child(body, "metrics")
    if metrics is None:
        return _add_key(text, body, record)
    if isinstance(metrics, yaml.SequenceNode) and metrics.flow_style:
        return _add_in_flow(text, metrics, f"{_quoted(record)}: {{cache: false}}")
    if isinstance(metrics, yaml.SequenceNode):
        return _add_lines(text, metrics, _item(metrics.start_mark.column, record))
    return _add_lines(text, metrics, _item(_column(body) + _offset(body), record))


def _add_key(text: str, body: Any, record: str) -> str:  # noqa: ANN401
    if body.flow_style:
        return _add_in_flow(text, body, f"metrics: [{_quoted(record)}: {{cache: false}}]")
    column = _column(body)
    lines = [f"{' ' * column}metrics:", *_item(column + _offset(body), record)]
    return _add_lines(text, body, lines)


def _item(column: int, record: str) -> list[str]:
    name = record if _UNQUOTED.fullmatch(record) else _quoted(record)
    return [f"{' ' * column}- {name}:", f"{' ' * (column + 4)}cache: false"]


def _add_lines(text: str, node: Any, lines: list[str]) -> str:  # noqa: ANN401
    """Put lines behind the last line of a node; comments and empty lines after it stay there."""
    before = text[: node.end_mark.index].splitlines(keepends=True)
    if before and not before[-1].strip():  # how the next key is indented
        before.pop()
    while before and before[-1].strip()[:1] in {"", "#"}:
        before.pop()
    head = "".join(before)
    end = len(head.rstrip("\r\n")) if head.endswith("\n") else _line_end(text, len(head))
    newline = "\r\n" if "\r\n" in text else "\n"
    return text[:end] + "".join(newline + line for line in lines) + text[end:]


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end - (text[end - 1] == "\r")


def _add_in_flow(text: str, node: Any, item: str) -> str:  # noqa: ANN401
    """Put an item behind the last one of a list or a mapping in brackets."""
    if not node.value:
        start = node.start_mark.index + 1
        return f"{text[:start]}{item}{text[start:]}"
    last = node.value[-1]
    end = (last[1] if isinstance(last, tuple) else last).end_mark.index
    return f"{text[:end]}, {item}{text[end:]}"


def _child(node: Any, key: str) -> Any:  # noqa: ANN401
    """Give what stands at a key of a mapping; None where there is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _column(body: Any) -> int:  # noqa: ANN401
    return int(body.start_mark.column)


def _offset(body: Any) -> int:  # noqa: ANN401
    """Say how far this stage indents its lists."""
    lists = (v for _, v in body.value if isinstance(v, yaml.SequenceNode) and not v.flow_style)
    first = next(lists, None)
    return 2 if first is None else max(0, first.start_mark.column - _column(body))


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return text if re.fullmatch(r"[A-Za-z0-9_./-]+", text) else f"'{doubled}'"
