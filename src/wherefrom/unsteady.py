"""Stages that are not deterministic: other bytes of the same code, inputs and machine. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.lockfile import is_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wherefrom.holding import Stage
    from wherefrom.identity import Fingerprint, StageAddress
    from wherefrom.lineage import Lineage
    from wherefrom.record import Record
    from wherefrom.reproduction.verdict import Compared

    Place = tuple[StageAddress, Fingerprint, str, str | None, str | None]


@dataclass(frozen=True)
class Unsteady:
    """A stage that left other bytes for the same fingerprint, environment and kind of CPU.

    `outputs` are the paths that differ, `shown_by` the results that show it, by their names.
    """

    stage: StageAddress
    fingerprint: Fingerprint
    outputs: tuple[str, ...]
    shown_by: tuple[str, ...]


def among(results: Iterable[tuple[str, Lineage]]) -> tuple[Unsteady, ...]:
    """Compare the outputs of all results, each given with its name.

    A result without a record names no environment and no CPU: it is compared with none.
    """
    left: dict[Place, dict[str, dict[str, list[str]]]] = {}
    for name, result in results:
        for stage in result.stages:
            record = _record(result, stage)
            if record is not None:
                _note(left.setdefault(_place(stage, record), {}), stage, name)
    return tuple(found for place, paths in left.items() for found in _unlike(place, paths))


def again(name: str, result: Lineage, compared: Compared) -> tuple[Unsteady, ...]:
    """Find the stages that left other bytes as a result was made again, from the same inputs.

    What only takes from such a stage is none itself.
    """
    other = {output.path for output in compared.differing}
    return tuple(
        Unsteady(stage.address, stage.fingerprint, tuple(sorted(other & set(stage.outs))), (name,))
        for stage in result.stages
        if other & set(stage.outs) and not _reads(stage, other | set(compared.inputs))
    )


def _reads(stage: Stage, paths: set[str]) -> bool:
    inside = tuple(f"{path}/" for path in paths)
    return any(dep in paths or dep.startswith(inside) for dep in stage.deps)


def _record(result: Lineage, stage: Stage) -> Record | None:
    """Give the record that says where a stage ran: its own, else that of the training after it."""
    if stage.address == result.final.address:
        return result.record
    return result.training or result.record


def _place(stage: Stage, record: Record) -> Place:
    where = record.environment
    return stage.address, stage.fingerprint, where.digest, where.cpu, where.blas


def _note(paths: dict[str, dict[str, list[str]]], stage: Stage, name: str) -> None:
    for path, out in stage.outs.items():
        if out.hash is not None and not is_record(path):
            paths.setdefault(path, {}).setdefault(out.hash, []).append(name)


def _unlike(place: Place, paths: dict[str, dict[str, list[str]]]) -> Iterator[Unsteady]:
    """Name one result for each of the values that an output had."""
    unlike = {path: values for path, values in paths.items() if len(values) > 1}
    if unlike:
        names = (names[0] for values in unlike.values() for names in values.values())
        yield Unsteady(place[0], place[1], tuple(unlike), tuple(dict.fromkeys(names)))
