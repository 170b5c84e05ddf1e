"""The course of a sweep: who decides what is run, who runs it, and what came of it."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wherefrom.errors.sweeps import SweepError
from wherefrom.metrics import deciding, merit, way
from wherefrom.sweeping.messages import ENDED, Report, Step, Task
from wherefrom.sweeping.samplers import FAILED, PRUNED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wherefrom.metrics import Way
    from wherefrom.sweeping.book import Book, Definition
    from wherefrom.sweeping.pool import Pool
    from wherefrom.sweeping.samplers import Sampler, Trial
    from wherefrom.sweeping.space import Variant


@dataclass(frozen=True)
class Objective:
    """The metric that a sweep is about, and which way it is better."""

    metric: str
    better: Way

    def value(self, report: Report) -> float | None:
        """Give the value of a variant; None where it has none."""
        return report.metrics.get(self.metric)

    def best(self, reports: Mapping[int, Report]) -> Report | None:
        """Give the best of variants, the first of equals."""
        having = [one for one in reports.values() if self.value(one) is not None]
        return min(
            having,
            key=lambda one: (merit(one.metrics[self.metric], self.better), one.number),
            default=None,
        )


def objective(definition: Definition) -> Objective | None:
    """Say what a sweep is asked about; None until it is known."""
    name = definition.metric
    if name is None:
        return None
    return Objective(name, definition.better or way(name))  # type: ignore[arg-type]


def best(definition: Definition, reports: Mapping[int, Report]) -> Report | None:
    """Give the best variant so far; None where nothing can be said of any."""
    asked = objective(definition)
    return asked.best(reports) if asked else None


class Sweep:
    """A sweep that runs. `reports` are those of all its variants, also of former calls."""

    def __init__(
        self,
        definition: Definition,
        sampler: Sampler,
        pool: Pool,
        book: Book,
        known: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.definition = definition
        self.reports = book.reports()
        self.variants: dict[int, Variant] = {}
        self._sampler = sampler
        self._pool = pool
        self._book = book
        self._known = dict(known)
        self._trials: dict[int, Trial] = {}
        self._stopping = False

    @property
    def objective(self) -> Objective | None:
        """What is asked about; None until it is known."""
        return objective(self.definition)

    @property
    def best(self) -> Report | None:
        """The best variant so far."""
        return best(self.definition, self.reports)

    @property
    def running(self) -> int:
        """How many variants are under way."""
        return len(self._pool.running)

    @property
    def ended(self) -> int:
        """How many variants need not be run again."""
        return sum(report.state in ENDED for report in self.reports.values())

    def stop(self) -> None:
        """Start no more variants; a second time stops those that run, a third time kills them."""
        if self._stopping:
            self._pool.stop()
        self._stopping = True

    @property
    def is_stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping

    def run(self) -> Iterator[Report | None]:
        """Run what the sampler asks for; give each variant that ended, and None now and then.

        Raises `SweepError` where variants have no such metric, or no such parameter.
        """
        while self._give() or self._pool.running:
            ended = False
            for message in self._pool.wait(0.5):
                if isinstance(message, Step):
                    self._pool.answer(message, stop=self._is_hopeless(message))
                else:
                    ended = True
                    yield self._take(message)
            if not ended:
                yield None

    def drain(self) -> None:
        """Wait for what runs after an error that ends the sweep, and keep what came of it."""
        while self._pool.running:
            with suppress(SweepError):  # of another worker: the first error is what is said
                for message in self._pool.wait():
                    if isinstance(message, Step):
                        self._pool.answer(message, stop=False)
                    elif not message.refused:
                        self._keep(message)

    def _give(self) -> bool:
        """Give tasks to who has none; whether any was given."""
        given = False
        while self._pool.is_free and not self._stopping:
            trial = self._sampler.ask()
            if trial is None:
                break
            self._trials[trial.number] = trial
            self.variants[trial.number] = trial.variant
            name = f"{self.definition.name}-{trial.number + 1}"
            parent = self.definition.run_id
            self._pool.give(Task(trial.number, name, trial.variant.overrides, self._known, parent))
            given = True
        return given

    def _take(self, report: Report) -> Report:
        """Take what became of a variant, and tell the sampler."""
        if report.refused and not any(one.digest for one in self.reports.values()):
            self._stopping = True
            raise SweepError(str(report.error), "correct the override: no variant can be run")
        report = self._keep(report)
        if report.digest and report.experiment:
            self._known[report.digest] = (report.experiment,)
        if report.state in {"done", "linked"}:
            self._choose_metric(report)
        said = (("experiment", report.experiment), ("run_id", report.run_id))
        attributes = {name: value for name, value in said if value}
        self._sampler.tell(self._trials[report.number], self._outcome(report), attributes)
        return report

    def _keep(self, report: Report) -> Report:
        """Keep what became of a variant, with what it varies."""
        report = replace(report, values=self.variants[report.number].values)
        self.reports[report.number] = report
        self._book.add(report)
        return report

    def _choose_metric(self, report: Report) -> None:
        """Choose what is asked about, if there is anything, and refuse what no variant has had."""
        known_here = {**report.metrics, **report.not_finite}
        if self.definition.metric is None:
            self.definition = replace(self.definition, metric=deciding(known_here))
            self._book.write(self.definition)
        name = self.definition.metric
        if name is None:  # of a project without metric files: nothing is best
            return
        if not any(name in {**one.metrics, **one.not_finite} for one in self.reports.values()):
            self._stopping = True
            known = ", ".join(sorted(known_here)) or "none"
            near = ", ".join(difflib.get_close_matches(name, known_here))
            remedy = f"near it: {near}" if near else f"it has: {known}"
            raise SweepError(f"{report.experiment} has no metric {name}", remedy)

    def _outcome(self, report: Report) -> Outcome:
        value = self.objective.value(report) if self.objective else None
        if report.state == "pruned":
            return PRUNED
        return FAILED if value is None else Outcome.finished(value)

    def _is_hopeless(self, step: Step) -> bool:
        name = self.definition.metric or deciding(step.metrics)
        value = step.metrics.get(name or "")
        if value is None:
            return False
        return self._sampler.should_prune(self._trials[step.number], step.step, value)
