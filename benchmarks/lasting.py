"""How fast it is told whether results can still be had, by links and by reading every byte.

And how fast a browser opens a page that shows as many.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from itertools import chain
from typing import TYPE_CHECKING

from measure import IDENTITY, PROJECT, cost, in_turn, run
from report import Line
from speed import make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from report import Report

EXPERIMENTS, SECONDS = 1000, 5.0
FILES, MEGABYTES = 128, 8
MOST_MEGABYTES, OPENS = 5.0, 2.0
"""Of a page of so many results: its size, and the seconds that it takes to open."""
VERIFY = ("wherefrom", "verify", "--all")
DVC_YAML = """\
stages:
  count:
    cmd: python -c "import os; open('n.json', 'w').write(str(len(os.listdir('data'))))"
    deps: [data]
    metrics: [n.json: {cache: false}]
"""


def compare(report: Report, folder: Path, start: Path) -> None:
    """Measure, and report a table; `start` as in `speed.compare`."""
    title = f"verify: {EXPERIMENTS:,} experiments; {FILES} files of {MEGABYTES} MB"
    report.table(title, chain(_links(folder, start), _bytes(folder / "bytes")))


def _links(folder: Path, start: Path) -> Iterator[Line]:
    """Look at a history whose experiments share the objects of the first result, or lack theirs."""
    root = make(folder / "lasting", EXPERIMENTS, start).root
    cost(root, *VERIFY, accept=(0, 1))  # the index is made
    seconds = [cost(root, *VERIFY, accept=(0, 1)).seconds for _ in range(5)]
    yield Line("verify --all", statistics.median(seconds), "the limit", SECONDS, 1)
    yield from _page(root)


def _page(root: Path) -> Iterator[Line]:
    """Write the page of that history, and open it until its last chart is drawn."""
    page = root / "report.html"
    written = cost(root, "wherefrom", "report", "-o", page.name, accept=(0, 1)).seconds
    yield Line("report", written, "the limit of verify", SECONDS)
    yield Line("report.html", page.stat().st_size / 1e6, "the limit", MOST_MEGABYTES, 1, "MB")
    sys.path.append(str(PROJECT / "tests"))  # the browser is the tests'
    import browser  # noqa: PLC0415

    opened = []
    for _ in range(5):
        with browser.opened() as tab:
            started = time.monotonic()
            tab.open(page.as_uri())
            tab.until("document.querySelector('html[data-drawn]') !== null")
            opened.append(time.monotonic() - started)
    yield Line("report.html opens", statistics.median(opened), "the limit", OPENS, 1)


def _bytes(root: Path) -> Iterator[Line]:
    """Read files that DVC keeps, beside `md5sum` of the same files."""
    (root / "data").mkdir(parents=True)
    for number in range(FILES):
        (root / "data" / str(number)).write_bytes(os.urandom(MEGABYTES << 20))
    (root / "dvc.yaml").write_text(DVC_YAML)
    for command in (("git", "init", "--quiet"), ("dvc", "init"), ("dvc", "add", "data")):
        run(root, *command)
    run(root, "dvc", "repro")
    run(root, "git", "add", "--all")
    run(root, "git", *IDENTITY, "commit", "--quiet", "--message", "A count")
    cache = root / ".dvc" / "cache" / "files" / "md5"
    files = [str(path) for path in sorted(cache.rglob("*")) if path.is_file()]
    sides = {
        "verify": lambda: run(root, *VERIFY, "--data"),
        "md5sum": lambda: run(root, "md5sum", *files),
    }
    found = {name: statistics.median(times) for name, times in in_turn(sides).items()}
    yield Line("verify --all --data", found["verify"], "md5sum", found["md5sum"], 2)
