"""What a tree holds -> its results: from the raw data over the stages to the metrics. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from wherefrom.lockfile import flat_params, is_record
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wherefrom.holding import Holding, Raw, Stage
    from wherefrom.identity import DataHash, Fingerprint, StageAddress
    from wherefrom.lockfile import FileFacts
    from wherefrom.record import Record

_T = TypeVar("_T")


@dataclass(frozen=True)
class Lineage:
    """A result and everything that led to it.

    `stages` are in the order of the data, `final` the last of them; `before` maps each to those
    that it takes from. `record` is that of the final stage, `training` the one it rests on: both
    None in a project that keeps none. `used` maps each raw input to the hash that the lock says was
    read; `raw` says what the `.dvc` files say.
    """

    final: Stage
    stages: tuple[Stage, ...]
    before: Mapping[StageAddress, tuple[StageAddress, ...]]
    used: Mapping[str, DataHash | None]
    raw: tuple[Raw, ...]
    record: Record | None
    training: Record | None
    gaps: tuple[Gap, ...]

    @property
    def key(self) -> str:
        """The identity of the result: its record's id, else the fingerprint of its last stage."""
        return self.record.record_id if self.record else self.final.fingerprint

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """The fingerprints of its stages, the last stage's first."""
        return tuple(stage.fingerprint for stage in reversed(self.stages))

    @property
    def params(self) -> dict[str, Any]:
        """The effective parameters: those that its stages ran with, by the lock."""
        return flat_params((stage.wdir, stage.facts) for stage in self.stages)

    @property
    def tags(self) -> dict[str, str]:
        """What its records say of it: the training's, too, where it is in that one's run."""
        first = None if self.is_of_other_training else self.training
        own = first.tags if first and self.record and self.record.relation == "own" else {}
        return {**own, **(self.record.tags if self.record else {})}

    @property
    def is_of_other_training(self) -> bool:
        """Whether the tree has another training than the one that the result rests on."""
        if self.record is None or self.training is None:
            return False
        return self.training.record_id != (self.record.derived_from or self.record.record_id)

    @property
    def metric_files(self) -> tuple[tuple[str, DataHash | None], ...]:
        """The metric files of its stages, with their hashes by the lock; no other training's."""
        stages = (self.final,) if self.is_of_other_training else self.stages
        return tuple((p, s.outs[p].hash) for s in stages for p in s.metrics)

    @property
    def models(self) -> tuple[str, ...]:
        """The outputs that stand beside the training's record; without records, none is known."""
        if self.is_of_other_training:
            return ()
        makers = [stage for stage in self.stages if stage.record_path]
        kept = [path for path in makers[0].outs if not is_record(path)] if makers else []
        return models_among(path for path in kept if path not in makers[0].metrics)

    @property
    def model_files(self) -> tuple[tuple[str, FileFacts], ...]:
        """The same with what the lock says of each."""
        outs = {path: out for stage in self.stages for path, out in stage.outs.items()}
        return tuple((path, outs[path]) for path in self.models)


_NO_MODELS = (".csv", ".tsv", ".json", ".png", ".svg", ".html", ".log")


def models_among(paths: Iterable[str]) -> tuple[str, ...]:
    """Leave out the tables and pictures that a training leaves beside its model."""
    return tuple(path for path in paths if not path.endswith(_NO_MODELS))


def results(holding: Holding) -> tuple[Lineage, ...]:
    """Give the results that a tree holds: one for each stage with metrics that no such one follows.

    A stage that keeps a record counts as one with metrics; where no stage has any, every stage that
    nothing follows is one. A training that ran again and was not evaluated is a result as well: the
    one beside it rests on the training before.
    """
    before = _edges(holding.stages)
    measured = {a for a, s in holding.stages.items() if s.metrics or s.record_path}
    followed = {parent for address in measured or before for parent in _upstream(before, address)}
    finals = [address for address in measured or before if address not in followed]
    found = [_lineage(holding, before, address) for address in finals]
    alone = dict.fromkeys(_training_of(result) for result in found if result.is_of_other_training)
    return (*found, *(_lineage(holding, before, address) for address in alone if address))


def _training_of(result: Lineage) -> StageAddress | None:
    """Find the stage whose record a result's training is."""
    stages = (s for s in result.stages if s.record_path in result.final.deps)
    return next((stage.address for stage in stages), None)


def result_of(holding: Holding, address: StageAddress) -> Lineage:
    """Give what one stage of a tree left, as a result. Raises `KeyError` for an unknown stage."""
    return _lineage(holding, _edges(holding.stages), address)


Edges = dict["StageAddress", tuple["StageAddress", ...]]


def _edges(stages: Mapping[StageAddress, Stage]) -> Edges:
    """Map each stage to those that it takes something from."""
    makers = _Places({path: stage.address for stage in stages.values() for path in stage.outs})
    return {
        address: tuple(
            dict.fromkeys(m for path in stage.deps for m in makers.touched(path) if m != address)
        )
        for address, stage in stages.items()
    }


class _Places(Generic[_T]):
    """What stands at paths; the folders around them are listed once, since many are asked for."""

    def __init__(self, places: Mapping[str, _T]) -> None:
        self._at = places
        self._below: dict[str, list[_T]] = {}
        for place, found in places.items():
            for folder in _parents(place):
                self._below.setdefault(folder, []).append(found)

    def touched(self, path: str) -> list[_T]:
        """Give what stands at a path, holds it or lies in it."""
        around = next((place for place in (path, *_parents(path)) if place in self._at), None)
        return self._below.get(path, []) if around is None else [self._at[around]]


