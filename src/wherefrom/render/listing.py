"""Lists of results: as a table, as JSON, as CSV."""

from __future__ import annotations

import csv
import io
import textwrap
from typing import TYPE_CHECKING, Any

from wherefrom import metrics as metrics_
from wherefrom.remarks import TAGS
from wherefrom.render import planned, text, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wherefrom.baseline import Changed
    from wherefrom.commands.best import Best
    from wherefrom.entries import Entry
    from wherefrom.holders import Relation
    from wherefrom.index.rows import RecordRow
    from wherefrom.record import Gap, Record
    from wherefrom.runs import Run

_ID = 12
_TOLD = 40
"""Characters of what is told of a result, in a list."""
_HEAD = ("id", "experiment", "commit", "run", "relation", "reproduced", "plan", *TAGS, "data")


def results(entries: Sequence[Entry], metrics: Sequence[str], gaps: Sequence[Gap] = ()) -> str:
    """Show results, one a line, with the metrics that are asked for."""
    held = [entry for entry in entries if entry.held]
    loose = [entry for entry in entries if not entry.held]
    shown = _held(held, metrics) if held else ""
    if loose:
        head = ("id", "name", "status", "stage", "started", "why")
        rows = [_loose_row(entry.run) for entry in loose if entry.run]
        shown += f"\nruns that no commit and no experiment holds: {len(loose)}\n"
        shown += text.table(head, rows, "  ")
    return shown + text.gaps(gaps)


def results_json(entries: Sequence[Entry], gaps: Sequence[Gap] = ()) -> str:
    """Write results for a program."""
    found = [as_dict(entry) for entry in entries]
    return text.as_json({"results": found, "gaps": text.gaps_json(gaps)})


def results_csv(entries: Sequence[Entry]) -> str:
    """Write results as CSV: a column for each field, metric and parameter."""
    rows = [flat(entry) for entry in entries]
    head = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, head, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def best(found: Best) -> str:
    """Show the best results, and by what."""
    tie = f", {len(found.entries)} results alike" if len(found.entries) > 1 else ""
    head = f"best by {found.metric} ({found.way} is better): {text.number(found.value)}{tie}\n"
    others = ", ".join(found.others)
    note = f"note: results of other tables were compared too: {others}\n" if others else ""
    remedy = "  `wherefrom data` has the best of each\n" if others else ""
    return head + results(found.entries, [found.metric]) + note + remedy + text.gaps(found.gaps)


def best_json(found: Best) -> str:
    """Write the best results for a program."""
    return text.as_json(
        {
            "metric": found.metric,
            "value": found.value,
            "way": found.way,
            "results": [as_dict(entry) for entry in found.entries],
            "other_tables": list(found.others),
            "gaps": text.gaps_json(found.gaps),
        }
    )


def shown_metrics(entries: Sequence[Entry], sort: str | None) -> list[str]:
    """Choose the metrics of a list: the one that it is sorted by, the CV score, the test score."""
    first = metrics_.deciding(name for entry in entries for name in entry.metrics)
    if first is None:
        return []
    test = first.replace("cv.", "test.").removesuffix(".mean")
    known = {name for entry in entries for name in entry.metrics}
    return [name for name in dict.fromkeys((sort or first, first, test)) if name in known]


def as_dict(entry: Entry) -> dict[str, Any]:
    """Give a result as plain values: a short form of its trace."""
    made_in, relation = entry.made_in, entry.relation
    return {
        "result": {"key": entry.key, "record_id": entry.record_id, "stage": entry.stage},
        "run": run_json(entry.run, relation, entry.record),
        "experiments": list(entry.experiments),
        "inherited_by": list(entry.inherited_by),
        "commit": {"sha": made_in.commit_sha, "time": made_in.time} if made_in else None,
        "in_workspace": entry.in_workspace,
        "data": [
            {"path": i.path, "hash": i.hash, "labels": list(entry.labels)} for i in entry.data
        ],
        "params": dict(entry.params),
        "changed": {name: list(pair) for name, pair in entry.changed.items()},
        "metrics": dict(entry.metrics),
        "reproduced": text.reproduced_json(entry.reproduced),
        "plan": text.plan_json(entry.plan, entry.outcome),
        **told.as_dict(entry.told),
        "gaps": entry.gaps,
    }


