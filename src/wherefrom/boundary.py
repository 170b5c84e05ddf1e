"""The boundary of a stage's process: how it begins and ends, and what it says of an error."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom import logs
from wherefrom.errors.inputs import SafePathError
from wherefrom.errors.project import foreseen
from wherefrom.names import LOGS
from wherefrom.project import dvc_root, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from wherefrom.sources.dvc_stage import Place


_PRUNED = 4
"""The exit code of a stage whose variant was given up."""


class Terminated(SystemExit):
    """A signal to end, as an exception, so that the run is ended; exits as a shell would say."""


class Pruned(Terminated):
    """A sweep gives this variant up; the process says so by its exit."""

    def __init__(self, step: int) -> None:
        super().__init__(_PRUNED)
        self.why = f"the sweep gave this variant up after step {step}"

    def __str__(self) -> str:
        return self.why


def refuse_safe_path() -> None:
    """End the process with a message where Python would not take the workspace's own code.

    Called before a stage's imports, which take a second: Ctrl-C in it is a message too.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    if sys.flags.safe_path:
        error = SafePathError()
        say(f"{error}\n  {error.hint}")
        raise SystemExit(error.exit_code)


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
    except user_errors as error:
        say(str(error))
        _put_back_outputs()
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        say("interrupted")
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001 - the boundary: what nobody foresaw has a log
        known = foreseen(error)
        if known is None:
            say(_unexpected(error))
            raise SystemExit(3) from None
        say(f"{known}\n  {known.hint}" if known.hint else str(known))
        raise SystemExit(known.exit_code) from None
    finally:
        gc.freeze()  # else the interpreter looks through all of them once more as it ends


@contextmanager
def terminable() -> Iterator[None]:
    """End the run also when the process is asked to end, as a stopped queue worker is.

    A signal that the caller has had ignored (`nohup`) stays ignored.
    """

    def terminate(number: int, _frame: FrameType | None) -> None:
        raise Terminated(128 + number)

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, terminate) for number in heard}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def place() -> Place:
    """Give where the stage of this process runs."""
    from wherefrom.sources import dvc_stage  # noqa: PLC0415

    return dvc_stage.place(dvc_root(Path.cwd()), Path.cwd(), os.environ)


def one_line(error: BaseException) -> str:
    """Give an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def say(text: str) -> None:
    """Tell whoever runs the stage."""
    sys.stderr.write(f"wherefrom: {text}\n".replace("wherefrom: wherefrom: ", "wherefrom: "))
    sys.stderr.flush()


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing has begun yet, and an import may swallow an exception."""
    os.write(2, b"wherefrom: interrupted\n")  # `sys.stderr` refuses it in the middle of a line
    os._exit(130)


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
    from wherefrom.sources import dvc_workspace  # noqa: PLC0415

    missing = dvc_workspace.put_back_outputs(place())
    if missing:
        say(f"not in DVC's cache, so not put back: {', '.join(missing)}")


def _unexpected(error: Exception) -> str:
    """Write the traceback to a log and give the one message that names it."""
    text = "".join(traceback.format_exception(error))
    folder = os.environ.get(LOGS)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="wherefrom-", suffix=".log", dir=folder, text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return f"unexpected: {one_line(error)}{_where(error)}\n  the whole traceback is in {name}"


def _where(error: Exception) -> str:
    """Name the last line of the workspace's own code that the error came through."""
    root = str(Path.cwd())
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(root) and "site-packages" not in frame.filename:
            return f" ({os.path.relpath(frame.filename)}, line {frame.lineno})"
    return ""
