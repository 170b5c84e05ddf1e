"""From the files of a tree to the rows of what it holds."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from wherefrom import holding as holdings
from wherefrom import lineage, metrics
from wherefrom.attribution import is_as_locked
from wherefrom.errors.git import DamagedRepositoryError
from wherefrom.lockfile import is_record
from wherefrom.sources import dvc_cache

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from wherefrom.holding import Holding, Stage
    from wherefrom.lineage import Lineage
    from wherefrom.record import Record
    from wherefrom.sources.git_objects import Objects

Files = dict[str, str]


class SnapshotWriter:
    """Writes each snapshot once: many commits hold the same one."""

    def __init__(self, database: sqlite3.Connection, objects: Objects, anchor: Path) -> None:
        self._database = database
        self._objects = objects
        self._anchor = anchor
        self._texts: dict[str, str] = {}
        self._stage_ids: dict[str, int] = {}

    def write(self, listings: Iterable[Files]) -> list[int]:
        """Give the ids of the snapshots of these files, written where they are new."""
        wanted = [(_digest(files), files) for files in listings]
        new = {digest: files for digest, files in wanted if self._id(digest) is None}
        self._load(new.values())
        for digest, files in new.items():
            self._write_one(digest, files)
        self._texts.clear()
        return [self._id(digest) or 0 for digest, _ in wanted]

    def measure(self, snapshots: Iterable[int]) -> None:
        """Read the metrics of the results of these snapshots again."""
        ask = "SELECT files FROM snapshots WHERE id = ?"
        listed = {
            snapshot: json.loads(self._database.execute(ask, (snapshot,)).fetchone()[0])
            for snapshot in snapshots
        }
        self._load(listed.values())
        change = "UPDATE results SET metrics = ?, gaps = ? WHERE snapshot = ? AND stage = ?"
        for snapshot, files in listed.items():
            self._database.execute("DELETE FROM missing WHERE snapshot = ?", (snapshot,))
            for result in lineage.results(self._held.pop(id(files))):
                measured = self._measured(snapshot, files, result)
                self._database.execute(change, (*measured, snapshot, result.final.address))
        self._texts.clear()

    def _id(self, digest: str) -> int | None:
        ask = "SELECT id FROM snapshots WHERE digest = ?"
        row = self._database.execute(ask, (digest,)).fetchone()
        return int(row[0]) if row else None

    def _load(self, listings: Iterable[Files]) -> None:
        """Read the texts of all facts, then of the metric files that they name."""
        listings = list(listings)
        facts = {b for files in listings for p, b in files.items() if holdings.is_fact(p)}
        self._read(facts)
        self._held = {id(files): self._holding(files) for files in listings}
        measured = {
            files[path]
            for files in listings
            for path, _ in self._held[id(files)].metric_files
            if path in files
        }
        self._read(measured - facts)

    def _read(self, blobs: set[str]) -> None:
        self._texts.update(self._objects.texts(blobs))
        for lost in sorted(blobs - self._texts.keys()):
            raise DamagedRepositoryError(lost)

    def _holding(self, files: Files) -> Holding:
        return holdings.read({p: self._texts[b] for p, b in files.items() if b in self._texts})

    def _write_one(self, digest: str, files: Files) -> None:
        held = self._held.pop(id(files))
        insert = "INSERT INTO snapshots (digest, files) VALUES (?, ?)"
        snapshot = self._database.execute(insert, (digest, json.dumps(files))).lastrowid or 0
        for result in lineage.results(held):
            self._write_result(snapshot, files, result)
        problems = [(snapshot, gap.what, gap.why, gap.remedy) for gap in held.gaps]
        self._database.executemany("INSERT INTO problems VALUES (?, ?, ?, ?)", problems)
        written = {stage.record_path: stage for stage in held.stages.values()}
        for path, record in held.records.items():
            stage = written.get(path)
            self._write_record(record, genuine=not stage or self._is_genuine(files, stage))
        made = {path for stage in held.stages.values() for path in stage.outs}
        self._database.executemany(
            "INSERT INTO stage_snapshots VALUES (?, ?)",
            [(self._stage_id(stage, made), snapshot) for stage in held.stages.values()],
        )

    def _measured(self, snapshot: int, files: Files, result: Lineage) -> tuple[str, int]:
        """Give the metrics of a result, and how many gaps it has; note what is not here (yet)."""
        contents = {
            path: self._texts[files[path]].encode("utf-8", "surrogateescape")
            for path, _ in result.metric_files
            if path in files
        }
        edited = {
            path
            for path, value in result.metric_files
            if path in contents and value and not is_as_locked(contents[path], value)
        }
        cached = {p: v for p, v in result.metric_files if p not in files}
        read = {path: dvc_cache.read(self._anchor, value) for path, value in cached.items()}
        contents |= {path: content for path, content in read.items() if content is not None}
        missing = [(snapshot, cached[path]) for path, content in read.items() if content is None]
        self._database.executemany("INSERT INTO missing VALUES (?, ?)", missing)
        values, _ = metrics.join({p: c for p, c in contents.items() if p not in edited})
        return json.dumps(values), len(result.gaps) + len(edited) + len(missing)

    def _write_result(self, snapshot: int, files: Files, result: Lineage) -> None:
        values, gaps = self._measured(snapshot, files, result)
        row = (
            *(snapshot, result.key, result.final.address, result.final.fingerprint),
            result.record.record_id if result.record else None,
            result.training.record_id
            if result.training and not result.is_of_other_training
            else None,
            values,
            json.dumps(result.params, default=str),
            json.dumps(result.fingerprints),
            gaps,
            result.final.outs[result.final.record_path].hash if result.final.record_path else None,
            self._is_genuine(files, result.final),
        )
        insert = "INSERT INTO results VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        number = self._database.execute(insert, row).lastrowid
        rows = [
            (number, r.path, result.used.get(r.path, r.hash), r.size, r.dvc_file)
            for r in result.raw
        ]
        self._database.executemany("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", rows)

    def _is_genuine(self, files: Files, stage: Stage) -> bool:
        """Whether the record of a stage is the one that its lock has, byte for byte."""
        if stage.record_path is None:
            return True
        value, blob = stage.outs[stage.record_path].hash, files.get(stage.record_path)
        if value is None or blob is None:
            return value is None
        return is_as_locked(self._texts[blob].encode("utf-8", "surrogateescape"), value)

    def _write_record(self, record: Record, *, genuine: bool) -> None:
        row = (
            *(record.record_id, record.stage, record.relation, record.derived_from),
            *(record.fingerprint, record.mlflow_run_id, record.run_name, record.experiment),
            *(record.baseline, record.started, record.ended),
            *(json.dumps(record.tags), json.dumps(record.plan)),
        )
        insert = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        if not genuine:  # an edited copy never comes before the true one
            insert = insert.replace("REPLACE", "IGNORE")
        self._database.execute(insert, row)

    def _stage_id(self, stage: Stage, made: set[str]) -> int:
        outs = sorted((path, str(out.hash)) for path, out in stage.outs.items())
        digest = _digest({"at": stage.address, "is": stage.fingerprint, **dict(outs)})
        if digest not in self._stage_ids:
            ask = "SELECT id FROM stages WHERE digest = ?"
            row = self._database.execute(ask, (digest,)).fetchone()
            self._stage_ids[digest] = row[0] if row else self._write_stage(stage, digest, made)
        return self._stage_ids[digest]

    def _write_stage(self, stage: Stage, digest: str, made: set[str]) -> int:
        sources = {path: str(dep.hash) for path, dep in stage.deps.items() if path not in made}
        row = (digest, stage.address, stage.fingerprint, self._source_set(sources))
        insert = "INSERT INTO stages (digest, address, fingerprint, sources) VALUES (?, ?, ?, ?)"
        number = self._database.execute(insert, row).lastrowid or 0
        outs = [(o.hash, path, number) for path, o in stage.outs.items() if not is_record(path)]
        self._database.executemany("INSERT INTO outs VALUES (?, ?, ?)", outs)
        return number

    def _source_set(self, sources: Mapping[str, str]) -> int:
        digest = _digest(sources)
        ask = "SELECT id FROM source_sets WHERE digest = ?"
        row = self._database.execute(ask, (digest,)).fetchone()
        if row:
            return int(row[0])
        insert = "INSERT INTO source_sets (digest) VALUES (?)"
        number = self._database.execute(insert, (digest,)).lastrowid or 0
        rows = [(value, path, number) for path, value in sources.items()]
        self._database.executemany("INSERT INTO sources VALUES (?, ?, ?)", rows)
        return number


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