def flat(entry: Entry) -> dict[str, Any]:
    """Give a result as one row: metrics and parameters are columns of their own."""
    run, made_in = entry.run, entry.made_in
    return {
        "key": entry.key,
        "record_id": entry.record_id,
        "mlflow_run_id": run.mlflow_run_id if run else None,
        "run_name": run.name if run else None,
        "relation": entry.relation,
        "experiment": made_in.experiment if made_in else None,
        "inherited_by": " ".join(entry.inherited_by),
        "commit_sha": made_in.commit_sha if made_in else None,
        "data_hash": " ".join(str(item.hash) for item in entry.data),
        "data_version": " ".join(entry.labels),
        "reproduced": entry.reproduced.verdict if entry.reproduced else None,
        **planned.as_columns(entry.plan),
        "plan.outcome": entry.outcome.verdict if entry.outcome else None,
        **{name: entry.told.value(name) for name in TAGS},
        "gaps": entry.gaps,
        **entry.metrics,
        **{f"params.{name}": value for name, value in entry.params.items()},
    }


def run_json(
    run: Run | None, relation: Relation | None, record: Record | RecordRow | None
) -> dict[str, Any] | None:
    """Give a run as plain values; None where there is neither a run nor a record of one."""
    if run is None and record is None and relation is None:
        return None
    return {
        "id": run.mlflow_run_id if run else None,
        "record_id": record.record_id if record else run.record_id if run else None,
        "relation": relation,
        "derived_from": record.derived_from if record else None,
        "name": run.name if run else record.run_name if record else None,
        "status": run.status if run else None,
        "started": record.started if record else run.started if run else None,
        "ended": record.ended if record else run.ended if run else None,
        "mlflow_experiment": run.mlflow_experiment if run else None,
    }


def _held(entries: Sequence[Entry], metrics: Sequence[str]) -> str:
    rows = [
        (
            *_row(entry),
            *(text.number(entry.metrics.get(name)) for name in metrics),
            changes(entry.changed),
        )
        for entry in entries
    ]
    return text.table((*_HEAD, *metrics, "changed"), rows)


def _row(entry: Entry) -> tuple[str, ...]:
    made_in = entry.made_in
    inherited = f" (+{len(entry.inherited_by)} inherited)" if entry.inherited_by else ""
    name = (made_in.experiment or "") if made_in else ""
    version = ", ".join(entry.labels) or " ".join(
        str(item.hash)[: text.SHORT] for item in entry.data[:2]
    )
    return (
        entry.key[:_ID],
        f"{name}{inherited}".strip(),
        made_in.commit_sha[:7] if made_in else "workspace",
        entry.run.mlflow_run_id[: text.SHORT] if entry.run else "",
        f"{entry.relation or ''}{' !' if entry.gaps else ''}",
        entry.reproduced.verdict if entry.reproduced else "",
        entry.outcome.verdict if entry.outcome else "",
        *(
            textwrap.shorten(text.line(entry.told.value(name) or ""), _TOLD, placeholder="...")
            for name in TAGS
        ),
        version + (" ..." if len(entry.data) > 2 else ""),  # noqa: PLR2004 - two are shown
    )


def changes(changed: Changed) -> str:
    """Show what both sides have before what came or went with another model."""
    found = sorted(changed.items(), key=lambda change: None in change[1])
    return text.changes(dict(found[:4])) + (
        f", {len(changed) - 4} more" if len(changed) > 4 else ""  # noqa: PLR2004
    )


def _loose_row(run: Run) -> tuple[str, ...]:
    why = (run.error or run.pruned or "").partition("\n")[0][:60]
    started = text.date(run.started)
    return (run.mlflow_run_id[:_ID], run.name, run.status, run.stage or "", started, why)
