"""What a result has to meet before it is promoted: one gap for each thing that it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import address, metrics, plans
from wherefrom.commands import trace as tracing
from wherefrom.errors.answers import AmbiguousAddressError, UnknownAddressError
from wherefrom.journal import Journal
from wherefrom.lockfile import is_record
from wherefrom.problems import Levels
from wherefrom.record import Gap
from wherefrom.verification import collect, subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wherefrom.commands.trace import Trace
    from wherefrom.found import Found
    from wherefrom.identity import DataHash
    from wherefrom.lineage import Lineage
    from wherefrom.metrics import Way
    from wherefrom.plans import Outcome
    from wherefrom.view import View


@dataclass(frozen=True)
class Compared:
    """A metric of the candidate and of the one that has the alias."""

    metric: str
    now: float
    before: float
    way: Way

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is worse; one that is as good is not."""
        return metrics.merit(self.now, self.way) > metrics.merit(self.before, self.way)


def whole(view: View, found: Found, reading: Callable[[int, int], None]) -> tuple[Gap, ...]:
    """Name what `wherefrom verify --data` finds of a result."""
    results = collect.verify(view, [subjects.of_found(view, found)], Levels(data=True), reading)
    return (*view.gaps, *(problem for one in results for problem in one.problems))


def delivered(view: View, trace: Trace) -> Iterator[Gap]:
    """Say so where a stage of the result waits in the journal, with what it logged: a model, say.

    That there is no run at all: `whole`.
    """
    records = (trace.lineage.record, trace.lineage.training) if trace.lineage else ()
    ids = {record.record_id for record in records if record}
    for entry in Journal(view.project.state).waiting() if trace.run else ():
        if entry.record_id in ids:
            yield Gap(
                what=f"a part of its run waits: that of {entry.stage}",
                why="MLflow did not answer as the stage ran",
                remedy="`wherefrom sync`",
            )


def held(trace: Trace) -> Iterator[Gap]:
    """Say so where the commit has not what the result was made from; that there is one: `whole`."""
    if trace.commit is not None and not trace.attributed:
        yield from trace.gaps[:1]


def met(outcome: Outcome | None) -> Iterator[Gap]:
    """Say so where a result's plan named success criteria that it does not meet."""
    for one in outcome.criteria if outcome else ():
        if one.verdict != "met":
            yield Gap(
                what="a success criterion of its plan is not met",
                why=plans.told(one),
                remedy="promote one that meets it, or overrule this with `--force REASON`",
            )


def not_worse(
    view: View, candidate: Trace, holder: str, metric: str | None, better: Way | None
) -> Iterator[Gap]:
    """Say so where a result is worse than that of the version `holder`, or cannot be compared.

    Both have to be measured on the same test data.
    """
    try:
        found = address.resolve(view, holder, view.folder)
    except UnknownAddressError:
        yield _not_comparable(holder, "it is of no result that is known here")
        return
    except AmbiguousAddressError as error:
        yield _not_comparable(holder, f"it may be of {len(error.keys)} results")
        return
    other = tracing.of(view, found)
    if other.key == candidate.key:
        return
    if other.lineage is None:
        yield _not_comparable(holder, "no commit and no experiment holds its result")
        return
    mine, theirs = _test_data(candidate.lineage), _test_data(other.lineage)
    if not mine or mine != theirs:
        unlike = ", ".join(sorted(n for n in {*mine, *theirs} if mine.get(n) != theirs.get(n)))
        yield _not_comparable(holder, f"their test data differ: {unlike or 'none is known'}")
        return
    name = metric or _deciding(candidate.metrics, other.metrics)
    if name is None or not {*candidate.metrics} & {*other.metrics} & {name}:
        yield _not_comparable(holder, f"they have no metric {name or ''} in common".strip())
        return
    pair = candidate.metrics[name], other.metrics[name]
    compared = Compared(name, *pair, better or metrics.way(name))
    if compared.is_worse:
        yield Gap(
            what=f"it is worse than {holder}",
            why=f"{name} is {pair[0]:.6g}, and there {pair[1]:.6g}",
            remedy="`--metric` names another metric, `--force REASON` overrules this",
        )


def _not_comparable(holder: str, why: str) -> Gap:
    return Gap(
        what=f"it cannot be compared with {holder}, which has the alias",
        why=why,
        remedy="evaluate both on the same data, or overrule this with `--force REASON`",
    )


def _deciding(mine: Mapping[str, float], theirs: Mapping[str, float]) -> str | None:
    """Choose the test metric of what decides among results; the deciding one without it."""
    shared = [name for name in mine if name in theirs]
    name = metrics.deciding(shared)
    of_test = f"test.{name.removeprefix('cv.').removesuffix('.mean')}" if name else None
    return of_test if of_test in shared else name


def _test_data(result: Lineage | None) -> dict[str, DataHash | None]:
    """Map what a result was measured on to its hashes.

    It is what the last stage reads that an earlier one made or DVC tracks, but for models and
    records; where names say `test`, those alone.
    """
    if result is None:
        return {}
    made = {path for stage in result.stages for path in stage.outs} | {*result.used}
    known = {p: d.hash for p, d in result.final.deps.items() if p in made and not is_record(p)}
    data = {path: value for path, value in known.items() if path not in result.models}
    named = {path: value for path, value in data.items() if _says_test(path)}
    return named or data


def _says_test(path: str) -> bool:
    """Whether a path has a word such as `test` or `tests`; `latest` is none."""
    return any(word.startswith("test") for word in re.split(r"[^a-z]+", path.lower()))
