"""Whose run a stage's is: its own, that of the training which it claims, or a derived one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wherefrom import naming
from wherefrom.identity import new_record_id
from wherefrom.names import DERIVED_FROM, RELATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.claims import Claims
    from wherefrom.context import Context
    from wherefrom.identity import RecordId
    from wherefrom.record import Record, Relation


@dataclass(frozen=True)
class Standing:
    """How a stage stands to a run.

    `training` is the record of the training that an evaluation rests on, None for a training.
    `owns` says that the evaluation has claimed its run; `repeats` is the outcome of the evaluation
    that had claimed it before with the same inputs, None where this is the first.
    """

    record_id: RecordId
    training: Record | None
    owns: bool = False
    repeats: Mapping[str, Any] | None = None

    @property
    def relation(self) -> Relation:
        """Say what the record says of it."""
        return "own" if self.training is None or self.owns else "derived"

    @property
    def derived_from(self) -> RecordId | None:
        """Name the training that a derived run rests on."""
        derives = self.training is not None and not self.owns
        return self.training.record_id if derives and self.training else None

    def tags(self) -> dict[str, str]:
        """Give the tags that say how the run stands to others."""
        rests = {DERIVED_FROM: self.derived_from} if self.derived_from else {}
        return {RELATION: self.relation, **rests}

    def plan(self, context: Context) -> Mapping[str, Any]:
        """Give what was expected; of a run that was claimed, as its training started."""
        if self.owns and self.training is not None:
            return self.training.plan
        return context.settings.plan

    def run_name(self, context: Context) -> str:
        """Name the run; one that was claimed keeps its name."""
        if self.owns and self.training is not None:
            return self.training.run_name
        return naming.run_name(context)


def fresh(training: Record | None) -> Standing:
    """Give a stage a run of its own, or a derived one if it rests on a training."""
    return Standing(new_record_id(), training)


def claim(claims: Claims, training: Record, context: Context) -> Standing:
    """Claim the run of the training for an evaluation, or derive one where it cannot be had."""
    own = context.observed.facts.digest
    if training.environment.digest != own:
        return fresh(training)  # the run's environment would not be that of its result
    taken = claims.take(training.record_id, context.fingerprint, own, context.params)
    if taken is None:
        return fresh(training)
    return Standing(training.record_id, training, owns=True, repeats=taken.outcome)
