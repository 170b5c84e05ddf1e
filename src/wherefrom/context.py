"""All that is known of a stage as it starts, and what has changed when it ends."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wherefrom import environment, keys, trial, workspace
from wherefrom.depot import Asked, Known
from wherefrom.identity import CommitSha, ExperimentName
from wherefrom.lockfile import fingerprint, flat_params
from wherefrom.record import Gap
from wherefrom.settings import is_off
from wherefrom.sources import dvc_running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wherefrom.depot import Answer
    from wherefrom.identity import Fingerprint, RecordId
    from wherefrom.lockfile import StageFacts
    from wherefrom.project import Project
    from wherefrom.record import GitFacts
    from wherefrom.settings import Settings
    from wherefrom.sources.dvc_running import RunningStage
    from wherefrom.sources.dvc_stage import Place


@dataclass(frozen=True)
class Context:
    """All that is known as a stage starts."""

    project: Project
    settings: Settings
    place: Place
    stage: RunningStage
    observed: environment.Observed
    git: GitFacts
    dirty_paths: tuple[str, ...]
    environ: Mapping[str, str]
    started: int
    ignored: Mapping[str, Mapping[str, str]]

    @property
    def fingerprint(self) -> Fingerprint:
        """The identity of what the stage computes, as it started."""
        return fingerprint(self.stage.facts)

    @property
    def params(self) -> dict[str, str]:
        """The effective parameters, in MLflow's form."""
        flat = flat_params(self.stage.params_of)
        return {keys.key(name): keys.param(value) for name, value in flat.items()}

    @property
    def experiment(self) -> ExperimentName | None:
        """The DVC experiment that the stage runs in; None outside of one."""
        name = self.environ.get("DVC_EXP_NAME")
        return ExperimentName(name) if name else None

    @property
    def baseline(self) -> CommitSha | None:
        """The commit that the DVC experiment started from; None outside of one."""
        sha = self.environ.get("DVC_EXP_BASELINE_REV")
        return CommitSha(sha) if sha else None

    @property
    def tracking_uri(self) -> str:
        """The tracking store of this process, absolute; it may hold credentials."""
        return self.settings.store(self.project.anchor, self.environ)

    @property
    def is_off(self) -> bool:
        """Whether tracking is switched off for this process."""
        return is_off(self.environ)


def ask_of_stage(place: Place) -> Answer[RunningStage]:
    """Have DVC's facts of the stage of this process read: in a sweep they are known already."""
    told = trial.stage()
    return Known(told) if told else Asked(dvc_running.running_stage, place)


def look(
    project: Project,
    settings: Settings,
    place: Place,
    asked: Answer[RunningStage],
    environ: Mapping[str, str],
) -> Context:
    """Gather the facts of the DVC stage that this process runs in; `asked` are DVC's own."""
    started = now()
    stage = asked.value()
    git, dirty = workspace.git_facts(project, stage)
    observed = environment.observe(project.workspace)
    ignored = workspace.ignored(project, stage)
    facts = (stage, observed, git, dirty, dict(environ), started, ignored)
    return Context(project, settings, place, *facts)


def keep_dirty_tree(context: Context, record_id: RecordId) -> Context:
    """Keep a dirty tree as a commit, and name it; an experiment's own commit keeps its tree."""
    if not context.git.dirty or context.experiment:
        return context
    name = f"the stage {context.stage.address}"
    sha = workspace.keep(context.project, context.dirty_paths, record_id, name)
    return replace(context, git=replace(context.git, snapshot=CommitSha(sha)))


def gaps_at_end(context: Context) -> Iterator[Gap]:
    """Name what changed while the stage ran, and what it imported undeclared."""
    asked = None
    if not dvc_running.are_as_read(context.stage):
        asked = Asked(dvc_running.facts_now, context.place)
    yield from workspace.outside_of_git(context.project)
    yield from workspace.undeclared_imports(context.project, context.stage)
    facts = asked.value() if asked else context.stage.facts
    if fingerprint(facts) != context.fingerprint:
        yield _edited(context.stage, facts)


def now() -> int:
    """Give the time in milliseconds since 1970, UTC, as MLflow counts it."""
    return time.time_ns() // 1_000_000


def _edited(before: RunningStage, now: StageFacts) -> Gap:
    then = {dep.path: dep.hash for dep in before.facts.deps}
    changed = [dep.path for dep in now.deps if then.get(dep.path) != dep.hash]
    named = ", ".join(changed) or "its parameters or its command"
    return Gap(
        what=f"{named} changed while {before.address} ran",
        why="dvc.lock names the bytes of the end as its input; the stage had read others",
        remedy="run it again: `dvc repro --force " + str(before.address) + "`",
    )
