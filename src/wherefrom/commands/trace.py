"""One result, and everything that led to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wherefrom import address, checks, holders, lineage, plans, remarks, tree, versions
from wherefrom import baseline as baselines
from wherefrom.holders import Holder
from wherefrom.record import Gap
from wherefrom.remarks import Told
from wherefrom.runs import Logged
from wherefrom.sources import git_repo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wherefrom.baseline import Changed
    from wherefrom.found import Found
    from wherefrom.holders import Relation
    from wherefrom.identity import CommitSha, ExperimentName
    from wherefrom.index.rows import CommitRow
    from wherefrom.join import Joined
    from wherefrom.lineage import Lineage
    from wherefrom.plans import Outcome
    from wherefrom.predictions import Predictions
    from wherefrom.record import Record
    from wherefrom.remarks import Reproduced
    from wherefrom.runs import Run
    from wherefrom.tree import Tree
    from wherefrom.versions import Version
    from wherefrom.view import View


@dataclass(frozen=True)
class Trace:
    """A result and its address in data, code, parameters and environment.

    `lineage` is None for a run that no commit and no experiment holds. `experiments` and `commits`
    are all that hold the result, `commit` the one that is asked about, None for the workspace;
    where `attributed` is False it does not hold what the result was made from, and `gaps` say why.
    `changed` maps parameters to their values in the baseline or parent and here; `unused` those of
    `params.yaml` that no stage uses and that differ. `reproduced` is what its last reproduction
    came to, `told` what somebody says of it. `predictions` are those that the address named, which
    the result has made.
    """

    key: str
    lineage: Lineage | None
    run: Run | None
    relation: Relation | None
    made_in: Holder | None
    experiments: tuple[ExperimentName, ...]
    commits: tuple[CommitSha, ...]
    commit: CommitRow | None
    attributed: bool
    refs: tuple[str, ...]
    baseline: CommitSha | None
    data: tuple[Version, ...]
    params: Mapping[str, Any]
    changed: Changed
    unused: Changed
    metrics: Mapping[str, float]
    gaps: tuple[Gap, ...]
    reproduced: Reproduced | None = None
    told: Told = field(default_factory=Told)
    predictions: Predictions | None = None

    @property
    def record(self) -> Record | None:
        """The record of the result; None in a project that keeps none."""
        return self.lineage.record if self.lineage else None

    @property
    def inherited_by(self) -> list[ExperimentName]:
        """The experiments that hold the result and did not make it."""
        others = list(self.experiments)
        if self.made_in is not None and self.made_in.experiment in others:
            others.remove(
                self.made_in.experiment
            )  # another of its name, on another baseline, stays
        return others

    @property
    def plan(self) -> Mapping[str, Any]:
        """What was expected before it ran; empty for nothing."""
        return self.record.plan if self.record else {}

    @cached_property
    def outcome(self) -> Outcome | None:
        """What came of the plan; None where no success criteria were given."""
        return plans.outcome(self.plan, self.metrics)


def trace(view: View, text: str, folder: Path) -> Trace:
    """Trace an address; a path is meant from `folder`.

    Raises `UnknownAddressError`, `AmbiguousAddressError` and `NoResultsError`.
    """
    return of(view, address.resolve(view, text, folder))


def of(view: View, found: Found) -> Trace:
    """Trace what an address was found to mean."""
    if found.run is not None:
        alone = _of_run(view, found.run)
        return replace(alone, predictions=found.predictions, gaps=(*found.gaps, *alone.gaps))
    return _Tracer(view, found).trace()


class _Tracer:
    """Gathers what is known of one result that a commit or the workspace holds."""

    def __init__(self, view: View, found: Found) -> None:
        self._view = view
        self._found = found
        self._root = view.project.workspace
        self._held = view.index.holders(found.key)
        self._rows = view.index.of_key(found.key) or [
            row for row in view.index.of_commit(found.commit_sha) if row.key == found.key
        ]

    def trace(self) -> Trace:
        joined = self._join()
        made_in = holders.origin(joined.maker, self._held)
        holder = self._holder(made_in)
        here = self._tree(holder)
        result = next(r for r in lineage.results(here.holding) if r.key == self._found.key)
        commit = self._view.index.commit(holder.commit_sha) if holder else None
        values, metric_gaps = here.metrics(self._view.project.anchor, result.metric_files)
        wrong = (*result.gaps, *checks.attributed(self._view, result, commit, here))
        baseline, before = self._before(holder or made_in, result)
        reproduced = self._view.reproduced(result.record, result.key)
        return Trace(
            key=self._found.key,
            lineage=result,
            run=joined.run,
            relation=self._relation(joined, holder, made_in),
            made_in=made_in,
            experiments=tuple(h.experiment for h in self._held if h.experiment),
            commits=tuple(dict.fromkeys(h.commit_sha for h in self._held)),
            commit=commit,
            attributed=not wrong,
            refs=git_repo.containing(self._view.git_root, commit.sha) if commit else (),
            baseline=baseline,
            data=tuple(versions.of_result(self._view, result, commit)),
            params=result.params,
            changed=_changed(before, result),
            unused=_unused(before, here, result),
            metrics=values or self._logged(joined),
            gaps=(
                *self._found.gaps,
                *wrong,
                *(result.record.gaps if result.record else ()),
                *joined.gaps,
                *_renamed(joined, made_in),
                *checks.environment(self._view, result, commit),
                *metric_gaps,
                *self._view.shallow,
                *self._view.gaps,
            ),
            reproduced=reproduced,
            told=self._view.told(result.record, result.key, result.tags),
            predictions=self._found.predictions,
        )

    def _join(self) -> Joined:
        if self._rows:
            row = self._rows[0]
            record = self._view.index.record(row.record_id) if row.record_id else None
            asked = self._found.commit_sha
            return self._view.run_of(record, row.fingerprints, self._held, asked)
        held = tree.of_workspace(self._root).holding
        result = next(r for r in lineage.results(held) if r.key == self._found.key)
        return self._view.run_of(result.record, result.fingerprints, self._held)

    def _logged(self, joined: Joined) -> Mapping[str, float]:
        """Give the metrics of a result whose project leaves them to MLflow alone."""
        if joined.run is None or (self._rows and self._rows[0].record_id):
            return {}
        run_id = joined.run.mlflow_run_id
        return self._view.ask_logged([run_id]).get(run_id, Logged()).metrics

    def _holder(self, made_in: Holder | None) -> Holder | None:
        """Say who is asked about: the commit that the address names, else who made the result."""
        if self._found.in_workspace:
            return None
        named = [h for h in self._held if h.commit_sha == self._found.commit_sha]
        inside = [holder for holder in named if holder.experiment]
        if not named and self._found.commit_sha:  # no ref leads to it any more
            commit = self._view.index.commit(self._found.commit_sha)
            return Holder(self._found.commit_sha, commit.time if commit else 0)
        return next(iter(inside or named), made_in)

    def _tree(self, holder: Holder | None) -> Tree:
        if holder is None:
            return tree.of_workspace(self._root)
        return tree.of_commit(self._view, holder.commit_sha)

    def _relation(
        self, joined: Joined, holder: Holder | None, made_in: Holder | None
    ) -> Relation | None:
        if holder is not None:
            return holders.relation(joined.maker, holder, made_in)
        return self._view.relation_in_workspace(joined.maker, self._held)

    def _before(
        self, holder: Holder | None, result: Lineage
    ) -> tuple[CommitSha | None, Tree | None]:
        """Give the commit to compare with, and its tree; None where it has no such result.

        What nothing holds yet, the workspace alone, is compared with HEAD.
        """
        head = git_repo.head(self._view.git_root)
        sha = baselines.before(self._view, holder) if holder else head
        if sha is None or baselines.params_at(self._view, sha, result.final.address) is None:
            return None, None
        return sha, tree.of_commit(self._view, sha)


def _changed(before: Tree | None, result: Lineage) -> Changed:
    if before is None:
        return {}
    same = [r for r in lineage.results(before.holding) if r.final.address == result.final.address]
    return baselines.changed(same[0].params, result.params) if same else {}


def _unused(before: Tree | None, here: Tree, result: Lineage) -> Changed:
    """Give what differs in `params.yaml` and is a parameter of no stage: a note, say."""
    if before is None:
        return {}
    differing = baselines.changed(before.params_file, here.params_file)
    return {name: values for name, values in differing.items() if name not in result.params}


def _renamed(joined: Joined, made_in: Holder | None) -> Iterator[Gap]:
    if not holders.is_renamed(joined.maker, made_in) or not joined.maker or not made_in:
        return
    if joined.run is None or joined.run.exp_rev != made_in.commit_sha:  # a sync has not seen it
        yield Gap(
            what=f"this result was made in the experiment {joined.maker.experiment}",
            why=f"no experiment of that name holds it now; {made_in.experiment} does",
            remedy="none is needed if it was renamed",
        )


def _of_run(view: View, run: Run) -> Trace:
    """Trace a run that no commit and no experiment holds, by what MLflow has of it.

    That of a whole sweep has no result, so that is no gap.
    """
    logged = view.ask_logged([run.mlflow_run_id]).get(run.mlflow_run_id, Logged())
    said = run.error or run.pruned
    gap = Gap(
        what="no commit and no experiment holds this run",
        why=said or "its record was never committed, was amended away, or it ended otherwise",
        remedy="commit its dvc.lock and records while the workspace has them, or run it again",
    )
    return Trace(
        key=run.mlflow_run_id,
        lineage=None,
        run=run,
        relation=None,
        made_in=None,
        experiments=(),
        commits=(),
        commit=None,
        attributed=False,
        refs=(),
        baseline=None,
        data=(),
        params=logged.params,
        changed={},
        unused={},
        metrics=logged.metrics,
        gaps=(*(() if run.is_of_sweep else (gap,)), *view.gaps),
        told=remarks.of_run(logged.tags),
    )
