"""The way from the raw data to the chosen results: nodes with hashes, and what differs in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wherefrom.attribution import sources
from wherefrom.lockfile import flat_params, is_record
from wherefrom.render import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from wherefrom.commands.report import Chosen
    from wherefrom.holding import Stage
    from wherefrom.lineage import Lineage


@dataclass(frozen=True)
class Line:
    """Something of a node, and what each chosen result has there; None for nothing."""

    name: str
    values: Mapping[str, str | None]

    @property
    def groups(self) -> list[tuple[str, str | None]]:
        """Give each value with the labels of the results that have it."""
        labels: dict[str | None, list[str]] = {}
        for label, value in self.values.items():
            labels.setdefault(value, []).append(label)
        return [(", ".join(some), value) for value, some in labels.items()]

    @property
    def differs(self) -> bool:
        """Whether the results have not all the same."""
        return len(set(self.values.values())) > 1


Key = tuple[str, str]
"""A kind of node, and its name: a stage may be called as a file is."""


@dataclass(frozen=True)
class Node:
    """Raw data, a stage or the result; `before` are the nodes that it takes from."""

    kind: str
    name: str
    lines: tuple[Line, ...]
    before: tuple[Key, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether it is another one in one of the results."""
        return any(line.differs for line in self.lines)


def nodes(chosen: Sequence[Chosen], metric: str | None) -> list[Node]:
    """Join the lineages of results: raw data, the stages in the order of the data, the result.

    `metric` is the one that is shown of it; None: there is none.
    """
    known = {one.label: one.trace.lineage for one in chosen if one.trace.lineage}
    raws = dict.fromkeys(path for result in known.values() for path in _raws(result))
    stages = dict.fromkeys(s.address for result in known.values() for s in result.stages)
    return [
        *(Node("data", path, (Line("hash", _each(known, path)),)) for path in raws),
        *(_stage(known, address) for address in stages),
        *([_result(chosen, metric)] if known else []),
    ]


def _result(chosen: Iterable[Chosen], metric: str | None) -> Node:
    held = [(one.label, one.trace, one.trace.lineage) for one in chosen if one.trace.lineage]
    lines = [Line("id", {label: trace.key for label, trace, _ in held})]
    if metric:
        values = {label: trace.metrics.get(metric) for label, trace, _ in held}
        shown = {n: None if value is None else text.number(value) for n, value in values.items()}
        lines.append(Line(metric, shown))
    finals = dict.fromkeys(result.final.address for _, _, result in held)
    return Node("result", "result", tuple(lines), tuple(("stage", name) for name in finals))


def _raws(result: Lineage) -> dict[str, str | None]:
    return {raw.path: result.used.get(raw.path, raw.hash) for raw in result.raw}


def _each(known: Mapping[str, Lineage], path: str) -> dict[str, str | None]:
    return {label: _raws(result).get(path) for label, result in known.items()}


def _stage(known: Mapping[str, Lineage], address: str) -> Node:
    mine = {label: _named(result, address) for label, result in known.items()}
    here = [(known[label], stage) for label, stage in mine.items() if stage]
    outs = dict.fromkeys(path for _, stage in here for path in stage.outs if not is_record(path))
    prints = Line("fingerprint", {n: s.fingerprint if s else None for n, s in mine.items()})
    left = (Line(path, {n: _left(s, path) for n, s in mine.items()}) for path in outs)
    lines = (prints, *_asked(known, mine), *left)
    before = (key for result, stage in here for key in _before(result, stage))
    return Node("stage", address, lines, tuple(dict.fromkeys(before)))


def _named(result: Lineage, address: str) -> Stage | None:
    return next((stage for stage in result.stages if stage.address == address), None)


def _left(stage: Stage | None, path: str) -> str | None:
    return stage.outs[path].hash if stage and path in stage.outs else None


def _before(result: Lineage, stage: Stage) -> Iterator[Key]:
    for raw in result.raw:
        if any(_touch(path, raw.path) for path in stage.deps):
            yield "data", raw.path
    yield from (("stage", address) for address in result.before[stage.address])


def _touch(one: str, other: str) -> bool:
    """Whether two paths are one, or one lies in the other."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _asked(known: Mapping[str, Lineage], mine: Mapping[str, Stage | None]) -> Iterator[Line]:
    """Give those parameters and files of code of a stage that are not the same everywhere."""
    both = [
        {label: _params(stage) if stage else {} for label, stage in mine.items()},
        {label: _code(known[label], stage) if stage else {} for label, stage in mine.items()},
    ]
    for values in both:
        for name in dict.fromkeys(name for some in values.values() for name in some):
            line = Line(name, {label: some.get(name) for label, some in values.items()})
            if line.differs:
                yield line


def _params(stage: Stage) -> dict[str, str]:
    return {n: text.value(v) for n, v in flat_params([(stage.wdir, stage.facts)]).items()}


def _code(result: Lineage, stage: Stage) -> dict[str, str]:
    found: dict[str, tuple[Stage, str]] = sources(result)
    return {path: found[path][1] for path in stage.deps if path in found}


@dataclass(frozen=True)
class Arc:
    """The way out of a node, by its number, to those that take from it; in a lane of its own."""

    start: int
    ends: tuple[int, ...]
    lane: int


def arcs(found: Sequence[Node]) -> list[Arc]:
    """Draw the ways between nodes beside their column, so that none runs over another."""
    number = {(node.kind, node.name): n for n, node in enumerate(found)}
    ends: dict[int, list[int]] = {}
    for n, node in enumerate(found):
        for key in node.before:
            if key in number:
                ends.setdefault(number[key], []).append(n)
    spans = {n: (min(n, *to), max(n, *to)) for n, to in ends.items()}
    lanes: list[list[Any]] = []
    placed: list[Arc] = []
    for n in sorted(spans, key=lambda one: spans[one][1] - spans[one][0]):
        first, last = spans[n]
        free = (i for i, lane in enumerate(lanes) if all(b <= first or last <= a for a, b in lane))
        lane = next(free, len(lanes))
        lanes += [[]] if lane == len(lanes) else []
        lanes[lane].append((first, last))
        placed.append(Arc(n, tuple(ends[n]), lane))
    return placed
