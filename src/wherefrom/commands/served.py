"""What a version in MLflow's registry says of the result that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom import keys
from wherefrom.names import COMMIT, DATA_HASH, DECIDED, FINGERPRINT, RECORD_ID, RESULT
from wherefrom.record import Gap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wherefrom.commands.trace import Trace
    from wherefrom.runs import LoggedModel
    from wherefrom.view import View

_THRESHOLD, _NEUTRAL = "evaluate.threshold", 0.5
"""The parameter of this project's pipeline by which two classes are decided after the model."""


def notes(trace: Trace, logged: LoggedModel) -> Iterator[Gap]:
    """Say so where a result decides otherwise than its model, and MLflow has that one alone."""
    threshold = trace.params.get(_THRESHOLD, _NEUTRAL)
    if threshold != _NEUTRAL and logged.name != DECIDED:
        yield Gap(
            what=f"what is served decides otherwise than this result, whose {_THRESHOLD} is "
            f"{threshold}",
            why="its evaluation logged no model, and the trained one decides by itself",
            remedy="`wherefrom predict` decides as the result does",
        )


def tags(trace: Trace) -> dict[str, str]:
    """Give the tags of a version: its result, and what that was made of."""
    result = trace.lineage
    if result is None:
        return {RESULT: trace.key}
    known: dict[str, object] = {
        RESULT: trace.key,
        RECORD_ID: trace.record.record_id if trace.record else None,
        FINGERPRINT: result.final.fingerprint,
        COMMIT: trace.commit.sha if trace.commit else None,
        DATA_HASH: trace.run.data_hash if trace.run else None,
        "env.lock": trace.record.environment.lock if trace.record else None,
        **{keys.key(f"dvc.data.{path}"): value for path, value in result.used.items()},
        **{
            keys.key(f"dvc.out.{path}"): out.hash
            for stage in result.stages
            for path, out in stage.outs.items()
            if path in result.models
        },
    }
    return {name: keys.tag(value) for name, value in known.items() if value is not None}


def description(view: View, trace: Trace, logged: LoggedModel) -> str:
    """Say in Markdown what a version was made from, and how to look at that."""
    rows = [f"- commit `{trace.commit.sha}`: {trace.commit.subject}"] if trace.commit else []
    experiment = trace.made_in.experiment if trace.made_in else None
    rows += [f"- experiment `{experiment}`"] if experiment else []
    rows += [f"- data `{path}` `{value}`" for path, value in _data(trace)]
    rows += [f"- `{name}` {then} -> {now_}" for name, (then, now_) in trace.changed.items()]
    tests = {n: v for n, v in trace.metrics.items() if n.startswith("test.")}
    rows += [f"- {name} {value:.6g}" for name, value in tests.items()]
    rows += [f"- **{said.what}**: {said.why}" for said in notes(trace, logged)]
    listed = "\n".join(rows)
    project = view.project.anchor.name
    commands = f"`wherefrom trace {trace.key[:12]}` in {project} shows all of it"
    return f"Result `{trace.key}`\n\n{listed}\n\n{commands}; `wherefrom reproduce` makes it again."


def _data(trace: Trace) -> Sequence[tuple[str, object]]:
    return tuple(trace.lineage.used.items()) if trace.lineage else ()
