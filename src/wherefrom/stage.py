"""What a stage script calls. `wherefrom` is known to the scripts only, never to `pipeline`."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from wherefrom import keys, trial
from wherefrom import record as records
from wherefrom import settings as settings_
from wherefrom.boundary import (
    Pruned,
    Terminated,
    one_line,
    place,
    refuse_safe_path,
    run,
    say,
    terminable,
)
from wherefrom.errors.project import NotAProjectError, RecordError
from wherefrom.lockfile import flatten
from wherefrom.names import ERROR, PRUNED
from wherefrom.predicting import predicting
from wherefrom.project import dvc_root, locate
from wherefrom.requirements import (
    as_left,
    check_experiment,
    read_params,
    require_own_code,
    require_tracked_by_dvc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wherefrom.courier import Runner
    from wherefrom.depot import Answer
    from wherefrom.record import Record
    from wherefrom.sources.dvc_running import RunningStage
    from wherefrom.sources.dvc_stage import Place
    from wherefrom.tracking import TrackedRun

__all__ = [
    "Run",
    "as_left",
    "call_courier",
    "check_experiment",
    "expect_courier",
    "predicting",
    "read_params",
    "refuse_safe_path",
    "require_own_code",
    "require_tracked_by_dvc",
    "run",
    "tracked",
]

_OUTSIDE = (
    "wherefrom: this is no DVC stage, so nothing is recorded and the record file stays as it is; "
    "run it with `dvc repro`"
)


_OBJECTS = 100_000
"""New objects before Python looks for garbage: imports make many, and none of them is any."""


class Called(NamedTuple):
    """What was called before a script's imports: a courier, and where there is one the stage."""

    runner: Runner
    facts: tuple[Place, Answer[RunningStage]] | None


_called: list[Called] = []
"""What waits for `tracked`."""


class Run:
    """What a stage may add to its run. Outside of a DVC stage nothing is recorded."""

    def __init__(self, tracked_run: TrackedRun | None) -> None:
        self._tracked = tracked_run

    def log_model(
        self,
        model: Any,  # noqa: ANN401
        *,
        example: Any,  # noqa: ANN401
        distributions: Sequence[str],
        code_paths: Sequence[str] = (),
        trusted_types: Sequence[str] = (),
        name: Literal["model", "decided"] = "model",
    ) -> None:
        """Log a fitted scikit-learn model, as `mlflow.sklearn.log_model` would.

        `example` are a few rows (a DataFrame) with the columns that the model takes, of whatever
        types; `distributions` are the packages that the model needs, which are logged as the lock
        file pins them: one that it does not pin is logged as it is installed, belongs to the
        environment of the result, and is a gap; `code_paths` are folders with the code that the
        model needs; `trusted_types` are reviewed types that skops does not know.

        An evaluation that decides otherwise than the trained model does (by a threshold) logs one
        that decides so as well, by the `name` of `decided`: that is what `promote` registers.
        """
        if self._tracked is not None:
            self._tracked.log_model(
                model,
                example=example,
                distributions=tuple(distributions),
                code_paths=code_paths,
                trusted_types=trusted_types,
                name=name,
            )

    def set_tags(self, values: Mapping[str, object]) -> None:
        """Say something of the result as tags of its run, such as `{"n_features": 30}`.

        They stand in the record too. Raises `ReservedTagError` for a name that is ours or MLflow's.
        """
        if self._tracked is not None:
            self._tracked.set_tags(values)

    def log_metric(self, name: str, value: float, step: int) -> None:
        """Log one point of a curve, such as the loss after an iteration; MLflow shows it as it is.

        A value that is no finite number is left out: MLflow would show another one.
        """
        if self._tracked is not None:
            self._tracked.log_metric(name, value, step)

    def report(self, metrics: Mapping[str, Any], step: int) -> None:
        """Tell a sweep how the variant stands after a step, such as a fold; else nothing happens.

        Where the sweep gives the variant up, this ends the stage: its run says so, and there is no
        experiment.
        """
        known = {n: v for n, v in flatten(dict(metrics)).items() if keys.is_metric(v)}
        if trial.is_to_stop(known, step):
            raise Pruned(step)

    def log_text(self, text: str, name: str) -> None:
        """Keep a text among the run's artifacts, by the name of a file."""
        if self._tracked is not None:
            self._tracked.log_text(text, name)

    def log_artifact(self, path: str | Path, folder: str = "") -> None:
        """Keep a copy of a file among the run's artifacts."""
        if self._tracked is not None:
            self._tracked.log_artifact(Path(path), folder)


