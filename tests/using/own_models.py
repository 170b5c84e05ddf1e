"""What predicts in tests, what is predicted, and how a table of predictions is read."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

OWN_SCRIPT = """\
import csv
import os
import time
from pathlib import Path

from wherefrom import stage


def main():
    with stage.predicting() as asked:
        lr = stage.as_left("model.txt").read_text()
        with asked.table.open() as table, asked.output.open("w") as output:
            output.write("predicted\\n")
            for row in csv.DictReader(table):
                output.write(f"{float(row['x']) * float(lr)}\\n")
                asked.rows += 1
        if "HALF_WAY" in os.environ:
            Path(os.environ["HALF_WAY"]).touch()
            time.sleep(60)


stage.run(main)
"""

ROWS = 120
CITIES = ("Ulm", "Bonn", "Kiel")


def table() -> list[dict[str, str]]:
    """Give rows whose answer follows from a number and a city; some cells are empty."""
    rows = []
    for number in range(ROWS):
        size, city = (number * 37) % 100, CITIES[number % 3]
        yes = size + 20 * (city == "Ulm") + (number * 13) % 30 > 70
        cells = {"size": "" if number % 17 == 0 else str(size), "city": city}
        rows.append({"key": f"r{number:03}", **cells, "answer": "yes" if yes else "no"})
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def cached(sandbox: Sandbox, path: str, rev: str | None = None) -> Path:
    """Give the place of an output in DVC's cache, as a revision has it."""
    outs = {out.path: str(out.hash) for facts in sandbox.lock(rev).values() for out in facts.outs}
    return sandbox.root / ".dvc/cache/files/md5" / outs[path][:2] / outs[path][2:]


def build(sandbox: Sandbox) -> None:
    """Learn from a table with an id, numbers and categories; then a worse model, with a plan."""
    write(sandbox.root / "data/raw/own.csv", table())
    sandbox.dvc("add", "--quiet", "data/raw/own.csv")
    params = yaml.safe_load(sandbox.text("params.yaml"))
    path = {"path": "data/raw/own.csv", "target": "answer", "positive": "yes", "id": "key"}
    params["data"] |= path
    params["train"]["model"] = "logistic_regression"
    params["evaluate"] |= {"threshold": 0.7, "importance_repeats": 0}
    (sandbox.root / "params.yaml").write_text(yaml.safe_dump(params))
    sandbox.dvc("repro")
    sandbox.commit("A table of our own")
    sandbox.replace("params.yaml", "C: 1.0", "C: 0.01")
    params = yaml.safe_load(sandbox.text("params.yaml"))
    params["experiment"]["plan"] = {"success_criteria": "test.log_loss < 0.2"}
    (sandbox.root / "params.yaml").write_text(yaml.safe_dump(params))
    sandbox.dvc("repro")
    sandbox.commit("More regularised")
