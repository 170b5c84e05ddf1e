"""Which evaluation a training run belongs to: the first one claims it, and no other.

A training run leaves an open claim here as it starts. Only an open claim can be taken: where it is
missing (a run of another clone, a state folder that was deleted) the evaluation derives a run of
its own, so that no run is ever written into by a later experiment.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from wherefrom import files
from wherefrom import process as processes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wherefrom.identity import Fingerprint, RecordId


@dataclass(frozen=True)
class Claim:
    """The claim on a training run.

    `params` is a digest of the effective parameters that it was started with. `fingerprint` is that
    of the evaluation that claimed it (None: open), `environment` the digest of its environment,
    `process` the one that evaluates, `outcome` its record's text and metrics once it has finished.
    """

    params: str
    fingerprint: Fingerprint | None = None
    environment: str | None = None
    process: str | None = None
    outcome: Mapping[str, Any] | None = None


class Claims:
    """The claims of a project, each in a file, changed under one lock."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._folder = state / "claims"

    def open(self, record_id: RecordId, params: Mapping[str, str]) -> None:
        """Leave an open claim for a training run that starts."""
        self._write(record_id, Claim(params_digest(params)))

    def take(
        self,
        record_id: RecordId,
        fingerprint: Fingerprint,
        environment: str,
        params: Mapping[str, str],
    ) -> Claim | None:
        """Claim a training run for an evaluation; None where it cannot be had.

        Taking it twice with the same fingerprint and environment gives the same claim again, with
        its outcome if the first evaluation has finished. A claim whose process was killed is open.
        """
        with self._lock():
            claim = self._read(record_id)
            if claim is None or claim.params != params_digest(params):
                return None
            if claim.fingerprint is not None and not _abandoned(claim):
                same = (claim.fingerprint, claim.environment) == (fingerprint, environment)
                return claim if same and claim.outcome is not None else None
            taken = replace(
                claim,
                fingerprint=fingerprint,
                environment=environment,
                process=processes.current().text(),
            )
            self._write(record_id, taken)
            return taken

    def finish(self, record_id: RecordId, outcome: Mapping[str, Any]) -> None:
        """Keep what the claiming evaluation gave."""
        with self._lock():
            claim = self._read(record_id)
            if claim is not None:
                self._write(record_id, replace(claim, outcome=outcome))

    def release(self, record_id: RecordId) -> None:
        """Open a claim again: the evaluation failed, and the run has no result yet."""
        with self._lock():
            claim = self._read(record_id)
            if claim is not None and claim.outcome is None:
                self._write(record_id, Claim(claim.params))

    def _lock(self) -> FileLock:
        files.private_folder(self._state)
        return FileLock(self._state / "claims.lock", timeout=60)

    def _read(self, record_id: RecordId) -> Claim | None:
        path = self._folder / f"{record_id}.json"
        try:
            return Claim(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None

    def _write(self, record_id: RecordId, claim: Claim) -> None:
        files.private_folder(self._state)
        files.write(self._folder / f"{record_id}.json", json.dumps(asdict(claim), sort_keys=True))


def _abandoned(claim: Claim) -> bool:
    """Whether the evaluation that took the claim has ended without an outcome."""
    process = processes.parse(claim.process or "")
    return claim.outcome is None and process is not None and processes.is_gone(process)


def params_digest(params: Mapping[str, str]) -> str:
    """SHA-256 of parameters as canonical JSON."""
    return hashlib.sha256(json.dumps(dict(params), sort_keys=True).encode()).hexdigest()
