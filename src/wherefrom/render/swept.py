"""A sweep, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from wherefrom.metrics import merit
from wherefrom.render import text

if TYPE_CHECKING:
    from wherefrom.commands.sweep import Swept
    from wherefrom.sweeping.messages import Report

_SHOWN = 10


def beginning(swept: Swept) -> str:
    """Say what is about to run."""
    definition = swept.definition
    many = "variant" if swept.size == 1 else "variants"
    count = f"{swept.size} {many}" if swept.size is not None else many
    done = swept.sweep.ended
    before = f", {done} of them before" if done else ""
    return f"{definition.name}: {count}{before}{_origin(swept)}\n" + text.gaps(swept.gaps)


def _origin(swept: Swept) -> str:
    """Say from where a sweep goes on: HEAD and the workspace may be others by now."""
    if not swept.is_resumed:
        return ""
    changed = " with the changes of then" if swept.definition.tree else ""
    return f", from {swept.definition.commit[:10]}{changed}"


def state(swept: Swept) -> str:
    """Say in a few words how far it is: running, failed, best."""
    sweep = swept.sweep
    counts = Counter(report.state for report in sweep.reports.values())
    parts = [f"{sweep.running} running"]
    parts += [f"{counts[name]} {name}" for name in ("linked", "pruned", "failed") if counts[name]]
    if sweep.best is not None and sweep.objective is not None:
        value = text.number(sweep.objective.value(sweep.best))
        parts.append(f"best {sweep.objective.metric} {value} ({sweep.best.experiment})")
    return ", ".join(parts)


def line(swept: Swept, report: Report) -> str:
    """Say what became of a variant."""
    said = report.error or _value(swept, report)
    return f"{_name(swept, report)} {report.state}" + (f": {said}" if said else "")


def _value(swept: Swept, report: Report) -> str:
    """Say what a variant has of the metric that decides."""
    objective = swept.sweep.objective
    if objective is None or report.state not in {"done", "linked"}:
        return ""
    value = objective.value(report)
    if value is None:
        no_number = report.not_finite.get(objective.metric)
        return f"{objective.metric} is {no_number}" if no_number else f"no {objective.metric}"
    return f"{objective.metric} {text.number(value)}"


def sweep(swept: Swept) -> str:
    """Show what came of a sweep: the best variants, what failed, and what to do next."""
    sweep_ = swept.sweep
    reports = [sweep_.reports[number] for number in sorted(sweep_.reports)]
    counts = Counter(report.state for report in reports)
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    shown = f"{swept.definition.name}: {said or 'nothing was run'}\n"
    objective = sweep_.objective
    if objective is not None and sweep_.best is not None:
        scored = [report for report in reports if objective.value(report) is not None]
        scored.sort(key=lambda one: merit(one.metrics[objective.metric], objective.better))
        shown += "\n" + _table(swept, scored[:_SHOWN])
    bad = [report for report in reports if _is_without(swept, report)]
    shown += "".join(f"{line(swept, report)}\n" for report in bad)
    shown += _without_effect(reports) + text.gaps(swept.late)
    return shown + "\nnext\n" + text.pairs(_next(swept), "  ")


def _without_effect(reports: list[Report]) -> str:
    """Say so where all variants are one result, which looks like a tie of several."""
    whole = [report for report in reports if report.state in {"done", "linked"}]
    results = {report.record_id for report in whole}
    if len(whole) < 2 or len(results) > 1 or None in results:  # noqa: PLR2004 - several
        return ""
    names = ", ".join(dict.fromkeys(name for report in whole for name in report.values))
    return (
        f"note: these {len(whole)} are one result: with the other parameters as they are, no stage "
        f"depends on {names}\n  set with a further -S what makes one do so\n"
    )


def _is_without(swept: Swept, report: Report) -> bool:
    """Whether a variant failed, or has no number to be compared by."""
    objective = swept.sweep.objective
    if report.state in {"done", "linked"}:
        return objective is not None and objective.value(report) is None
    return report.state in {"failed", "stopped"}


def _table(swept: Swept, reports: list[Report]) -> str:
    """Show variants by what they vary and the metric that decides."""
    objective = swept.sweep.objective
    metric = objective.metric if objective else ""
    names = list(dict.fromkeys(name for report in reports for name in report.values))
    rows = []
    for report in reports:
        values = report.values
        varied = [text.value(values[name]) if name in values else "" for name in names]
        state_ = "" if report.state == "done" else report.state
        number = text.number(report.metrics.get(metric))
        rows.append([report.experiment or "", number, *varied, state_])
    return text.table(["experiment", metric, *names, ""], rows)


def _next(swept: Swept) -> list[tuple[str, str]]:
    rows = []
    best = swept.sweep.best
    if swept.sweep.is_stopped:
        rows.append((f"wherefrom sweep --resume --name {swept.definition.name}", "go on"))
    if best is not None:
        rows.append((f"wherefrom {best.experiment}", "where the best is from"))
        rows.append((f"dvc exp apply {best.experiment}", "take it into the workspace"))
    rows.append(("dvc exp show", "compare"))
    return rows


def _name(swept: Swept, report: Report) -> str:
    return report.experiment or f"{swept.definition.name}-{report.number + 1}"


def sweep_json(swept: Swept) -> str:
    """Give a sweep as JSON."""
    sweep_ = swept.sweep
    reports = [sweep_.reports[number] for number in sorted(sweep_.reports)]
    best = sweep_.best
    return text.as_json(
        {
            "sweep": asdict(swept.definition),
            "best": best.experiment if best else None,
            "variants": [_variant_json(swept, report) for report in reports],
            "gaps": text.gaps_json(dict.fromkeys((*swept.gaps, *swept.late))),
        }
    )


def _variant_json(swept: Swept, report: Report) -> dict[str, object]:
    return {**asdict(report), "name": _name(swept, report)}
