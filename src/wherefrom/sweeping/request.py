"""What somebody asks of a sweep, and whether it can be run: said before anything is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wherefrom.errors.sweeps import SweepError
from wherefrom.sources import git_kept, git_repo, optuna_study
from wherefrom.sources.dvc_experiment import Base
from wherefrom.sweeping import book as books
from wherefrom.sweeping import choosing
from wherefrom.sweeping.book import Definition

if TYPE_CHECKING:
    from wherefrom.project import Project
    from wherefrom.sweeping.space import Space

TREES = "refs/wherefrom/sweeps/"
"""Refs of the commits that keep the workspaces that sweeps started from, by their names."""
_NAME = re.compile(r"\w([\w.-]*\w)?")


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: the parts of a `Definition`, and how it is run.

    `jobs` is the number of workers, None for one on each core.
    """

    overrides: tuple[str, ...]
    name: str | None = None
    sampler: str = choosing.GRID
    trials: int | None = None
    seed: int = 0
    metric: str | None = None
    better: str | None = None
    pruner: str | None = None
    jobs: int | None = None


def definition(project: Project, name: str, asked: Asked) -> Definition:
    """Say where a sweep starts: at HEAD, with what differs from it in files that git knows."""
    root = project.git_root
    commit = git_repo.head(root) if root else None
    if root is None or commit is None:
        raise SweepError("there is no commit that experiments could start from", "commit first")
    changed = [change.path for change in git_repo.changes(root) if not change.untracked]
    message = f"The workspace as the sweep {name} started"
    tree = git_kept.snapshot(root, changed, TREES + name, message) if changed else None
    return Definition(
        name=name,
        overrides=asked.overrides,
        sampler=asked.sampler,
        trials=asked.trials,
        seed=asked.seed,
        metric=asked.metric,
        better=asked.better,
        pruner=asked.pruner,
        commit=commit,
        tree=tree,
    )


def base(project: Project, begun: Definition) -> Base:
    """Give what the experiments of a sweep start from. Raises `SweepError`."""
    if project.repository is None:
        raise SweepError("DVC experiments need git", "`git init`, and commit")
    common_dir = project.repository.common_dir
    for sha in filter(None, (begun.commit, begun.tree)):
        if not git_repo.has(common_dir, sha):
            what = f"git has no longer the commit {sha[:10]}, from which {begun.name} started"
            raise SweepError(what, "fetch it if it was pushed, or start a new sweep")
    return Base(project.workspace, project.prefix, common_dir, begun.commit, begun.tree)


def with_trials(begun: Definition, trials: int) -> Definition:
    """Let a sweep have another number of trials. Raises `SweepError`."""
    if begun.sampler == choosing.GRID:
        raise SweepError(f"{begun.name} is a grid: it runs all of its variants", "drop --trials")
    return replace(begun, trials=trials)


def new_name(project: Project) -> str:
    """Choose a name that no sweep and no experiment has."""
    known = {*books.names(project.state), *_names_of_experiments(project)}
    number = 1
    while f"sweep-{number}" in known:
        number += 1
    return f"sweep-{number}"


def _names_of_experiments(project: Project) -> set[str]:
    """Give the names of experiments without the number at their end."""
    refs = git_repo.refs_below(project.git_root, "refs/exps/") if project.git_root else {}
    return {ref.rpartition("/")[2].rpartition("-")[0] for ref in refs}


def check_name(project: Project, name: str) -> None:
    """Refuse a name that no experiments could begin with, or that some begin with already."""
    if not _NAME.fullmatch(name) or ".." in name or name.endswith(".lock"):
        what = f"{name!r} cannot be the name of experiments"
        raise SweepError(what, "take letters, digits, `-`, `_` and `.`")
    if name in _names_of_experiments(project) and name not in books.names(project.state):
        raise SweepError(f"there are experiments {name}-... already", "give another --name")


def check(asked: Asked, found: Space) -> None:
    """Refuse what cannot be run, before anything is. Raises `SweepError`, `EndlessGridError`."""
    if asked.sampler not in {choosing.GRID, *optuna_study.SAMPLERS}:
        known = ", ".join((choosing.GRID, *optuna_study.SAMPLERS))
        raise SweepError(f"there is no sampler {asked.sampler}", f"there are: {known}")
    if asked.sampler != choosing.GRID:
        optuna_study.require(asked.sampler)
    if asked.pruner not in {None, *optuna_study.PRUNERS}:
        known = ", ".join(optuna_study.PRUNERS)
        raise SweepError(f"there is no pruner {asked.pruner}", f"there are: {known}")
    if asked.sampler == choosing.GRID and asked.trials is not None:
        remedy = "drop --trials, or take --sampler random"
        raise SweepError("a grid runs all of its variants", remedy)
    if asked.sampler == choosing.GRID and asked.pruner not in {None, choosing.NO_PRUNER}:
        remedy = "drop --pruner, or take --sampler random --trials N"
        raise SweepError("a grid runs all of its variants: it prunes none", remedy)
    if not choosing.is_listed(asked.sampler, asked.pruner) and asked.metric is None:
        remedy = "name it: --metric cv.roc_auc.mean"
        raise SweepError(f"--sampler {asked.sampler} needs to know what is good", remedy)
    choosing.size(asked.sampler, asked.trials, found)
