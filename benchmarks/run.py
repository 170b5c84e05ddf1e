"""Side by side, in one run: what tracking costs, against the same without it.

`make bench`. Each figure is the median of whole processes, taken in turn, so that a busy machine
slows all sides alike.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).parent.parent
IMPORT = [sys.executable, "-c", "import mlflow"]
ROUNDS = 5

Act = Callable[[], None]


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        clone(root)
        show(
            "import mlflow, outside of a DVC stage",
            {
                "with the plugin": lambda: run(root, *IMPORT),
                "without it": lambda: run(root, *IMPORT, WHEREFROM_BENCH_PLUGIN="off"),
            },
        )
        show(
            "nothing to do",
            {
                "make run": lambda: run(root, *make("run")),
                "dvc repro": lambda: run(root, "dvc", "repro", "--quiet"),
            },
        )
        show(
            "forced train and evaluate",
            {
                "tracked": lambda: run(root, *force()),
                "tracking off": lambda: run(root, *force(), WHEREFROM_TRACKING="off"),
            },
            rounds=3,
        )


def clone(root: Path) -> None:
    """Clone the project, with its first result committed."""
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(root)], check=True)
    (root / ".venv").symlink_to(PROJECT / ".venv")
    run(root, *make("run"))
    run(root, "git", "add", "dvc.lock", "results")
    run(
        root,
        "git",
        "-c",
        "user.name=bench",
        "-c",
        "user.email=bench@localhost",
        "commit",
        "-qm",
        "x",
    )
    shim = root.parent / "shim" / "sitecustomize.py"
    shim.parent.mkdir()
    shim.write_text(SHIM)


# Hides the plugin's entry point from MLflow: the other side of the first table.
SHIM = """\
import os
if os.environ.get("WHEREFROM_BENCH_PLUGIN") == "off":
    import importlib.metadata as metadata
    found = metadata.entry_points
    def entry_points(**choice):
        points = found(**choice)
        return type(points)(p for p in points if not p.value.startswith("wherefrom."))
    metadata.entry_points = entry_points
"""


def make(target: str) -> list[str]:
    """Give a make command that takes the environment as it is."""
    stamps = ("installer", "packages", "ready", "ready-dev")
    return ["make", "--silent", *(part for s in stamps for part in ("-o", f".venv/.{s}")), target]


def force() -> list[str]:
    """Give the command that trains and evaluates again."""
    return ["dvc", "repro", "--quiet", "--force", "--downstream", "train"]


def run(root: Path, *command: str, **extra: str) -> None:
    """Run a command to its end, silently."""
    path = f"{PROJECT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(root.parent / "shim"), **extra}
    subprocess.run(command, cwd=root, env=env, check=True, capture_output=True)


def show(title: str, sides: dict[str, Act], rounds: int = ROUNDS) -> None:
    """Time the sides in turn and print their medians, each against the last one."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, act in sides.items():
            started = time.perf_counter()
            act()
            times[name].append(time.perf_counter() - started)
    base = statistics.median(times[list(sides)[-1]])
    print(f"\n{title}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:<20} {median:7.2f} s   {median / base:5.2f}x   (least {min(values):.2f} s)")


if __name__ == "__main__":
    if shutil.which("dvc") is None:
        sys.exit("run it with `make bench`")
    main()
