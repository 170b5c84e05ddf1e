"""What somebody says of results afterwards: tags, kept as remarks on their records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import keys, settings
from wherefrom.commands import trace as tracing
from wherefrom.context import now
from wherefrom.errors.answers import TagValueError
from wherefrom.record import Gap
from wherefrom.remarking import Remarker
from wherefrom.remarks import Mark, Tagged, Told
from wherefrom.sources import git_repo
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from wherefrom.commands.trace import Trace
    from wherefrom.view import View


@dataclass(frozen=True)
class Said:
    """A result of which something was said, and all that is told of it by now."""

    trace: Trace
    told: Told
    gaps: tuple[Gap, ...]


def tag(
    view: View, addresses: Sequence[str], tags: Mapping[str, str | None], folder: Path
) -> list[Said]:
    """Set tags of results, or remove them (None); nothing is written where an address is wrong.

    Raises what `tracing.trace` does, and `TagValueError`.
    """
    given = {name: redact_text(value) if value else None for name, value in tags.items()}
    _check(view, given)
    traces = (tracing.trace(view, address, folder) for address in addresses)
    wanted = list({trace.key: trace for trace in traces}.values())
    by = git_repo.author(view.git_root)
    with Remarker(view) as remarker:
        return list(_said(remarker, wanted, given, by))


def _said(
    remarker: Remarker, traces: Sequence[Trace], tags: Mapping[str, str | None], by: str | None
) -> Iterator[Said]:
    for trace in traces:
        at = max(now(), trace.told.newest() + 1)  # the clock of who said it before may be fast
        gaps = remarker.write(trace, Tagged(tags, at, by))
        later = {name: Mark(value, at, by) for name, value in tags.items()}
        told = Told(trace.told.own, {**trace.told.marks, **later})
        yield Said(trace, told, (*gaps, *_unheld(trace)))


def _check(view: View, tags: Mapping[str, str | None]) -> None:
    """Raise `TagValueError` for a value that the vocabulary of `params.yaml` does not have."""
    chosen, _ = settings.understood(view.project.workspace, view.project.anchor.name)
    for name, value in tags.items():
        allowed = [keys.tag(one) for one in chosen.allowed_values.get(name, ())]
        if value is not None and allowed and value not in allowed:
            raise TagValueError(name, value, tuple(allowed))


def _unheld(trace: Trace) -> tuple[Gap, ...]:
    """Say so where the ledger has no place for a remark: MLflow alone has it then."""
    if trace.lineage is not None:
        return ()
    gap = Gap(
        what=f"what is said of {trace.key} is in MLflow alone",
        why="no commit and no experiment holds this run, so no record can have a remark",
        remedy="none is needed, unless the store may be lost",
    )
    return (gap,)
