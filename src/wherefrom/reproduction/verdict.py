"""What a reproduction came to: the bytes that a result has and those that were made again. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from wherefrom.lockfile import is_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.holding import Stage
    from wherefrom.identity import DataHash, StageAddress
    from wherefrom.lineage import Lineage
    from wherefrom.record import EnvironmentFacts

Verdict = Literal["identical", "equivalent", "different", "impossible"]

TOLERANCE = 1e-6
"""By how much metrics may differ, relative to the larger one; near 0 it is the difference."""


@dataclass(frozen=True)
class Output:
    """A file or folder that a stage left, by the ledger, and what the stage left this time.

    Either hash is None where there was none. `unlike` says what differs inside.
    """

    path: str
    stage: str
    expected: DataHash | None
    got: DataHash | None
    unlike: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether both have the same bytes."""
        return self.expected is not None and self.expected == self.got


@dataclass(frozen=True)
class Compared:
    """All outputs of a result, and the metrics that differ: as they were, and as they are now.

    `inputs` are what the stages read that is not what they read then; `tolerance` is by how much
    metrics might differ. `taken` are frozen stages, which did not run: what they left was taken.
    """

    verdict: Verdict
    outputs: tuple[Output, ...]
    metrics: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    tolerance: float = TOLERANCE
    taken: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[Output, ...]:
        """The outputs whose bytes are not the same."""
        return tuple(output for output in self.outputs if not output.is_same)


def outputs(result: Lineage, made: Mapping[StageAddress, Stage]) -> tuple[Output, ...]:
    """Pair the outputs of a result with those of its stages as they ran again, by address.

    Records are left out: they say who made the bytes.
    """
    return tuple(_pairs(result.stages, made))


def _pairs(stages: Iterable[Stage], made: Mapping[StageAddress, Stage]) -> Iterable[Output]:
    for stage in stages:
        again = made.get(stage.address)
        for path, out in stage.outs.items():
            if not is_record(path):
                found = again.outs.get(path) if again else None
                yield Output(path, stage.address, out.hash, found.hash if found else None)


def other_inputs(result: Lineage, made: Mapping[StageAddress, Stage]) -> tuple[str, ...]:
    """Name what the stages read that neither they made nor is what they read then."""
    left = {path for stage in result.stages for path in stage.outs}
    pairs = [(stage, made[stage.address]) for stage in result.stages if stage.address in made]
    files = (
        path
        for stage, again in pairs
        for path, dep in stage.deps.items()
        if path not in left and (path not in again.deps or again.deps[path].hash != dep.hash)
    )
    params = (
        f"the parameters of {stage.address}"
        for stage, again in pairs
        if stage.facts.params != again.facts.params
    )
    return tuple(dict.fromkeys((*files, *params)))


def judge(
    found: tuple[Output, ...],
    metrics: tuple[Mapping[str, float], Mapping[str, float]],
    inputs: tuple[str, ...],
    tolerance: float = TOLERANCE,
) -> Compared:
    """Judge by the bytes; where some differ, by the `metrics` of then and of now.

    Without a metric nothing says that other bytes are as good; an output that is not there is not.
    """
    if all(output.is_same for output in found):
        return Compared("identical", found, tolerance=tolerance)
    then, now = metrics
    pairs = {name: (then.get(name), now.get(name)) for name in (*then, *now)}
    unlike = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    made = all(output.got is not None for output in found)
    alike = made and bool(then) and all(_is_near(*pair, tolerance) for pair in unlike.values())
    return Compared("equivalent" if alike else "different", found, unlike, inputs, tolerance)


def _is_near(then: float | None, now: float | None, tolerance: float) -> bool:
    if then is None or now is None:
        return False
    return math.isclose(then, now, rel_tol=tolerance, abs_tol=tolerance)


def other_machine(then: EnvironmentFacts, now: EnvironmentFacts) -> tuple[str, ...]:
    """Say what of the machine and the environment is not as it was, and what follows from that."""
    kinds = {
        "the CPU": (then.cpu, now.cpu),
        "the BLAS kernel": (_kernels(then.blas), _kernels(now.blas)),
    }
    said = [
        f"{name} is {b or 'not known'}, and was {a or 'not known'}: equivalent can be expected, "
        "identical cannot"
        for name, (a, b) in kinds.items()
        if a != b
    ]
    if then.python != now.python:
        said.append(f"Python is {now.python}, and was {then.python}")
    elif then.digest != now.digest:
        said.append("the packages are not those that the result was made with")
    return tuple(said)


def _kernels(blas: str | None) -> str | None:
    """Give the kinds of kernels, such as `SkylakeX`: libraries and versions belong to packages."""
    return ", ".join(sorted({one.split()[-1] for one in blas.split(", ")})) if blas else None
