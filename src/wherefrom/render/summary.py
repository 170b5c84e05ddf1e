"""The summary of a finished pipeline, and what a sync did."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from wherefrom.render import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.commands.summary import Summary
    from wherefrom.commands.sync import Synced
    from wherefrom.record import GitFacts

SUBMISSION = "submission"
"""The tag by which a stage names the predictions of a table without a target."""

_NEXT = """\
next
  {keep:<43}  {kept}
  dvc exp run -S PARAMETER=VALUE               try a variant
  dvc exp show                                 compare
  wherefrom ui                                 the same runs in MLflow
"""


def summary(result: Summary) -> str:
    """Show what a finished pipeline gave, and what to type next."""
    record = result.record
    run = f"{result.mlflow_run_id or 'not in MLflow yet (`wherefrom sync`)'}  {record.run_name}"
    data = result.data.items() or [("", None)]
    rows = [
        ("record", record.record_id),
        ("run", run),
        ("relation", _relation(result)),
        *([("experiment", record.experiment)] if record.experiment else []),
        *_cv_rows(result.metrics),
        *_rows("test", result.metrics),
        *([("plan", text.outcome(result.outcome))] if result.outcome else []),
        *(("data", f"{value or 'not tracked by DVC'}  {path}") for path, value in data),
        ("commit", _commit(record.git)),
        ("model", ", ".join(result.models) or "none in dvc.lock"),
        *([("submission", record.tags[SUBMISSION])] if SUBMISSION in record.tags else []),
    ]
    return "\n" + text.pairs(rows) + text.gaps(result.gaps) + "\n" + _next(result)


def _next(result: Summary) -> str:
    if result.is_in_copy and result.record.experiment:
        apply = f"dvc exp apply {shlex.quote(result.record.experiment)}"
        return _NEXT.format(keep=apply, kept="take it into the workspace")
    paths = shlex.join(["dvc.lock", *result.unkept])
    return _NEXT.format(keep=f"git add {paths} && git commit", kept="keep this result")


def summary_json(result: Summary) -> str:
    """Write the summary for a program."""
    record = result.record
    return text.as_json(
        {
            "result": {
                "record_id": record.record_id,
                "mlflow_run_id": result.mlflow_run_id,
                "run_name": record.run_name,
                "relation": result.relation,
                "experiment": record.experiment,
            },
            "metrics": dict(result.metrics),
            "data": [{"path": path, "hash": value} for path, value in result.data.items()],
            "commit": {"sha": record.git.commit, "dirty": record.git.dirty},
            "models": list(result.models),
            "plan": text.plan_json(record.plan, result.outcome),
            "gaps": text.gaps_json(result.gaps),
        }
    )


def sync(done: Synced) -> str:
    """Say what was logged, what still waits, and why, and what is lost."""
    each = f" ({done.seconds / done.made:.2f} s each)" if done.made else ""
    parts = [
        *([f"{done.delivered} logged that had waited"] if done.delivered else []),
        *([f"{done.made} made from the ledger{each}"] if done.made else []),
        *([f"{done.linked} linked"] if done.linked else []),
    ]
    said = "; ".join(parts) or ("nothing was logged" if done.gaps else "MLflow is up to date")
    gone = "".join(f"  not back: {item}\n" for item in done.lost)
    return f"{said}\n{gone}{text.gaps(done.gaps)}"


def sync_json(done: Synced) -> str:
    """Write the same for a program."""
    counts = {"delivered": done.delivered, "made": done.made, "linked": done.linked}
    more = {"seconds": done.seconds, "lost": list(done.lost)}
    return text.as_json({**counts, **more, "gaps": text.gaps_json(done.gaps)})


def _relation(result: Summary) -> str:
    record = result.record
    if result.relation == "inherited":
        where = f"experiment {record.experiment}" if record.experiment else record.run_name
        return f"inherited: no stage ran here; made in {where}, {record.relation} there"
    return f"{record.relation} (of {record.derived_from})" if record.derived_from else "own"


def _commit(git: GitFacts) -> str:
    sha = git.commit or "none yet"
    return f"{sha}  (dirty)" if git.dirty else sha


def _cv_rows(metrics: Mapping[str, float]) -> Iterable[tuple[str, str]]:
    """Show each cross-validated metric as mean ± standard deviation."""
    for name, mean in metrics.items():
        if name.startswith("cv.") and name.endswith(".mean"):
            score = name.removesuffix(".mean")
            yield score, f"{mean:.4f} ± {metrics.get(f'{score}.std', float('nan')):.4f}"


def _rows(part: str, metrics: Mapping[str, float]) -> Iterable[tuple[str, str]]:
    for name, value in metrics.items():
        if name.startswith(f"{part}."):
            yield name, f"{value:.4f}"
