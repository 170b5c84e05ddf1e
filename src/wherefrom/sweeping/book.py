"""What is kept of a sweep in the project's state: what was asked for, and what came of it.

A sweep can be gone on with by it after a stop, whatever stopped it. The results themselves are in
the ledger: a book that is lost costs no result.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from wherefrom import files
from wherefrom.errors.sweeps import SweepError
from wherefrom.sweeping.messages import Report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wherefrom.identity import CommitSha

FOLDER = "sweeps"
_DEFINITION, _REPORTS, _LOGS = "sweep.json", "reports.jsonl", "logs"


@dataclass(frozen=True)
class Definition:
    """What a sweep is: its name, its space, who chooses of it, by what, and where it starts.

    `overrides` are as `--set-param` takes them. `trials` is None for a whole grid, `metric` None
    until a first variant says which there are. `commit` is the baseline of its experiments, `tree`
    the commit of the workspace where that differed.
    """

    name: str
    overrides: tuple[str, ...]
    sampler: str
    trials: int | None
    seed: int
    metric: str | None
    better: str | None
    pruner: str | None
    commit: CommitSha
    tree: CommitSha | None = None
    run_id: str | None = None


class Book:
    """The folder of one sweep. A context manager: nobody else goes on with it meanwhile."""

    def __init__(self, state: Path, name: str) -> None:
        self.name = name
        self._folder = state / FOLDER / name
        self._lock = FileLock(state / FOLDER / f"{name}.lock")

    def __enter__(self) -> Self:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise SweepError(
                f"the sweep {self.name} is running", "wait for it, or give another --name"
            ) from None
        return self

    def __exit__(self, *_error: object) -> None:
        self._lock.release()

    @property
    def exists(self) -> bool:
        """Whether there is such a sweep."""
        return (self._folder / _DEFINITION).is_file()

    @property
    def logs(self) -> Path:
        """The folder of what each variant printed."""
        return self._folder / _LOGS

    def write(self, definition: Definition) -> None:
        """Keep the definition, also a new one."""
        self.logs.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(definition), indent=1)
        files.write(self._folder / _DEFINITION, f"{text}\n")

    def forget(self) -> None:
        """Let the name be free again."""
        (self._folder / _DEFINITION).unlink()

    def definition(self) -> Definition:
        """Read the definition. Raises `SweepError`."""
        path = self._folder / _DEFINITION
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return Definition(**data | {"overrides": tuple(data["overrides"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            what = f"the sweep {self.name} cannot be gone on with: {path} is not readable"
            raise SweepError(f"{what} ({error})", "start a new one") from error

    def add(self, report: Report) -> None:
        """Keep what became of a variant."""
        with (self._folder / _REPORTS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(report)) + "\n")

    def reports(self) -> dict[int, Report]:
        """Read what became of each variant that has ended, the last word of each."""
        path = self._folder / _REPORTS
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return {report.number: report for report in _parsed(lines)}


def _parsed(lines: list[str]) -> Iterator[Report]:
    """Parse lines; one may be half written, by a process that was killed, or of another version.

    Its variant is run again, which links what the ledger has.
    """
    for line in lines:
        try:
            data = json.loads(line)
            yield Report(**data | {"ran": tuple(data["ran"])})
        except (ValueError, TypeError, KeyError):
            continue


def names(state: Path) -> list[str]:
    """List the sweeps, the latest last."""
    found = (state / FOLDER).glob(f"*/{_DEFINITION}")
    return [path.parent.name for path in sorted(found, key=lambda path: path.stat().st_mtime)]
