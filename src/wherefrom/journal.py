"""Every run is first on disk, whole, and then in MLflow: what is not delivered waits here.

One folder an entry, `<state>/runs/<record id>-<stage>/`: `entry.json` and, beside it, `artifacts/`
and `model/`. A lock file beside the folder is held as long as somebody works on it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from wherefrom import files
from wherefrom.datasets import DataInput
from wherefrom.errors.project import RecordError
from wherefrom.names import KILLED
from wherefrom.process import ProcessId, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wherefrom.identity import MlflowRunId, RecordId

SCHEMA = 1

Status = Literal["FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True)
class Ending:
    """How a stage ended: at `ended` (milliseconds, UTC), with its metrics and last tags.

    `unset` names tags that no longer hold.
    """

    status: Status
    ended: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What a stage has to tell MLflow.

    `store` names the one that it is meant for (`uris.store_name`). `action` is `create` for a run
    of its own and `continue` for an evaluation that goes on with the run of its training.
    `mlflow_run_id` is None until MLflow has given one, `ending` is None as long as the stage runs.
    Keys and values are in MLflow's form already. `data` are the raw inputs, `table` the one
    of them that the metrics are of, None where the parameters name none.
    """

    record_id: RecordId
    stage: str
    store: str
    action: Literal["create", "continue"]
    mlflow_experiment: str
    run_name: str
    started: int
    process: ProcessId
    params: Mapping[str, str]
    tags: Mapping[str, str]
    data: tuple[DataInput, ...] = ()
    table: DataInput | None = None
    mlflow_run_id: MlflowRunId | None = None
    ending: Ending | None = None

    @property
    def key(self) -> str:
        """Name the entry's folder."""
        return f"{self.record_id}-{self.stage.replace('/', '_').replace(':', '_')}"


class Journal:
    """The entries of a project."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._runs = state / "runs"

    def folder(self, entry: Entry) -> Path:
        """Give the folder of an entry."""
        return self._runs / entry.key

    def entry(self, key: str) -> Entry:
        """Read an entry. Raises `RecordError`."""
        return _read(self._runs / key / "entry.json")

    def write(self, entry: Entry) -> None:
        """Write an entry, whole or not at all."""
        files.private_folder(self._state)
        text = json.dumps({"schema": SCHEMA, **asdict(entry)}, indent=1, sort_keys=True)
        files.write(self.folder(entry) / "entry.json", text)

    def remove(self, entry: Entry) -> None:
        """Remove an entry that MLflow has."""
        shutil.rmtree(self.folder(entry))
        (self._runs / f"{entry.key}.lock").unlink(missing_ok=True)

    def hold(self, entry: Entry) -> FileLock:
        """Take the entry for this process, without waiting. Raises `filelock.Timeout`."""
        files.private_folder(self._state)
        self._runs.mkdir(exist_ok=True)
        lock = FileLock(self._runs / f"{entry.key}.lock")
        lock.acquire(timeout=0)
        return lock

    def waiting(self) -> tuple[Entry, ...]:
        """List the entries that nobody works on, oldest first, those of dead processes ended.

        Raises nothing for one that cannot be read: `damaged` names it.
        """
        idle = [ended for entry in self._entries() if (ended := _ended(entry)) is not None]
        return tuple(sorted(idle, key=lambda entry: (entry.started, entry.action != "create")))

    def record_ids(self) -> frozenset[str]:
        """List the records whose runs are still to be made by what waits or runs."""
        return frozenset(e.record_id for e in self._entries() if e.action == "create")

    def damaged(self) -> tuple[RecordError, ...]:
        """Name the entries that cannot be read; they stay where they are."""
        return tuple(found for found in self._all() if isinstance(found, RecordError))

    def _entries(self) -> tuple[Entry, ...]:
        return tuple(found for found in self._all() if isinstance(found, Entry))

    def _all(self) -> Iterator[Entry | RecordError]:
        for path in sorted(self._runs.glob("*/entry.json")):
            try:
                yield _read(path)
            except FileNotFoundError:  # delivered and removed since it was listed
                continue
            except RecordError as error:
                yield error

    def take(self, entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, FileLock]]:
        """Give each entry that is still there with its lock; the caller releases it."""
        for entry in entries:
            try:
                lock = self.hold(entry)
            except Timeout:  # somebody else delivers it
                continue
            path = self.folder(entry) / "entry.json"
            now = _ended(_read(path)) if path.exists() else None  # as it is under the lock
            if now is not None:
                yield now, lock
            else:
                lock.release()


def _ended(entry: Entry) -> Entry | None:
    """Give an entry that can be delivered; one whose process is gone was killed."""
    if entry.ending is not None:
        return entry
    if not is_gone(entry.process):
        return None
    ending = Ending("KILLED", entry.started, tags=KILLED)
    return replace(entry, ending=ending)


def _read(path: Path) -> Entry:
    try:
        data: dict[str, Any] = json.loads(path.read_text())
        if data.pop("schema") != SCHEMA:
            raise RecordError(str(path), "its schema is not known here")
        data["process"] = ProcessId(**data["process"])
        table = data.get("table")
        data["table"] = DataInput(**table) if table else None
        data["data"] = tuple(DataInput(**item) for item in data.get("data", ()))
        if data["ending"] is not None:
            data["ending"]["unset"] = tuple(data["ending"]["unset"])
            data["ending"] = Ending(**data["ending"])
        return Entry(**data)
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(str(path), f"it is no entry of the journal ({error})") from error
