"""Changes that are proposed, as a diff."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from wherefrom.render import text

if TYPE_CHECKING:
    from wherefrom.commands.init import Change, Proposal


def proposal(found: Proposal) -> str:
    """Show the changes as `git diff` does, then what else there is to do."""
    hints = "".join(f"{hint}\n" for hint in found.hints)
    return "".join(_diff(change) for change in found.changes) + hints + text.gaps(found.gaps)


def proposal_json(found: Proposal, *, applied: bool) -> str:
    """Write the same for a program."""
    changes = [{"path": change.path, "diff": _diff(change)} for change in found.changes]
    gaps = text.gaps_json(found.gaps)
    return text.as_json(
        {"changes": changes, "applied": applied, "hints": list(found.hints), "gaps": gaps}
    )


def _diff(change: Change) -> str:
    old = f"a/{change.path}" if change.before else "/dev/null"
    lines = difflib.unified_diff(
        change.before.splitlines(keepends=True),
        change.after.splitlines(keepends=True),
        old,
        f"b/{change.path}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
