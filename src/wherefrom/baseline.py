"""What a result is compared with: the baseline of its experiment, else the parent of its commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.holders import Holder
    from wherefrom.identity import CommitSha
    from wherefrom.view import View

Changed = dict[str, tuple[Any, Any]]
"""Names and their values before (None: not there) and now."""

LABEL = "data.version"
"""The parameter that names what the table holds."""


def before(view: View, made_in: Holder | None) -> CommitSha | None:
    """Give the commit that a result is compared with: the baseline, else the first parent."""
    if made_in is None:
        return None
    if made_in.baseline:
        return made_in.baseline
    commit = view.index.commit(made_in.commit_sha)
    return commit.parents[0] if commit and commit.parents else None


def params_at(view: View, sha: CommitSha, stage: str) -> Mapping[str, Any] | None:
    """Give the effective parameters of a stage's result in a commit; None where it has none."""
    commit = view.index.commit(sha)
    rows = view.index.of_snapshot(commit.snapshot) if commit else []
    return next((row.params for row in rows if row.stage == stage), None)


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Changed:
    """Map the parameters that differ to their values before (None: not there) and now."""
    names = sorted({*before, *now})
    return {n: (before.get(n), now.get(n)) for n in names if before.get(n) != now.get(n)}
