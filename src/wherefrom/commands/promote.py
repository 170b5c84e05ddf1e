"""A result under a name that others use: a version in MLflow's registry, after gates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from filelock import FileLock

from wherefrom import address, files, keys, promotions
from wherefrom.commands import gates, served
from wherefrom.commands import keep as keeping
from wherefrom.commands import trace as tracing
from wherefrom.context import now
from wherefrom.errors.answers import ImpossibleError
from wherefrom.errors.git import NothingToKeepError
from wherefrom.names import DECIDED, RESULT
from wherefrom.promotions import Promotion
from wherefrom.remarking import note, open_store
from wherefrom.remarks import Told
from wherefrom.sources import git_notes, git_repo
from wherefrom.sources.mlflow_registry import Registry, source_of
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wherefrom.commands.keep import Kept
    from wherefrom.commands.trace import Trace
    from wherefrom.index.rows import CommitRow
    from wherefrom.lineage import Lineage
    from wherefrom.metrics import Way
    from wherefrom.record import Gap
    from wherefrom.runs import LoggedModel
    from wherefrom.view import View


@dataclass(frozen=True)
class Request:
    """Which result is to be promoted to what; `alias` is None for a version without one.

    `force` says why gates that fail are overruled; None: they are not.
    """

    address: str
    name: str
    alias: str | None = None
    why: str = ""
    force: str | None = None
    metric: str | None = None
    better: Way | None = None

    @property
    def uri(self) -> str:
        """The address of what has the alias."""
        return f"models:/{self.name}@{self.alias}"


@dataclass(frozen=True)
class Promoted:
    """What came of it: `promotion` is None where a gate refused it, `made` False for none new.

    `failed` are the gates that it did not pass, `kept` the tags that keep it from now on. `notes`
    are words to whoever serves it, `told` is what somebody says of the result.
    """

    key: str
    request: Request
    failed: tuple[Gap, ...]
    promotion: Promotion | None = None
    made: bool = False
    kept: Kept | None = None
    notes: tuple[Gap, ...] = ()
    told: Told = field(default_factory=Told)

    @property
    def uri(self) -> str:
        """The address of the version."""
        return f"models:/{self.request.name}/{self.promotion.version if self.promotion else ''}"


def promote(
    view: View, asked: Request, folder: Path, reading: Callable[[int, int], None]
) -> Promoted:
    """Promote a result; a path is meant from `folder`.

    The same result twice under a name is one version. Raises what `address.resolve` does,
    `ImpossibleError` where there is nothing that could be registered, and `StoreUnreachableError`.
    """
    found = address.resolve(view, asked.address, folder)
    found = replace(found, in_workspace=not view.index.of_key(found.key))  # a commit comes first
    trace = tracing.of(view, found)
    registry = Registry(view.uri)
    with FileLock(files.private_folder(view.project.state) / "promote.lock"):
        holder = registry.holder(asked.name, asked.alias) if asked.alias else None
        gaps = [*gates.whole(view, found, reading), *gates.delivered(view, trace)]
        gaps += [*gates.held(trace), *gates.met(trace.outcome)]
        if holder is not None:
            gaps += gates.not_worse(view, trace, asked.uri, asked.metric, asked.better)
        failed = tuple(dict.fromkeys(gaps))
        if failed and asked.force is None:
            return Promoted(trace.key, asked, failed)
        logged = _model(view, trace)
        kept = _keep(view, asked, folder)
        open_store(view)  # of a project that was moved it mends where its models are
        version, is_new = _version(view, registry, asked.name, trace, logged)
        said = Promotion(
            at=now(),
            name=asked.name,
            version=version,
            alias=asked.alias,
            way=promotions.KIND,
            by=git_repo.author(view.git_root),
            why=redact_text("; ".join(filter(None, (asked.force, asked.why)))),
            despite=tuple(gap.what for gap in failed),
            before=holder,
            key=trace.key,
        )
        made = is_new or holder != version if asked.alias else is_new
        if made or not _is_known(view, said):
            _settle(view, registry, trace, said)
    notes = tuple(served.notes(trace, logged))
    return Promoted(trace.key, asked, failed, said, made, kept, notes, trace.told)


def _model(view: View, trace: Trace) -> LoggedModel:
    """Give the model that a result, or the training that it rests on, has logged, as its run's.

    The one that decides as the evaluation does comes first; that of another evaluation never.
    """
    if trace.run is None or trace.lineage is None:
        raise ImpossibleError(
            what="this result has no run in MLflow that a version could belong to",
            why=view.unasked or "it was made elsewhere or with tracking off",
            remedy="`wherefrom sync --rebuild` makes the run from git",
        )
    origin = trace.lineage.record.derived_from if trace.lineage.record else None
    training = view.ask(lambda runs: runs.of_records([origin])) if origin else []
    own, stored = trace.run.mlflow_run_id, view.runs.stored().models
    runs = [own, *(run.mlflow_run_id for run in training)]
    decided = {model.run_id: model for model in stored if model.name == DECIDED}
    trained = {model.run_id: model for model in stored if model.name != DECIDED}
    for model in (decided.get(own), *(trained.get(run_id) for run_id in runs)):
        if model is not None:
            return replace(model, run_id=own)
    again = _training_again(view, trace.lineage, trace.commit)
    raise ImpossibleError(
        what="MLflow has no model of this result",
        why="its training logged none, or it was lost there: a store that `wherefrom sync` makes "
        "anew has none",
        remedy=f"train again, commit what comes, and promote that: {again}; a training that logs "
        "no model is to call `run.log_model`",
    )


def _training_again(view: View, result: Lineage, commit: CommitRow | None) -> str:
    """Give the commands that make a result's model anew, in the commit that holds it."""
    training = next((stage for stage in result.stages if stage.record_path), result.final)
    commands = [f"dvc repro --force --downstream {training.address}"]
    if commit is not None and commit.sha != git_repo.head(view.git_root):
        commands = [f"git checkout {commit.sha[:10]}", "dvc checkout", *commands]
    return ", ".join(f"`{command}`" for command in commands)


