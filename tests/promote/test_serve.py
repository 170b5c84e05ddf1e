"""MLflow serves what was promoted; it answers raw rows as `wherefrom predict` does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.error import URLError

from asking import ask
from using.own_models import read, write
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

TABLE = "data/raw/own.csv"


def test_a_server_gives_what_predict_gives(used: Sandbox) -> None:
    """Also where the threshold of the result decides otherwise than its model does."""
    rows = [row for row in read(used.root / TABLE) if row.pop("answer")]
    write(used.root / "new.csv", rows)
    assert ask(used, "promote", "HEAD~1", "--as", "houses@champion")["notes"] == []
    ask(used, "predict", "models:/houses@champion", "new.csv", "-o", "predictions.csv")
    columns, cells = list(rows[0]), [list(row.values()) for row in rows]

    with serving(used, "models:/houses@champion") as url:
        answer = post(url, {"dataframe_split": {"columns": columns, "data": cells}})

    predicted = read(used.root / "predictions.csv")
    assert answer["predictions"] == [row["predicted"] for row in predicted]
    unsure = [row for row in predicted if 0.5 < float(row["probability_yes"]) <= 0.7]
    assert {row["predicted"] for row in unsure} == {"no"}
    assert {row["predicted"] for row in predicted} == {"no", "yes"}


def post(url: str, body: object) -> dict[str, list[str]]:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}/invocations", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked, timeout=60) as response:
        found: dict[str, list[str]] = json.load(response)
        return found


@contextmanager
def serving(sandbox: Sandbox, uri: str) -> Iterator[str]:
    """Let MLflow serve a model on this machine as long as this goes on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["mlflow", "models", "serve", "--model-uri", uri, "--env-manager", "local"]
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{sandbox.root}/mlflow.db"}
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        cwd=sandbox.root.parent,  # where no code of the project is found by chance
        env=sandbox.cold.environment | store,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "the server has ended"
        with suppress(URLError, ConnectionError), urllib.request.urlopen(f"{url}/ping", timeout=60):
            return True
        return False

    try:
        until(answers)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
