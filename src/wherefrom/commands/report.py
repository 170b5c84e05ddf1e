"""What a page about a project's results is made of: all of them, and some of them side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import TYPE_CHECKING

from wherefrom import address, metrics
from wherefrom.commands import audit, diff, ls, trace
from wherefrom.errors.answers import NoResultsError
from wherefrom.found import Found
from wherefrom.problems import Levels
from wherefrom.sources import dvc_plots, git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from wherefrom.commands.audit import Audit
    from wherefrom.commands.diff import Difference
    from wherefrom.commands.trace import Trace
    from wherefrom.entries import Entry
    from wherefrom.index.rows import CommitRow
    from wherefrom.metrics import Way
    from wherefrom.record import Gap
    from wherefrom.sources.dvc_plots import Plots
    from wherefrom.view import View

BEST = 3
"""How many results are chosen where none is named."""
MOST = len(ascii_uppercase)


@dataclass(frozen=True)
class Chosen:
    """A result that is looked at closely; `label` is what the page calls it: A, B, ..."""

    label: str
    trace: Trace

    @property
    def name(self) -> str:
        """What a person would call it: its experiment, its run's name, else its id."""
        made_in, run = self.trace.made_in, self.trace.run
        named = (made_in.experiment if made_in else None) or (run.name if run else None)
        return named or self.trace.key[:12]


@dataclass(frozen=True)
class Report:
    """All results, the best by `metric` first, some of them side by side, and the audit of all.

    `metric` is None where no result has any; `head` is the commit that was looked from, None before
    the first. `loose` counts the runs that nothing holds, which are not among `entries`.
    `trees` maps what DVC calls the commits of the chosen results to their labels.
    """

    project: str
    head: CommitRow | None
    entries: tuple[Entry, ...]
    loose: int
    metric: str | None
    way: Way | None
    chosen: tuple[Chosen, ...]
    trees: Mapping[str, str]
    plots: Plots
    audit: Audit
    gaps: tuple[Gap, ...]

    def way_of(self, metric: str) -> Way:
        """Say which values of a metric are better: as asked, else as its name tells."""
        return self.way if self.way and metric == self.metric else metrics.way(metric)

    @property
    def differences(self) -> list[Difference]:
        """Say what each chosen result has that the first has not."""
        first, *others = self.chosen
        return [diff.diff(first.trace, other.trace) for other in others]


def report(
    view: View,
    addresses: Sequence[str],
    folder: Path,
    metric: str | None = None,
    better: Way | None = None,
    *,
    drawn: bool = True,
) -> Report:
    """Collect the page; of `addresses`, else of the best few, it says more.

    The results are sorted by the cross-validated score where no metric is named. Raises what an
    address raises, `NoResultsError` and `UnknownMetricError`. There are `MOST` addresses at most.
    Without `drawn` DVC is not asked for plots, which takes it a second.
    """
    listed = ls.entries(view)
    held = [entry for entry in listed if entry.held]
    if not held:
        raise NoResultsError
    name = metric or metrics.deciding(name for entry in held for name in entry.metrics)
    held = ls.ranked(view, held, name, better) if name else held
    found = [address.resolve(view, text, folder) for text in dict.fromkeys(addresses)]
    chosen = _chosen(view, found or [_of(entry) for entry in held[:BEST]])
    head = git_repo.head(view.git_root)
    trees = _trees(chosen)
    plots = dvc_plots.side_by_side(view.project.workspace, trees if drawn else ())
    health = audit.of(view, listed, Levels(data=False, remote=False))
    return Report(
        project=view.project.anchor.name,
        head=view.index.commit(head) if head else None,
        entries=tuple(held),
        loose=len(listed) - len(held),
        metric=name,
        way=(better or metrics.way(name)) if name else None,
        chosen=chosen,
        trees=trees,
        plots=plots,
        audit=health,
        gaps=tuple(dict.fromkeys((*view.gaps, *_of_chosen(chosen), *plots.gaps))),
    )


def _of(entry: Entry) -> Found:
    return Found(entry.key, in_workspace=entry.made_in is None)


def _chosen(view: View, found: Iterable[Found]) -> tuple[Chosen, ...]:
    once = {one.key: one for one in found}.values()
    return tuple(Chosen(ascii_uppercase[n], trace.of(view, one)) for n, one in enumerate(once))


def _trees(chosen: Iterable[Chosen]) -> dict[str, str]:
    """Map what DVC calls the trees of the chosen results to labels; a run alone has no tree."""
    found: dict[str, str] = {}
    for one in chosen:
        if one.trace.lineage is not None:
            rev = one.trace.commit.sha if one.trace.commit else "workspace"
            found[rev] = f"{found[rev]}, {one.label}" if rev in found else one.label
    return found


def _of_chosen(chosen: Sequence[Chosen]) -> Iterator[Gap]:
    """Give the gaps of the chosen results; what not all of them have is said of those that have."""
    for gap in dict.fromkeys(gap for one in chosen for gap in one.trace.gaps):
        having = [one.label for one in chosen if gap in one.trace.gaps]
        is_of_all = len(having) == len(chosen)
        yield gap if is_of_all else replace(gap, what=f"{', '.join(having)}: {gap.what}")
