"""What a stage script calls. `wherefrom` is known to the scripts only, never to `pipeline`."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import traceback
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from wherefrom import logs
from wherefrom import record as records
from wherefrom import settings as settings_
from wherefrom.errors import (
    ForeignCodeError,
    NotAProjectError,
    OtherBytesError,
    RecordError,
    ReservedTagError,
    SafePathError,
    UntrackedTableError,
    WherefromError,
)
from wherefrom.project import dvc_root, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import FrameType

    from wherefrom.courier import Runner
    from wherefrom.depot import Asked
    from wherefrom.record import Record
    from wherefrom.sources.dvc_repo import RunningStage
    from wherefrom.sources.dvc_stage import Place
    from wherefrom.tracking import TrackedRun

_OUTSIDE = (
    "wherefrom: this is no DVC stage, so nothing is recorded and the record file stays as it is; "
    "run it with `dvc repro`"
)


_OBJECTS = 100_000
"""New objects before Python looks for garbage: imports make many, and none of them is any."""


class Called(NamedTuple):
    """What was called before a script's imports: a courier, and where there is one the stage."""

    runner: Runner
    facts: tuple[Place, Asked[RunningStage]] | None


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
    ) -> None:
        """Log a fitted scikit-learn model, as `mlflow.sklearn.log_model` would.

        `example` are a few rows (a DataFrame) with the columns that the model takes, of whatever
        types; `distributions` are the packages that the model needs, which are logged as the lock
        file pins them: one that it does not pin is logged as it is installed, belongs to the
        environment of the result, and is a gap; `code_paths` are folders with the code that the
        model needs; `trusted_types` are reviewed types that skops does not know.
        """
        if self._tracked is not None:
            self._tracked.log_model(
                model,
                example=example,
                distributions=tuple(distributions),
                code_paths=code_paths,
                trusted_types=trusted_types,
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

    def log_text(self, text: str, name: str) -> None:
        """Keep a text among the run's artifacts, by the name of a file."""
        if self._tracked is not None:
            self._tracked.log_text(text, name)

    def log_artifact(self, path: str | Path, folder: str = "") -> None:
        """Keep a copy of a file among the run's artifacts."""
        if self._tracked is not None:
            self._tracked.log_artifact(Path(path), folder)


def refuse_safe_path() -> None:
    """End the process with a message where Python would not take the workspace's own code.

    Called before a stage's imports, which take a second: Ctrl-C in it is a message too.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    if sys.flags.safe_path:
        error = SafePathError()
        _say(f"{error}\n  {error.hint}")
        raise SystemExit(error.exit_code)


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


def run(main: Callable[[], None], user_errors: tuple[type[Exception], ...] = ()) -> None:
    """Run a stage; print one message for an error and end the process with its exit code.

    `user_errors` are the stage's own exceptions for bad input: exit code 2. An error that nobody
    foresaw ends with 3 and names a log file with the traceback.
    """
    if signal.getsignal(signal.SIGINT) is _interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with logs.kept():
            main()
            _leave_log()
    except WherefromError as error:
        _say(f"{error}\n  {error.hint}" if error.hint else str(error))
        raise SystemExit(error.exit_code) from None
    except user_errors as error:
        _say(str(error))
        _put_back_outputs()
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        _say("interrupted")
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001 - the boundary: everything else has a log
        _say(_unexpected(error))
        raise SystemExit(3) from None
    finally:
        gc.freeze()  # else the interpreter looks through all of them once more as it ends


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
            _say(_OUTSIDE)
            yield Run(None)
            return
        with _terminable():
            try:
                tracked_run.begin()
                yield Run(tracked_run)
                finished = tracked_run.finish()
            except BaseException as error:
                killed = isinstance(error, KeyboardInterrupt | _Terminated)
                tracked_run.fail("KILLED" if killed else "FAILED", _one_line(error))
                raise
    if of is not None:
        _summarise(finished)


def read_params() -> dict[str, Any]:
    """Read the workspace's `params.yaml` as DVC does. Raises `SettingError`."""
    return settings_.read_params(dvc_root(Path.cwd()))


def check_experiment(said: Iterable[str] = ()) -> None:
    """Check the section `experiment` of the parameters, before anything runs.

    `said` are the tags that the stages set themselves. Raises `SettingError` where the vocabulary
    is not kept or the name of runs has unknown fields, and `ReservedTagError`.
    """
    from wherefrom import naming, tags  # noqa: PLC0415

    root = dvc_root(Path.cwd())
    settings = settings_.read(root, root.name)
    settings_.check_vocabulary(settings)
    tags.of_experiment(settings)
    taken = (*settings_.OWN_TAGS, *said)
    for name in settings.tags:
        if name in taken:
            raise ReservedTagError(name, taken)
    naming.check_template(settings.run_name or "")


def require_tracked_by_dvc(path: str) -> None:
    """Raise `UntrackedTableError` for a table that no `.dvc` file holds and no stage makes."""
    from wherefrom import ledger  # noqa: PLC0415

    root = dvc_root(Path.cwd())
    if ledger.raw_file(root, path) is None:
        raise UntrackedTableError(path)


def as_left(path: str) -> Path:
    """Give the path of a file that an earlier stage left, such as a pickle, which runs code.

    Raises `OtherBytesError` where its bytes are not those that `dvc.lock` says. Outside of a DVC
    stage nothing has been recorded, and nothing is checked.
    """
    from wherefrom import ledger  # noqa: PLC0415
    from wherefrom.sources import disk  # noqa: PLC0415

    root = dvc_root(Path.cwd())
    if os.environ.get("DVC_STAGE"):
        left = {out.path: out.hash for facts in ledger.stages(root).values() for out in facts.outs}
        if path not in left or left[path] != disk.hash_of(root / path):
            raise OtherBytesError(path, left.get(path))
    return root / path


def require_own_code(module: Any) -> None:  # noqa: ANN401
    """Raise `ForeignCodeError` for a module of the stage that is not this workspace's."""
    root, origin = dvc_root(Path.cwd()), Path(module.__file__).resolve()
    if not origin.is_relative_to(root):
        raise ForeignCodeError(module.__name__, str(origin))


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing has begun yet, and an import may swallow an exception."""
    _say("interrupted")
    os._exit(130)


class _Terminated(SystemExit):
    """A signal to end, as an exception, so that the run is ended; exits as a shell would say."""


@contextmanager
def _terminable() -> Iterator[None]:
    """End the run also when the process is asked to end, as a stopped queue worker is.

    A signal that the caller has had ignored (`nohup`) stays ignored.
    """

    def terminate(number: int, _frame: FrameType | None) -> None:
        raise _Terminated(128 + number)

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, terminate) for number in heard}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _tracked_run(record: str, of: str | None, called: Called) -> TrackedRun | None:
    from wherefrom import context as context_  # noqa: PLC0415
    from wherefrom import tracking  # noqa: PLC0415

    if not os.environ.get("DVC_STAGE"):
        return None
    project = locate(Path.cwd(), os.environ)
    settings = settings_.read(project.workspace, project.anchor.name)
    place, facts = called.facts or _ask_of_stage()
    context = context_.look(project, settings, place, facts, os.environ)
    training = _read_record(project.workspace / of) if of else None
    return tracking.TrackedRun(context, record, training, called.runner, _say)


def _ask_of_stage() -> tuple[Place, Asked[RunningStage]]:
    """Have DVC's facts of this stage read, in the depot where there is one."""
    from wherefrom.depot import Asked  # noqa: PLC0415
    from wherefrom.sources import dvc_repo  # noqa: PLC0415

    place = _place()
    return place, Asked(dvc_repo.running_stage, place)


def _place() -> Place:
    from wherefrom.sources import dvc_stage  # noqa: PLC0415

    return dvc_stage.place(dvc_root(Path.cwd()), Path.cwd(), os.environ)


def _leave_log() -> None:
    """Keep what the stage printed for the run of a stage after it."""
    stage = os.environ.get("DVC_STAGE", "").rpartition(":")[2]
    if stage:
        project = locate(Path.cwd(), os.environ)
        logs.leave(project.state, Path.cwd(), stage)


def _put_back_outputs() -> None:
    """Undo DVC's removal of the outputs: input that was refused must not cost them."""
    if not os.environ.get("DVC_STAGE"):
        return
    from wherefrom.sources import dvc_repo  # noqa: PLC0415

    missing = dvc_repo.put_back_outputs(_place())
    if missing:
        _say(f"not in DVC's cache, so not put back: {', '.join(missing)}")


def _read_record(path: Path) -> Record:
    try:
        return records.from_text(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise RecordError(str(path), "it does not exist") from None


def _summarise(finished: Record) -> None:
    from wherefrom.commands import summary  # noqa: PLC0415
    from wherefrom.render import summary as render  # noqa: PLC0415

    if os.environ.get("WHEREFROM_SUMMARY", "").lower() != "off":
        collected = summary.collect(dvc_root(Path.cwd()), finished)
        sys.stdout.write(render.summary(collected))


def _unexpected(error: Exception) -> str:
    """Write the traceback to a log and give the one message that names it."""
    text = "".join(traceback.format_exception(error))
    handle, name = tempfile.mkstemp(prefix="wherefrom-", suffix=".log", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return f"unexpected: {_one_line(error)}{_where(error)}\n  the whole traceback is in {name}"


def _where(error: Exception) -> str:
    """Name the last line of the workspace's own code that the error came through."""
    root = str(Path.cwd())
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(root) and "site-packages" not in frame.filename:
            return f" ({os.path.relpath(frame.filename)}, line {frame.lineno})"
    return ""


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _say(text: str) -> None:
    sys.stderr.write(f"wherefrom: {text}\n".replace("wherefrom: wherefrom: ", "wherefrom: "))
    sys.stderr.flush()
