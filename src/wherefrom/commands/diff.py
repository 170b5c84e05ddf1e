"""What two results differ in, and nothing else: data, code, parameters, environment, metrics."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from wherefrom.attribution import sources
from wherefrom.record import EnvironmentFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wherefrom.commands.trace import Trace
    from wherefrom.lineage import Lineage
    from wherefrom.record import Gap

Pairs = dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Difference:
    """What differs between two results, each as name -> (in the first, in the second).

    None stands for what one of them does not have. `gaps` are those of both, which may hide more.
    """

    first: Trace
    second: Trace
    data: Pairs
    code: Pairs
    stages: Pairs
    params: Pairs
    environment: Pairs
    metrics: Pairs
    gaps: tuple[Gap, ...]

    @property
    def is_empty(self) -> bool:
        """Whether they are alike in everything."""
        parts = (self.data, self.code, self.stages, self.params, self.environment, self.metrics)
        return not any(parts)


def diff(first: Trace, second: Trace) -> Difference:
    """Compare two results."""
    one, two = first.lineage, second.lineage
    return Difference(
        first,
        second,
        data=_pairs({v.path: v.hash for v in first.data}, {v.path: v.hash for v in second.data}),
        code=_pairs(_code(one), _code(two)),
        stages=_pairs(_commands(one), _commands(two)),
        params=_pairs(first.params, second.params),
        environment=_pairs(_environment(first), _environment(second)),
        metrics=_pairs(first.metrics, second.metrics),
        gaps=tuple(_gaps(first, second)),
    )


def _gaps(first: Trace, second: Trace) -> Iterator[Gap]:
    """Give the gaps of both; what one of them alone has is said of that one."""
    yield from (gap for gap in first.gaps if gap in second.gaps)
    for one, other in ((first, second), (second, first)):
        own = (gap for gap in one.gaps if gap not in other.gaps)
        yield from (replace(gap, what=f"{one.key[:12]}: {gap.what}") for gap in own)


def _pairs(first: Mapping[str, Any], second: Mapping[str, Any]) -> Pairs:
    names = dict.fromkeys((*first, *second))
    both = {name: (first.get(name), second.get(name)) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _code(result: Lineage | None) -> dict[str, str]:
    found = sources(result) if result else {}
    return {path: value for path, (_, value) in found.items()}


def _commands(result: Lineage | None) -> dict[str, object]:
    return {stage.address: stage.facts.cmd for stage in result.stages} if result else {}


def _environment(found: Trace) -> dict[str, object]:
    if found.record is None:
        return {}
    facts = found.record.environment
    return {field.name: getattr(facts, field.name) for field in fields(EnvironmentFacts)}