def expect_courier() -> None:
    """Import beside this stage what the couriers of those after it need."""
    from wherefrom import depot  # noqa: PLC0415 - a stage that is not tracked needs none

    gc.set_threshold(_OBJECTS)
    if depot.is_wanted(os.environ):
        depot.start(depot.variables())


def call_courier(*, model: bool = False) -> None:
    """Start what logs the stage before its imports, so that both import at once.

    `model` says that it will log a model. A script that does not call it has its courier started by
    `tracked`.
    """
    from wherefrom import courier  # noqa: PLC0415 - a stage that is not tracked needs none

    gc.set_threshold(_OBJECTS)
    runner = courier.runner(model=model)
    facts = None
    with suppress(NotAProjectError):  # which `tracked` raises
        facts = _ask_of_stage() if os.environ.get("DVC_STAGE") else None
    _called.append(Called(runner, facts))


@contextmanager
def tracked(record: str, of: str | None = None) -> Iterator[Run]:
    """Track the stage that this process runs in.

    `record` is the record file that the stage declares (from the DVC root); `of` is that of the
    training which an evaluation rests on. The stage's declared metrics, its parameters and its
    environment are logged without a call. Outside of a DVC stage nothing is recorded.
    """
    if not _called:
        call_courier()
    called = _called.pop()
    with closing(called.runner):
        tracked_run = _tracked_run(record, of, called)
        if tracked_run is None:
            say(_OUTSIDE)
            yield Run(None)
            return
        with terminable():
            try:
                tracked_run.begin()
                yield Run(tracked_run)
                finished = tracked_run.finish()
            except BaseException as error:
                killed = isinstance(error, KeyboardInterrupt | Terminated)
                tracked_run.fail("KILLED" if killed else "FAILED", _marks(error))
                raise
    if of is not None:
        _summarise(finished)


def _marks(error: BaseException) -> dict[str, str]:
    """Give the tags of a run that did not come to its end."""
    return {PRUNED: str(error)} if isinstance(error, Pruned) else {ERROR: one_line(error)}


def _tracked_run(record: str, of: str | None, called: Called) -> TrackedRun | None:
    from wherefrom import context as context_  # noqa: PLC0415
    from wherefrom import tracking  # noqa: PLC0415

    if not os.environ.get("DVC_STAGE"):
        return None
    project = locate(Path.cwd(), os.environ)
    settings = settings_.read(project.workspace, project.anchor.name)
    here, facts = called.facts or _ask_of_stage()
    context = context_.look(project, settings, here, facts, os.environ)
    training = _read_record(project.workspace / of) if of else None
    return tracking.TrackedRun(context, record, training, called.runner, say)


def _ask_of_stage() -> tuple[Place, Answer[RunningStage]]:
    """Have DVC's facts of this stage read beside it, where that can be."""
    from wherefrom import context  # noqa: PLC0415

    here = place()
    return here, context.ask_of_stage(here)


def _read_record(path: Path) -> Record:
    try:
        return records.from_text(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise RecordError(str(path), "it does not exist") from None


def _summarise(finished: Record) -> None:
    if os.environ.get("WHEREFROM_SUMMARY", "").lower() != "off":
        from wherefrom.commands import summary  # noqa: PLC0415
        from wherefrom.render import summary as render  # noqa: PLC0415

        root, main = dvc_root(Path.cwd()), Path(os.environ.get("DVC_ROOT", Path.cwd()))
        collected = summary.collect(root, finished)
        if root.is_relative_to(main.resolve() / ".dvc" / "tmp"):
            collected = replace(collected, is_in_copy=True)
        sys.stdout.write(render.summary(collected))
