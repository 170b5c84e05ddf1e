"""A process beside the stage that runs its errands: importing MLflow takes as long as a stage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from wherefrom import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherefrom.errands import Answer, Request

    Heard = Callable[[Request, Answer], None]

_SERVE = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from wherefrom import errands
errands.serve()
"""


class Runner(Protocol):
    """Who runs errands. `heard` is given each request with its answer, maybe in another thread."""

    heard: Heard

    def ask(self, request: Request) -> None:
        """Ask for an errand; the answers come in the order of the requests."""

    def settle(self, seconds: float) -> list[Request]:
        """Wait until all is answered; gives what never will be, because the process is gone."""

    def close(self) -> None:
        """End it: nobody asks for anything any more."""


class Here:
    """Errands in this process, which has MLflow already."""

    def __init__(self) -> None:
        self.heard: Heard = _unheard
        from wherefrom.errands import Errands  # noqa: PLC0415 - a courier has them elsewhere

        self._errands = Errands()

    def ask(self, request: Request) -> None:
        """Run it at once."""
        if request["do"] != "expect model":  # an import gains nothing by being early
            self.heard(request, self._errands.do(request))

    def settle(self, _seconds: float) -> list[Request]:
        """Nothing is ever under way."""
        return []

    def close(self) -> None:
        """Nothing is to be ended."""


class Courier:
    """Errands in a process that starts now.

    It has this one's `sys.path`, so it imports the same `wherefrom` and the workspace's own code,
    which a model may need. It is in a session of its own: a Ctrl-C is for the stage, which then
    tells MLflow so. It ends when its input does, however the stage has ended.
    """

    def __init__(self) -> None:
        self.heard: Heard = _unheard
        # No plugin of ours is to act in it: it is told which store is meant.
        environ = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=environ,
            text=True,
            encoding="utf-8",
        )
        self._open: deque[Request] = deque()
        self._changed = threading.Condition()
        self._gone = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def ask(self, request: Request) -> None:
        """Send a request."""
        with self._changed:
            self._open.append(request)
        pipe = self._process.stdin
        if pipe is None or self._process.poll() is not None:
            return
        try:
            pipe.write(json.dumps(request) + "\n")
            pipe.flush()
        except BrokenPipeError:  # `settle` tells that it is gone
            self._end()

    def settle(self, seconds: float) -> list[Request]:
        """Wait until all is answered; one that takes too long is killed."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or not self._open, seconds)
            left = list(self._open)
        if left:
            self._end()
            self._open.clear()
        return left

    def close(self) -> None:
        """Kill it: what it has answered is done, and it has no other business."""
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # of what it has not read
                self._process.stdin.close()

    def _listen(self) -> None:
        try:
            for line in self._process.stdout or ():
                self.heard(self._open[0], json.loads(line))
                with self._changed:
                    self._open.popleft()
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._gone = True
                self._changed.notify_all()
            if self._process.stdout is not None:
                self._process.stdout.close()


def runner() -> Runner:
    """Give what runs the errands of this process; without a stage to track there are none."""
    none = not os.environ.get("DVC_STAGE") or settings.is_off(os.environ)
    return Here() if none or "mlflow" in sys.modules else Courier()


def _unheard(request: Request, _answer: Answer) -> None:
    raise LookupError(f"nobody listens to the answer to {request['do']}")
