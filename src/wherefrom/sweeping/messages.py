"""What a sweep and its workers tell one another. They are pickled, and hold values alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.sources.dvc_experiment import Base
    from wherefrom.sweeping.axes import Scalar
    from wherefrom.sweeping.parent import Where

State = Literal["done", "linked", "failed", "pruned", "stopped"]
ENDED: frozenset[State] = frozenset({"done", "linked", "pruned"})
"""The states of variants that a sweep which goes on need not run again."""


@dataclass(frozen=True)
class Task:
    """A variant to run: its number in the sweep, the experiment's name, parameters to set.

    `known` maps digests of what experiments are made of to their names; `parent` is the run of the
    sweep, in which its run is nested.
    """

    number: int
    name: str
    overrides: tuple[tuple[str, str], ...]
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parent: str | None = None


@dataclass(frozen=True)
class Report:
    """What became of a variant.

    `experiment` holds its result; it is another one's where the variant was there already, and None
    where there is none. `digest` says what it is made of; `ran` names the commands that ran: none
    where DVC had all of it. `metrics` are by the names that MLflow has; `seconds` on the clock;
    `values` is what the sweep varies; `not_finite` are metrics that are no numbers. `refused` are
    parameters that cannot be set.
    """

    number: int
    state: State
    experiment: str | None = None
    commit: str | None = None
    record_id: str | None = None
    run_id: str | None = None
    digest: str | None = None
    ran: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0
    values: Mapping[str, Scalar] = field(default_factory=dict)
    not_finite: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False


@dataclass(frozen=True)
class Ready:
    """A worker has its working copy."""


@dataclass(frozen=True)
class Broken:
    """A worker could not begin, and has ended."""

    why: str


@dataclass(frozen=True)
class Step:
    """How a variant stands that still runs; the worker waits for whether it is to go on."""

    number: int
    step: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Plan:
    """What every worker of a sweep is told once.

    `folder` is where working copies are, `logs` where what variants print is kept. `environ` are
    variables that their stages have beside the caller's. `where` names the tracking store, None
    where tracking is off.
    """

    base: Base
    folder: Path
    logs: Path
    environ: Mapping[str, str]
    where: Where | None
