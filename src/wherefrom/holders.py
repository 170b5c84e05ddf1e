"""Who holds a result (commits and experiments, many to many), and who of them made it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.identity import CommitSha, ExperimentName

Relation = Literal["own", "derived", "inherited"]


@dataclass(frozen=True)
class Maker:
    """How a result says that it was made: by its record, or by the tags of its run.

    `experiment` and `baseline` are None for one that was made outside of a DVC experiment.
    """

    relation: Relation
    experiment: ExperimentName | None
    baseline: CommitSha | None


@dataclass(frozen=True)
class Holder:
    """A commit that holds a result; `experiment` and `baseline` are None for one of a branch.

    `time` is the commit's, in seconds. `unchanged` says that a parent holds the result as well, or
    the baseline of an experiment does.
    """

    commit_sha: CommitSha
    time: int
    experiment: ExperimentName | None = None
    baseline: CommitSha | None = None
    unchanged: bool = False


def origin(maker: Maker | None, holders: Sequence[Holder]) -> Holder | None:
    """Find the holder that the result was made in.

    That is the experiment whose name and baseline its record has; for one that was made outside of
    experiments, or whose experiment has another name now, the first to hold it, a branch before an
    experiment. None where nothing holds it.
    """
    if maker is not None and maker.experiment is not None:
        named = [h for h in holders if _is_named(maker, h)]
        if named:
            return named[0]
    fresh = [holder for holder in holders if not holder.unchanged] or list(holders)
    made_inside = maker is not None and maker.experiment is not None
    return min(
        fresh,
        key=lambda h: ((h.experiment is None) == made_inside, h.time, h.commit_sha),
        default=None,
    )


def relation(maker: Maker | None, holder: Holder, made_in: Holder | None) -> Relation | None:
    """Say how a holder stands to a result; None where nothing says how the result was made.

    A holder that did not make it inherits it: no stage ran there. A commit outside of experiments
    that does not have it from its parent holds it as it was made: it was committed, applied, merged
    or picked.
    """
    if maker is None:
        return None
    if holder.experiment is None:
        return "inherited" if holder.unchanged else maker.relation
    return maker.relation if holder == made_in else "inherited"


def is_renamed(maker: Maker | None, made_in: Holder | None) -> bool:
    """Whether a result was made in an experiment of another name than the one that holds it."""
    if maker is None or made_in is None or made_in.experiment is None:
        return False
    return maker.experiment is not None and not _is_named(maker, made_in)


def _is_named(maker: Maker, holder: Holder) -> bool:
    return (holder.experiment, holder.baseline) == (maker.experiment, maker.baseline)