def _keep(view: View, asked: Request, folder: Path) -> Kept | None:
    """Tag the commit of a result, so that no garbage collection takes what is in use.

    What is said of the promotion is to be pushed with the tags.
    """
    try:
        kept = keeping.keep(view, asked.address, folder)
        tags, *rest = kept.push
        return replace(kept, push=(f"{tags} {git_notes.REF}", *rest))
    except NothingToKeepError:
        if asked.force is None:
            raise
        return None


def _version(
    view: View, registry: Registry, name: str, trace: Trace, logged: LoggedModel
) -> tuple[str, bool]:
    """Give the version of a result under a name, and whether it was made now."""
    for version in registry.versions(name):
        if version.tags.get(RESULT) == trace.key and version.source == source_of(logged):
            return version.version, False
    tags = served.tags(trace)
    return registry.register(name, logged, served.description(view, trace, logged), tags), True


def _is_known(view: View, said: Promotion) -> bool:
    """Whether the ledger has the promotion already, under whatever time and name."""
    history = promotions.read(view.remarks.values(), said.name)
    of_alias = [one for one in history if one.alias == said.alias]
    if said.alias is None:
        return any(_is_same(one, said) for one in of_alias)
    return bool(of_alias) and _is_same(of_alias[-1], said)


def _is_same(one: Promotion, other: Promotion) -> bool:
    return one.version == other.version and one.key in {"", other.key}


def _settle(view: View, registry: Registry, trace: Trace, said: Promotion) -> None:
    """Set the alias, and say who did, when and why, in the ledger and in MLflow."""
    if said.alias is not None:
        registry.set_alias(said.name, said.alias, said.version)
    note(view, trace, lambda fingerprint: promotions.line(said, fingerprint))
    tags = promotions.tags(said)
    registry.set_tags(said.name, said.version, {k: keys.tag(v) for k, v in tags.items()})


def history(view: View, name: str) -> list[Promotion]:
    """Give who promoted what under a name, when and why, the oldest first."""
    return promotions.read(view.remarks.values(), name)


def roll_back(view: View, name: str, alias: str, why: str) -> Promotion:
    """Give an alias back to the version that had it before, and whose model is there still.

    Raises `ImpossibleError`.
    """
    registry = Registry(view.uri)
    with FileLock(files.private_folder(view.project.state) / "promote.lock"):
        holder = registry.holder(name, alias)
        whole = {source_of(model) for model in view.runs.stored().models}
        versions = (one for one in registry.versions(name) if one.source in whole)
        there = {one.version: one.tags.get(RESULT) for one in versions}
        known = promotions.stack(promotions.still_there(history(view, name), there), alias)
        target = promotions.former(known, holder)
        if target is None:
            raise ImpossibleError(
                what=f"models:/{name}@{alias} has nothing to go back to",
                why="no other version that loads was promoted to it"
                if holder
                else "nothing has that alias",
                remedy=f"`wherefrom promote --history {name}` lists what was",
            )
        trace = tracing.trace(view, f"models:/{name}/{target}", view.folder)
        by = git_repo.author(view.git_root)
        head = Promotion(now(), name, target, alias, "rolled back", by, redact_text(why))
        said = replace(head, before=holder, key=trace.key)
        _settle(view, registry, trace, said)
    return said
