"""What an address was found to mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherefrom.identity import CommitSha
    from wherefrom.predictions import Predictions
    from wherefrom.record import Gap
    from wherefrom.runs import Run


@dataclass(frozen=True)
class Found:
    """What an address means.

    `key` is the result's, `commit_sha` the commit that the address names itself (an experiment's,
    a revision's), None where it names the result and not who holds it. `in_workspace` says that it
    is the workspace's. `run` is one that no commit and no experiment holds; there is no key then.
    `predictions` are those that the address names, made by the result; `gaps` what is wrong with
    them.
    """

    key: str
    commit_sha: CommitSha | None = None
    in_workspace: bool = False
    run: Run | None = None
    predictions: Predictions | None = None
    gaps: tuple[Gap, ...] = ()
