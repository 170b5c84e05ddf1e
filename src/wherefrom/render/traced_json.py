"""All of a trace as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wherefrom.render import text, told
from wherefrom.render.listing import run_json
from wherefrom.render.predicted import as_dict as predictions_json
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from wherefrom.commands.trace import Trace
    from wherefrom.holding import Stage
    from wherefrom.lineage import Lineage
    from wherefrom.lockfile import FileFacts
    from wherefrom.versions import Version


def trace_json(found: Trace) -> str:
    """Write all of a trace for a program."""
    return text.as_json(as_dict(found))


def as_dict(found: Trace) -> dict[str, Any]:
    """Give a trace as plain values, in the form of the JSON."""
    record, lineage = found.record, found.lineage
    return {
        "result": {
            "key": found.key,
            "record_id": record.record_id if record else None,
            "stage": lineage.final.address if lineage else None,
            "fingerprint": lineage.final.fingerprint if lineage else None,
            "models": [_file(p, o) for p, o in lineage.model_files] if lineage else [],
        },
        "run": run_json(found.run, found.relation, record),
        "experiments": list(found.experiments),
        "commits": list(found.commits),
        "commit": _commit_json(found),
        "data": [_version_json(version) for version in found.data],
        "stages": [_stage_json(stage, lineage) for stage in lineage.stages] if lineage else [],
        "params": dict(found.params),
        "changed": {name: list(pair) for name, pair in found.changed.items()},
        "unused": {name: list(pair) for name, pair in found.unused.items()},
        "baseline": found.baseline,
        "metrics": dict(found.metrics),
        "environment": asdict(record.environment) if record else None,
        "reproduced": text.reproduced_json(found.reproduced),
        "plan": text.plan_json(found.plan, found.outcome),
        **told.as_dict(found.told),
        "predictions": predictions_json(found.predictions) if found.predictions else None,
        "gaps": text.gaps_json(found.gaps),
    }


def _commit_json(found: Trace) -> dict[str, Any] | None:
    commit, record = found.commit, found.record
    if commit is None:
        return None
    return {
        "sha": commit.sha if found.attributed else None,
        "held_by": commit.sha,
        "time": commit.time,
        "subject": commit.subject,
        "refs": list(found.refs),
        "dirty": record.git.dirty if record else None,
        "snapshot": record.git.snapshot if record else None,
    }


def _version_json(version: Version) -> dict[str, Any]:
    first = version.introduced
    return {
        "path": version.path,
        "hash": version.hash,
        "size": version.size,
        "label": version.label,
        "dvc_file": version.dvc_file,
        "introduced": {"sha": first.sha, "time": first.time} if first else None,
        "restore": list(version.restore),
    }


def _stage_json(stage: Stage, lineage: Lineage) -> dict[str, Any]:
    return {
        "name": stage.address,
        "cmd": _redacted(stage.facts.cmd),
        "fingerprint": stage.fingerprint,
        "after": list(lineage.before[stage.address]),
        "deps": [_file(path, dep) for path, dep in stage.deps.items()],
        "outs": [_file(path, out) for path, out in stage.outs.items()],
        "params": {file: dict(keys) for file, keys in stage.facts.params.items()},
    }


def _redacted(command: str | tuple[str, ...]) -> str | list[str]:
    if isinstance(command, str):
        return redact_text(command)
    return [redact_text(line) for line in command]


def _file(path: str, facts: FileFacts) -> dict[str, Any]:
    return {"path": redact_text(path), "hash": facts.hash, "size": facts.size}
