"""A process that runs variants one after the other, as it is told."""

from __future__ import annotations

import base64
import difflib
import json
import os
import pickle
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wherefrom import formats, metrics, places, trial
from wherefrom import record as records
from wherefrom.errors import WherefromError
from wherefrom.lockfile import flatten, is_record
from wherefrom.sources import dvc_errors, dvc_experiment, dvc_running, dvc_yaml
from wherefrom.sources.dvc_clone import DvcError
from wherefrom.sweeping import forking, libraries, rehearsal, script
from wherefrom.sweeping.messages import Broken, Ready, Report, Step, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from multiprocessing.connection import Connection
    from pathlib import Path
    from types import FrameType

    from wherefrom.sweeping.messages import Plan


def main(connection: Connection, plan: Plan) -> None:
    """Run what comes in, until nothing does."""
    os.setpgid(0, 0)  # Ctrl-C is for who started the sweep
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(plan.environ)
    with places.place(plan.folder) as place, dvc_yaml.remembered():
        try:
            if plan.where is not None:
                rehearsal.rehearse(plan.where)
            begun = _Worker(connection, plan, place.folder)
        except Exception as error:  # noqa: BLE001 - whoever started this says it, in one message
            with suppress(OSError):
                connection.send(Broken(" ".join(str(error).split()) or type(error).__name__))
            return
        begun.work()


