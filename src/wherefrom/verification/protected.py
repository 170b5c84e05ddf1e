"""Results that matter and that no tag keeps: a word to their owner, and no problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import metrics
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wherefrom.runs import ModelVersion
    from wherefrom.verification.subjects import Subject
    from wherefrom.view import View


class Important:
    """Knows which results matter: those of registered models, and the best of all."""

    def __init__(self, view: View) -> None:
        self._tagged = view.index.tagged()
        rows = view.index.results()
        self._metric = metrics.deciding(name for row in rows for name in row.metrics)
        having = [row for row in rows if self._metric in row.metrics]
        way = metrics.way(self._metric or "")
        merits = {r.key: metrics.merit(r.metrics[str(self._metric)], way) for r in having}
        first = min(merits.values(), default=None)
        self._best = {key for key, merit in merits.items() if merit == first}

    def notes(self, subject: Subject, versions: Sequence[ModelVersion]) -> Iterator[Gap]:
        """Say so where a result matters and no tag points to a commit that holds it."""
        if not subject.live or any(h.commit_sha in self._tagged for h in subject.held):
            return
        why = [version.uri for version in versions]
        why += [f"the best by {self._metric}"] if subject.key in self._best else []
        if why:
            yield Gap(
                what=f"no tag keeps {subject.name}, which is {', '.join(why)}",
                why="`dvc gc` may remove its data and its model",
                remedy=f"`wherefrom keep {subject.key[:12]}`",
            )
