"""Chromium without a window, spoken to over a pipe by the DevTools protocol.

Nothing but Debian's `chromium` is needed (https://chromedevtools.github.io/devtools-protocol/).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUIRED = "WHEREFROM_TESTS_NEED_A_BROWSER"
"""A variable: no test may be skipped for want of one."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic", "--disable-extensions", "--hide-scrollbars"),
    *("--remote-debugging-pipe", "--force-color-profile=srgb"),
)
TEXT = "document.body ? document.body.innerText : ''"


def find() -> str:
    """Find the browser. Without one a test is skipped and says so, in CI it fails."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    why = "this test needs Chromium: `apt-get install chromium` (README, Development)"
    if found is None and not os.environ.get(REQUIRED):
        import pytest  # noqa: PLC0415 - a benchmark asks as well, without it

        pytest.skip(why)
    assert found, why
    return found


class Page:
    """A tab. What goes wrong in its scripts is in `errors`."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._buffer, self._number, self._session = b"", 0, ""
        self.errors: list[str] = []
        (target,) = [
            t for t in self._ask("Target.getTargets")["targetInfos"] if t["type"] == "page"
        ]
        wanted = {"targetId": target["targetId"], "flatten": True}
        self._session = self._ask("Target.attachToTarget", wanted)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self._ask(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to an address; `until` waits for what is to be seen there."""
        found = self._ask("Page.navigate", {"url": url})
        assert "errorText" not in found, f"{url}: {found['errorText']}"

    def size(self, width: int, height: int, **more: Any) -> None:
        """Take the size of a window, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", metrics | more)

    def media(self, kind: str = "", **features: str) -> None:
        """Show the page as for another medium, or to somebody who prefers something."""
        wanted = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        self._ask("Emulation.setEmulatedMedia", {"media": kind, "features": wanted})

    def value(self, script: str) -> Any:
        """Evaluate an expression of JavaScript; what it promises is waited for."""
        wanted = {"expression": script, "returnByValue": True, "awaitPromise": True}
        found = self._ask("Runtime.evaluate", wanted)
        assert "exceptionDetails" not in found, f"{script}: {found['exceptionDetails']}"
        return found["result"].get("value")

    def until(self, condition: str, seconds: float = 60) -> None:
        """Wait until an expression of JavaScript is true."""
        end = time.monotonic() + seconds
        while not self.value(condition):
            assert time.monotonic() < end, f"never: {condition}\n{self.text()}\n{self.errors}"
            time.sleep(0.1)

    def text(self) -> str:
        """Give what is to be read on the page."""
        return str(self.value(TEXT))

    def shows(self, *texts: str) -> None:
        """Wait until all of these can be read on the page."""
        self.until(f"{json.dumps(texts)}.every(text => ({TEXT}).includes(text))")

    def key(self, name: str) -> None:
        """Press a key, such as `Tab` or `Enter`."""
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            code = {"Enter": 13, "Tab": 9, " ": 32}.get(name, 0)
            wanted = {"type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code}
            self._ask("Input.dispatchKeyEvent", wanted | (text if kind == "keyDown" else {}))

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Take a picture of what is to be seen, or of the whole page."""
        wanted = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            found = self._ask("Page.getLayoutMetrics")["cssContentSize"]
            wanted["clip"] = {**found, "scale": 1}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", wanted)["data"]))

    def pdf(self, path: Path) -> None:
        """Print the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        found = self._ask("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
        path.write_bytes(base64.b64decode(found["data"]))

    def _ask(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params or {}}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("method") == "Runtime.exceptionThrown":
                details = answer["params"]["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description", str(details)))
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], 60)
            part = os.read(self._read, 1 << 20) if ready else b""
            assert part, "the browser has gone, or hangs"
            self._buffer += part
        one, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(one))


@contextmanager
def opened() -> Iterator[Page]:
    """Give a tab of a browser with an empty profile; both are gone afterwards."""
    inward, write = os.pipe()
    read, outward = os.pipe()

    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        # Chromium reads from its descriptor 3 and writes to 4
        command = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        args = [find(), *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        with subprocess.Popen(
            ["bash", "-c", command, "browser", str(inward), str(outward), *args],
            pass_fds=(inward, outward),
            env={**os.environ, "HOME": profile},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            os.close(inward)
            os.close(outward)
            try:
                yield Page(write, read)
            finally:
                os.close(write)
                os.close(read)
                os.killpg(process.pid, 9)