class _Worker:
    def __init__(self, connection: Connection, plan: Plan, folder: Path) -> None:
        self._connection = connection
        self._plan = plan
        self._known: dict[str, tuple[str, ...]] = {}
        self._ran: list[str] = []
        self._number = 0
        self._stage: Any = None
        self._pruned = False
        self._wanted: list[str] = []
        self._stopped = False
        signal.signal(signal.SIGTERM, self._stop)
        self._copy = dvc_experiment.WorkingCopy(plan.base, folder / "clone")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Let what runs end, which has had the signal too, and say so."""
        self._stopped = True

    def work(self) -> None:
        with suppress(EOFError, BrokenPipeError):  # whoever started this has gone
            self._connection.send(Ready())
            while isinstance(task := self._connection.recv(), Task):
                self._known |= task.known
                self._connection.send(self._report(task))
        self._copy.close()

    def _report(self, task: Task) -> Report:
        began = time.monotonic()
        log = self._plan.logs / f"{task.number}.log"
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        self._number, self._pruned, self._ran = task.number, False, []
        if task.parent is not None:
            os.environ[trial.PARENT] = task.parent
        try:
            found = self._run(task)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            found = {"ran": tuple(self._ran), **self._why(log, error)}
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        return Report(task.number, **found, seconds=time.monotonic() - began)

    def _why(self, log: Path, error: Exception) -> dict[str, Any]:
        if self._pruned:
            return {"state": "pruned"}
        if self._stopped:
            return {"state": "stopped"}
        return {"state": "failed", "error": _error(log, error)}

    def _run(self, task: Task) -> dict[str, Any]:
        self._copy.reset()
        try:
            digest = self._copy.set_params(task.overrides)
        except DvcError as error:
            said = f"{error}{_near(str(error), self._copy.root, task.overrides)}"
            return {"state": "failed", "error": said, "refused": True}
        for name in self._known.get(digest, ()):
            if self._copy.is_whole(name):
                linked = {"state": "linked", "experiment": name, "digest": digest}
                return {**linked, **self._found(name)}
            self._copy.reset()
            self._copy.set_params(task.overrides)
        made = self._copy.run(task.name, self._start)
        known = {"experiment": task.name, "commit": made, "digest": digest}
        return {"state": "done", **known, "ran": tuple(self._ran), **self._found(task.name)}

    def _found(self, name: str) -> dict[str, Any]:
        """Read the metrics of an experiment, and the record that names its result."""
        files = self._copy.metric_files(name)
        measured = {p: text for p, text in files.items() if not is_record(p)}
        values, _ = metrics.join(measured)
        texts = {path: text.decode() for path, text in files.items() if is_record(path)}
        found = [records.from_text(text, path) for path, text in texts.items()]
        last = max(found, key=lambda record: record.ended, default=None)
        named = {"record_id": last.record_id, "run_id": last.mlflow_run_id} if last else {}
        return {"metrics": values, "not_finite": metrics.not_finite(measured), **named}

    def _start(
        self,
        stage: Any,  # noqa: ANN401
        command: str,
        folder: str,
        environ: Mapping[str, str],
    ) -> int | None:
        if self._stopped:  # between two stages, none of which has heard it
            return 128 + signal.SIGTERM
        self._ran.append(command)
        self._stage = stage
        found = script.parse(command, folder, environ)
        if found is None:
            return None
        here, there = socket.socketpair()
        with here:
            with there:
                told = {**environ, trial.VARIABLE: str(there.fileno())}

                def at_end(imported: list[str]) -> None:
                    with suppress(OSError):  # the worker has gone
                        there.sendall(json.dumps({"imported": imported}).encode() + b"\n")

                pid = forking.fork(found, folder, told, at_end)
            self._listen(here, pid)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        libraries.load(self._wanted)  # those of the variants to come need not
        self._wanted = []
        return status

    def _listen(self, stage: socket.socket, pid: int) -> None:
        """Wait for a stage to end, and hand on what it says of itself meanwhile."""
        handle = os.pidfd_open(pid)
        try:
            with stage.makefile("r", encoding="utf-8") as lines:
                while stage.fileno() in select.select([handle, stage.fileno()], [], [])[0]:
                    line = lines.readline()
                    if not line:
                        break
                    said = json.loads(line)
                    if "imported" in said:
                        self._wanted = said["imported"]
                    elif "code" in said:
                        stage.sendall(self._facts(said["code"]).encode() + b"\n")
                    elif "step" in said:
                        stage.sendall(b"%d\n" % self._is_to_stop(said))
                    else:  # of another version: whoever asks does without
                        stage.sendall(b"\n")
            select.select([handle], [], [])
        except (ConnectionError, EOFError):  # the stage has gone, or whoever started the sweep
            with suppress(OSError):
                stage.shutdown(socket.SHUT_RDWR)  # else the stage would wait for an answer
            select.select([handle], [], [])
        finally:
            os.close(handle)

    def _facts(self, code: str) -> str:
        """Tell a stage what DVC knows of it, if it reads that with the same code."""
        if code != trial.code():
            return ""
        try:
            facts = dvc_running.as_dvc_has_it(self._stage)
        except Exception:  # noqa: BLE001 - the stage reads them itself, and says what is wrong
            return ""
        return base64.b64encode(pickle.dumps(facts)).decode()

    def _is_to_stop(self, said: dict[str, Any]) -> bool:
        self._connection.send(Step(self._number, said["step"], said["metrics"]))
        self._pruned = bool(self._connection.recv())
        return self._pruned


def _near(why: str, root: Path, overrides: Iterable[tuple[str, str]]) -> str:
    """Name the parameters like one that DVC, which has read the file, did not find in it."""
    for file, override in overrides:
        key = override.partition("=")[0]
        if f"Could not override '{key}'" in why:
            known = flatten(formats.load(file, (root / file).read_bytes()))
            near = difflib.get_close_matches(key, known)
            return f"; near it: {', '.join(near)}" if near else ""
    return ""


def _error(log: Path, error: Exception) -> str:
    """Say why a variant failed: the last message of the command that did, else DVC's."""
    if not isinstance(error, DvcError | WherefromError):
        traceback.print_exception(error)
        return f"unexpected: {type(error).__name__}: {error}"
    if not dvc_errors.is_of_command(error) or ", exited with -" in str(error):
        return str(error)  # what a signal ended said nothing of that
    said = _last_message(log.read_text(encoding="utf-8", errors="replace").splitlines())
    return said or str(error)


def _last_message(lines: list[str]) -> str:
    """Give the last line that is not indented, with those that are and belong to it."""
    found: list[str] = []
    for line in filter(str.strip, lines):
        if not line[0].isspace():
            found = []
        found.append(line.strip())
    command = bool(found) and found[0].startswith("> ")
    return "" if command else "; ".join(found).removeprefix("wherefrom: ")
