"""What a run is to carry: all of it where there is none, and what is known only afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import card, keys, lineage, plans, remarks
from wherefrom.datasets import MAX_DIGEST, DataInput
from wherefrom.ledger_run import LedgerRun, of_result
from wherefrom.names import ERROR, EXP_REV, HELD_BY, INHERITED, PROCESS, SOURCE_COMMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wherefrom.entries import Entry
    from wherefrom.lineage import Lineage
    from wherefrom.tree import Tree
    from wherefrom.view import View

_OF_HOLDER = (INHERITED, EXP_REV, HELD_BY)


@dataclass(frozen=True)
class Change:
    """The tags that a run is to be given, or with another value, and those that it is to lose."""

    tags: Mapping[str, str]
    gone: Sequence[str]


# -- a run that is missing


def run_of(view: View, here: Tree, result: Lineage, record_id: str) -> LedgerRun | None:
    """Give the run of a record: that of the result itself, or that of a training alone.

    None where the tree has not all that it was made from.
    """
    training, first = _training(here, result), None
    if result.record is not None and result.record.record_id == record_id:
        if result.record.relation == "own" and result.training is not None:
            first = training
            if result.training.record_id != record_id or training is None:
                return None  # the tree has another training than the one that it rests on
    elif training is not None:
        result = training
    else:
        return None
    path = here.params_file.get("data.path")
    values, _ = here.metrics(view.project.anchor, result.metric_files)
    return of_result(result, first, values, path if isinstance(path, str) else None)


def _training(here: Tree, result: Lineage) -> Lineage | None:
    """Give the result of the training that a result rests on; None where the tree has another."""
    if result.training is None:
        return None
    path = next(p for p, record in here.holding.records.items() if record is result.training)
    maker = next((s for s in result.stages if s.record_path == path), None)
    return lineage.result_of(here.holding, maker.address) if maker else None


# -- a run that has ended


def afterwards(entry: Entry, tags: Mapping[str, str]) -> Change:
    """Give what a result's run, which has `tags`, is to carry as soon as something holds it.

    The tag of the process goes: foreign code may go on with its run in another one, which would be
    taken for dead. So does the word of a process that was killed: the run was gone on with, and has
    finished.
    """
    links = _links(entry)
    passing = (PROCESS, ERROR, *_OF_HOLDER, *entry.told.marks)
    gone = [name for name in passing if name in tags and name not in links]
    return _with_card(tags, {k: v for k, v in links.items() if tags.get(k) != v}, gone)


def let_go(tags: Mapping[str, str], *, ours: bool) -> Change:
    """Give what changes in a run that nothing holds.

    In a store that others share (it is not `ours`) somebody else's experiment may hold it.
    """
    return _with_card(tags, {}, [name for name in _OF_HOLDER if ours and name in tags])


def late_metrics(entry: Entry, known: Mapping[str, float]) -> dict[str, float]:
    """Give the metrics of a recorded result that its run does not have yet, in MLflow's form."""
    values = {keys.key(name): value for name, value in entry.metrics.items()}
    return {k: v for k, v in values.items() if entry.record_id and k not in known}


def inputs(entry: Entry) -> list[DataInput]:
    """Give the raw data of a result, as far as MLflow can list them."""
    sha = entry.made_in.commit_sha if entry.made_in else None
    hashes = ((item.path, item.hash or "") for item in entry.data)
    return [DataInput(p, value, sha) for p, value in hashes if 0 < len(value) <= MAX_DIGEST]


def _links(entry: Entry) -> dict[str, str]:
    """Give the tags that say who holds a result, who inherits it, and what is said of it."""
    names = ", ".join(sorted(entry.inherited_by))
    links = {INHERITED: keys.tag(names)} if names else {}
    links |= remarks.tags(entry.reproduced) if entry.reproduced else {}
    links |= plans.tags(entry.outcome)
    links |= {name: value for name, value in entry.told.changed().items() if value is not None}
    if entry.made_in is None:
        return links
    links[HELD_BY] = keys.tag(entry.made_in.experiment or entry.made_in.commit_sha)
    if entry.made_in.experiment is not None:
        links[EXP_REV] = entry.made_in.commit_sha
    if entry.made_in.experiment is not None or (entry.run and entry.run.experiment is not None):
        links[SOURCE_COMMIT] = entry.made_in.commit_sha  # it is no baseline's result
    return links


def _with_card(here: Mapping[str, str], new: Mapping[str, str], gone: Sequence[str]) -> Change:
    """Add the tags of a run's description that change when its tags do."""
    after = {**{name: value for name, value in here.items() if name not in gone}, **new}
    found = card.described(after, here)
    written = {name: value for name, value in found.items() if here.get(name) != value}
    return Change({**new, **written}, gone)
