"""A Python script run by forking this process, which has the libraries imported that it needs.

The script runs unmodified, as `python SCRIPT` would: in its folder, with its variables, its own
`sys.path`, signals and exit. Only libraries are lent to it, and `wherefrom` where it would import
the same code, byte for byte: whatever else was imported here, such as a package that is worked on,
it imports anew from where it runs.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import multiprocessing.context
import multiprocessing.util
import os
import runpy
import signal
import sys
import threading
import traceback
from importlib.machinery import FrozenImporter, PathFinder
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from wherefrom import trial
from wherefrom.sweeping.lent import Lent
from wherefrom.sweeping.tool import NAME, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wherefrom.sweeping.script import Script

_LENT = Lent()
_TOOL = Tool()


def fork(
    script: Script, folder: str, environ: Mapping[str, str], at_end: Callable[[list[str]], None]
) -> int:
    """Start a script; give its process id. It has the files that are open here.

    At its end it calls `at_end` with the modules of libraries that it has imported beside those
    that were here.
    """
    _LENT.look()
    other = _TOOL.is_other(_first_folder(script, folder))
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become(script, folder, environ, at_end, other=other)
    return pid


def _become(
    script: Script,
    folder: str,
    environ: Mapping[str, str],
    at_end: Callable[[list[str]], None],
    *,
    other: bool,
) -> NoReturn:
    status = 1
    gc.freeze()  # what is here already is no garbage of the script
    try:
        _settle(folder, {**environ, trial.LENT: f"{os.getpid()}:{_LENT.last}"})
        _LENT.forget_own(with_tool=other)
        status = _status_of(script)
        at_end(_LENT.imported())
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as an interpreter ends
        atexit._run_exitfuncs()  # noqa: SLF001
    except BaseException:  # noqa: BLE001 - the boundary of this process
        traceback.print_exc()
    finally:
        _flush()
        os._exit(status)


def _settle(folder: str, environ: Mapping[str, str]) -> None:
    """Make this process what a new interpreter would be."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    os.environ["PWD"] = str(Path.cwd())  # which the shell does that DVC starts commands by
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    _be_main_process()
    gc.enable()


def _be_main_process() -> None:
    """Let `multiprocessing` know nothing of the processes that this one comes from.

    Else those that the script starts would be sent to the folder, and to the helpers, of the sweep.
    """
    processes: Any = multiprocessing.process
    processes.ORIGINAL_DIR = str(Path.cwd())
    processes._parent_process = None  # noqa: SLF001
    own: Any = multiprocessing.current_process()
    own.name, own._identity = "MainProcess", ()  # noqa: SLF001
    processes._children = set()  # noqa: SLF001
    contexts: Any = multiprocessing.context
    contexts._default_context._actual_context = None  # noqa: SLF001
    finalizers: Any = multiprocessing.util
    finalizers._finalizer_registry.clear()  # noqa: SLF001
    helpers: tuple[Any, Any] = (resource_tracker, forkserver)
    for helper in (helpers[0]._resource_tracker, helpers[1]._forkserver):  # noqa: SLF001
        helper.__init__()


def _status_of(script: Script) -> int:
    """Run the script to its end."""
    sys.argv = [script.name, *script.arguments]
    try:
        if script.is_module:
            _import_first_from(_first_folder(script, "."))
            runpy.run_module(script.name, run_name="__main__", alter_sys=True)
        else:
            _import_first_from(_first_folder(script, "."))
            runpy.run_path(script.name, run_name="__main__")
    except SystemExit as end:
        return _exit_status(end)
    except BaseException as error:  # noqa: BLE001 - what an interpreter does
        _print(error)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _first_folder(script: Script, folder: str) -> Path:
    """Give the folder that an interpreter which is started in another looks into first."""
    return (
        Path(folder).resolve() if script.is_module else Path(folder, script.name).resolve().parent
    )


def _import_first_from(folder: Path) -> None:
    """Put a folder first on the path; a library gives way to a module of its name there."""
    sys.path[0] = str(folder)
    names = {path.name.partition(".")[0] for path in folder.iterdir()} & sys.modules.keys()
    for name in names - {NAME}:
        spec = PathFinder.find_spec(name, [str(folder)])
        if spec is not None and spec.origin is not None and not _is_first(name):
            for loaded in [one for one in sys.modules if f"{one}.".startswith(f"{name}.")]:
                del sys.modules[loaded]
    importlib.invalidate_caches()
    _anchor_mlflow()


def _is_first(name: str) -> bool:
    """Whether an interpreter has a module before it looks at any folder."""
    return name in sys.builtin_module_names or FrozenImporter.find_spec(name) is not None


def _anchor_mlflow() -> None:
    """Do what importing MLflow would have done: load the plugin that anchors its store."""
    if "mlflow" in sys.modules and os.environ.get("DVC_STAGE"):
        sys.modules.pop("wherefrom.plugin", None)  # loaded, it has nothing more to do
        importlib.import_module("wherefrom.plugin")


def _print(error: BaseException) -> None:
    """Print a traceback without the lines of this file and of `runpy`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename in {__file__, runpy.__file__}:
        trace = trace.tb_next
    while trace is not None and "runpy" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


def _exit_status(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return 1


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # closed, or nobody reads
            continue