@lru_cache(maxsize=100_000)  # many results name the same files
def _parents(path: str) -> tuple[str, ...]:
    """List the folders that a path lies in, the nearest first."""
    found: list[str] = []
    while path := path.rpartition("/")[0]:
        found.append(path)
    return tuple(found)


def _upstream(before: Edges, address: StageAddress) -> list[StageAddress]:
    """List what a stage descends from, nearest first."""
    found: list[StageAddress] = []
    todo = list(before[address])
    while todo:
        here = todo.pop(0)
        if here not in found and here != address:
            found.append(here)
            todo += before[here]
    return found


def _lineage(holding: Holding, before: Edges, address: StageAddress) -> Lineage:
    stages = tuple(holding.stages[a] for a in _in_order(before, address))
    final = stages[-1]
    raws = _Places(holding.raw)
    read = [
        (raw, p, dep.hash) for s in stages for p, dep in s.deps.items() for raw in raws.touched(p)
    ]
    used = {path: value for _, path, value in read}
    raw = tuple(dict.fromkeys(item for item, _, _ in read))
    record = holding.records.get(final.record_path or "")
    resting = [path for path in final.deps if is_record(path)]
    training = next((holding.records[p] for p in resting if p in holding.records), None)
    gaps = (
        *holding.gaps,
        *_record_gaps(final, record),
        *_training_gaps(holding, record, training, resting),
        *_broken(stages),
        *_other_command(stages),
        *_other_data(raw, used),
    )
    inside = {stage.address: before[stage.address] for stage in stages}
    return Lineage(final, stages, inside, used, raw, record, training, gaps)


def _in_order(before: Edges, address: StageAddress) -> list[StageAddress]:
    """Sort a stage and those before it so that each follows what it takes from."""
    placed: list[StageAddress] = []

    def place(here: StageAddress, path: tuple[StageAddress, ...]) -> None:
        for parent in before[here]:
            if parent not in placed and parent not in path:
                place(parent, (*path, here))
        placed.append(here)

    place(address, ())
    return list(dict.fromkeys(placed))


def _record_gaps(final: Stage, record: Record | None) -> Iterator[Gap]:
    """Check the record of a result against the lock: it is checked, not believed."""
    if final.record_path is None:
        return
    if record is None:
        yield Gap(
            what=f"the record of {final.address} is not here",
            why=f"{final.record_path} is in dvc.lock and not in this tree",
            remedy=f"commit it with dvc.lock, or run it again: `dvc repro --force {final.address}`",
        )
    elif record.fingerprint != final.fingerprint:
        yield other_inputs(final.address)


def other_inputs(stage: str) -> Gap:
    """Say that a lock is not what a stage's record says that it started with."""
    return Gap(
        what=f"the inputs in dvc.lock are not those that {stage} started with",
        why="something changed while it ran, or dvc.lock or the record is of another result",
        remedy=f"run it again: `dvc repro --force {stage}`",
    )


def _training_gaps(
    holding: Holding, record: Record | None, training: Record | None, resting: list[str]
) -> Iterator[Gap]:
    if record is None:
        return
    origin = record.derived_from or record.record_id
    if resting and training is None:
        yield Gap(f"{resting[0]} is not here", "this result rests on it", "commit it too")
    elif training is not None and training.record_id != origin:
        yield Gap(
            what="the training in this tree is not the one that this result rests on",
            why=f"its record is {training.record_id}, and the result is of {origin}",
            remedy="run the rest: `dvc repro`",
        )
    maker = next((s for s in holding.stages.values() if s.record_path in resting), None)
    if training is not None and maker is not None and training.fingerprint != maker.fingerprint:
        yield other_inputs(maker.address)


def _broken(stages: Iterable[Stage]) -> Iterator[Gap]:
    """Name what a stage read that is not what the stage before left, by the lock."""
    left = {path: (stage, out) for stage in stages for path, out in stage.outs.items()}
    for stage in stages:
        for path, dep in stage.deps.items():
            maker, out = left.get(path, (None, None))
            if maker is not None and out is not None and out.hash != dep.hash:
                yield Gap(
                    what=f"{stage.address} did not read the {path} that {maker.address} left",
                    why=f"it read {dep.hash}, and {out.hash} was left, by dvc.lock",
                    remedy="run the stages again: `dvc repro`",
                )


def _other_command(stages: Iterable[Stage]) -> Iterator[Gap]:
    for stage in stages:
        declared = stage.declared_cmd
        if declared is not None and _normal(declared) != _normal(stage.facts.cmd):
            yield Gap(
                what=f"the command of {stage.address} in dvc.yaml is not the one that it ran with",
                why=f"dvc.lock says `{stage.facts.cmd}`",
                remedy="run it again: `dvc repro`",
            )


def _normal(cmd: str | tuple[str, ...]) -> list[str]:
    """Give a command's words: DVC writes one of several lines in another way."""
    return (cmd if isinstance(cmd, str) else " ".join(cmd)).split()


def _other_data(raws: Iterable[Raw], used: Mapping[str, DataHash | None]) -> Iterator[Gap]:
    for raw in raws:
        if raw.path in used and used[raw.path] != raw.hash:
            yield Gap(
                what=f"{raw.dvc_file} is not at the {raw.path} that this result was made from",
                why=f"it says {raw.hash}, and a stage read {used[raw.path]}, by dvc.lock",
                remedy="run the stages again: `dvc repro`",
            )
