"""The versions of each raw table, and what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import metrics
from wherefrom.commands import ls
from wherefrom.errors.answers import NoResultsError
from wherefrom.record import Gap
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wherefrom.entries import Entry
    from wherefrom.index.rows import CommitRow, Input
    from wherefrom.metrics import Way
    from wherefrom.view import View


@dataclass(frozen=True)
class TableVersion:
    """A version of a raw table: who introduced it, how many results used it, the best of them.

    `introduced` is None where no branch holds the version; `best` are all that are alike, and none
    where no result has the metric.
    """

    path: str
    hash: str | None
    size: int | None
    labels: tuple[str, ...]
    introduced: CommitRow | None
    results: int
    best: tuple[Entry, ...]


@dataclass(frozen=True)
class Versions:
    """The versions of all raw tables, by path and then by the metric, the best first.

    `metric` is None where no result has any.
    """

    metric: str | None
    versions: tuple[TableVersion, ...]
    gaps: tuple[Gap, ...]


def data(view: View, metric: str | None = None, better: Way | None = None) -> Versions:
    """List the versions; by the cross-validated score where no metric is named.

    `better` says which values are; None: as the metric's name tells. Raises `NoResultsError` and
    `UnknownMetricError`.
    """
    found = [entry for entry in ls.entries(view) if entry.held]
    if not found:
        raise NoResultsError
    name = metric or metrics.deciding(name for entry in found for name in entry.metrics)
    found = ls.ranked(view, found, name, better) if name else found
    users: dict[tuple[str, str | None], list[tuple[Input, Entry]]] = {}
    for entry in found:
        for item in entry.data:
            users.setdefault((item.path, item.hash), []).append((item, entry))
    versions = [_version(view, used, name) for used in users.values()]  # the best first
    versions.sort(key=lambda version: (version.path, not version.best))
    return Versions(name, tuple(versions), (*_ambiguous(versions), *view.shallow, *view.gaps))


def _version(view: View, used: list[tuple[Input, Entry]], metric: str | None) -> TableVersion:
    """Give a version with its results, the best of which comes first."""
    item = used[0][0]
    entries = [entry for _, entry in used]
    having = [entry for entry in entries if metric in entry.metrics]
    alike = [e for e in having if metric and e.metrics[metric] == having[0].metrics[metric]]
    return TableVersion(
        path=item.path,
        hash=item.hash,
        size=item.size,
        labels=tuple(dict.fromkeys(label for entry in entries for label in entry.labels)),
        introduced=_introduced(view, item, entries),
        results=len(entries),
        best=tuple(alike),
    )


def _introduced(view: View, item: Input, entries: Iterable[Entry]) -> CommitRow | None:
    """Find the first commit of a branch with the version, else the first experiment with it."""
    if not item.hash:
        return None
    path = view.project.in_git(item.dvc_file)
    tips = ("--branches", "--tags", "--remotes")
    sha = git_repo.introduced(view.git_root, path, item.hash, tips)
    if sha is None:
        held = [entry.made_in for entry in entries if entry.made_in]
        sha = min(held, key=lambda h: h.time).commit_sha if held else None
    return view.index.commit(sha) if sha else None


def _ambiguous(versions: Iterable[TableVersion]) -> Iterator[Gap]:
    """Name the labels that stand for two versions of one table."""
    places: dict[tuple[str, str], list[str]] = {}
    for version in versions:
        for label in version.labels:
            places.setdefault((version.path, label), []).append(str(version.hash))
    for (path, label), hashes in places.items():
        if len(hashes) > 1:
            yield Gap(
                what=f"the label {label} stands for {len(hashes)} versions of {path}",
                why=f"results with it were made from {', '.join(hashes)}",
                remedy="give each version a label of its own: `data.version` in params.yaml",
            )
