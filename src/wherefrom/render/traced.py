"""A trace on one screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wherefrom.lockfile import is_record
from wherefrom.render import text, told
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wherefrom.commands.trace import Trace
    from wherefrom.holding import Stage
    from wherefrom.index.rows import CommitRow
    from wherefrom.lineage import Lineage
    from wherefrom.lockfile import FileFacts
    from wherefrom.versions import Version

_PARTS = ("cv", "test", "train", "gap")
_DETAIL = re.compile(r"\.(std|fold_\d+)$")


def trace(found: Trace) -> str:
    """Show a trace: result, run, commit, data, stages, parameters, environment, gaps."""
    sections = (
        ("predictions", _predictions(found)),
        ("result", _result(found)),
        ("run", _run(found)),
        ("commit", _commit(found)),
        ("data", "".join(_version(version) for version in found.data)),
        ("stages", _stages(found.lineage) if found.lineage else ""),
        ("params", _params(found)),
        ("environment", _environment(found)),
    )
    shown = "\n".join(f"{name}\n{body}" for name, body in sections if body)
    listed = text.gaps(found.gaps)
    return f"{shown}\n{listed}" if listed else shown


# -- the result and its run


def _predictions(found: Trace) -> str:
    said = found.predictions
    if said is None:
        return ""
    rows = [
        ("file", f"{said.output.name}  {said.rows} rows  {said.output.hash}"),
        ("of", f"{said.table.name}  {said.table.hash}"),
        ("made", text.date(said.at)),
        ("code", said.commit_sha),
        ("python", f"{said.environment.python}, {said.environment.platform}"),
    ]
    remarks = "".join(f"  {line}\n" for line in said.remarks)
    return text.pairs(rows, "  ") + remarks


def _result(found: Trace) -> str:
    rows = [("id", found.key)]
    if found.lineage:
        rows += [("model", f"{path}  {out.hash}") for path, out in found.lineage.model_files]
    if found.reproduced:
        rows.append(("reproduced", text.reproduced(found.reproduced)))
    rows += told.rows(found.told)
    if found.outcome:
        rows.append(("plan", text.outcome(found.outcome)))
        rows += [("", text.judged(one)) for one in found.outcome.criteria]
    return text.pairs(rows, "  ") + metrics_table(found.metrics)


def metrics_table(metrics: Mapping[str, float]) -> str:
    """Show metrics by name and part: cross-validation with its deviation, test, train, gap."""
    names = dict.fromkeys(
        name.removeprefix(f"{part}.").removesuffix(".mean")
        for name in metrics
        for part in _PARTS
        if name.startswith(f"{part}.") and not _is_detail(name)
    )
    rows = [(name, *(_cell(metrics, part, name) for part in _PARTS)) for name in names]
    other = [(n, text.number(v)) for n, v in metrics.items() if n.partition(".")[0] not in _PARTS]
    listed = text.table(("metric", *_PARTS), rows, "  ") if rows else ""
    return listed + text.pairs(other, "  ")


def _is_detail(name: str) -> bool:
    return name.startswith("cv.") and bool(_DETAIL.search(name))


def _cell(metrics: Mapping[str, float], part: str, name: str) -> str:
    if part != "cv":
        return text.number(metrics.get(f"{part}.{name}"))
    mean = metrics.get(f"cv.{name}.mean", metrics.get(f"cv.{name}"))
    deviation = metrics.get(f"cv.{name}.std")
    spread = "" if deviation is None else f" ± {deviation:.4f}"
    return "" if mean is None else f"{text.number(mean)}{spread}"


def _run(found: Trace) -> str:
    run, record, made_in = found.run, found.record, found.made_in
    derived = record.derived_from if record else None
    relation = found.relation or "none: nothing says how it was made"
    others = found.inherited_by
    started = record.started if record else run.started if run else None
    return text.pairs(
        [
            *([("id", f"{run.mlflow_run_id}  {run.name}  {run.status}")] if run else []),
            *([("relation", relation + (f" (of {derived})" if derived else ""))]),
            *([("experiment", made_in.experiment)] if made_in and made_in.experiment else []),
            *([("inherited by", ", ".join(others))] if others else []),
            *([("started", text.date(started))] if started else []),
        ],
        "  ",
    )


# -- where it is held


def _commit(found: Trace) -> str:
    commit, record = found.commit, found.record
    if commit is None:
        return "  the workspace\n" if found.lineage else ""
    dirty = record is not None and record.git.dirty and record.experiment is None
    kept = record.git.snapshot if record else None
    refs = [ref.split("/", 2)[2] for ref in found.refs]
    return text.pairs(
        [
            ("sha", f"{commit.sha}" + ("" if found.attributed else "  (not attributed: see gaps)")),
            ("made", f"{text.date(commit.time * 1000)}  {commit.subject[:60]}"),
            *([("in", ", ".join(refs))] if refs else []),
            *([("baseline", found.baseline)] if found.baseline and _inside(found) else []),
            *([("dirty", f"kept as {kept}" if kept else "and not kept")] if dirty else []),
        ],
        "  ",
    )


def _inside(found: Trace) -> bool:
    return any(name for name in found.experiments)


# -- what it was made from


def _version(version: Version) -> str:
    first = version.introduced
    since = f"since {_when(first)}" if first else "in no commit yet"
    named = [version.path, str(version.hash), text.size(version.size), version.label or ""]
    return (
        f"  {'  '.join(filter(None, named))}\n"
        f"    {version.dvc_file}, {since}\n    {' && '.join(version.restore)}\n"
    )


def _when(commit: CommitRow) -> str:
    return f"{commit.sha[: text.SHORT]} of {text.date(commit.time * 1000)[:10]}"


def _stages(lineage: Lineage) -> str:
    return "".join(_stage(stage, lineage) for stage in lineage.stages)


def _stage(stage: Stage, lineage: Lineage) -> str:
    made = {path for other in lineage.stages for path in other.outs}
    data = made | {raw.path for raw in lineage.raw}
    shown = [(path, dep) for path, dep in stage.deps.items() if path in data]
    code = len(stage.deps) - len(shown)
    files = f"{code} file{'' if code == 1 else 's'} of code and settings"
    left = [*_named(shown), *([files] if code else [])]
    right = _named((p, o) for p, o in stage.outs.items() if not is_record(p))
    parents = lineage.before[stage.address]
    after = f"  <- {', '.join(parents)}" if parents else ""
    return (
        f"  {stage.address}{after}\n"
        f"{text.wrapped(', '.join(left), '    in   ', '         ')}\n"
        f"{text.wrapped(', '.join(right), '    out  ', '         ')}\n"
    )


def _named(files: Iterable[tuple[str, FileFacts]]) -> list[str]:
    shown = [(redact_text(path), str(f.hash)) for path, f in files if not is_record(path)]
    return [f"{path} {value[: text.SHORT]}" for path, value in shown]


def _params(found: Trace) -> str:
    lines = [
        f"{name}  {text.value(a)} -> {text.value(b)}" for name, (a, b) in found.changed.items()
    ]
    lines += [
        f"{name}  {text.value(a)} -> {text.value(b)}  (no stage uses it)"
        for name, (a, b) in found.unused.items()
    ]
    if not lines and found.baseline:
        lines = [f"{len(found.params)}, as in {found.baseline[: text.SHORT]}"]
    if not found.baseline:
        lines = [f"{name}  {text.value(item)}" for name, item in found.params.items()]
    return "".join(f"  {line}\n" for line in lines)


def _environment(found: Trace) -> str:
    if found.record is None:
        return ""
    facts = found.record.environment
    matches = {True: "installed as pinned", False: "not as pinned", None: "not compared"}
    lock = f"{facts.lock[: text.SHORT]} ({matches[facts.matches_lock]})" if facts.lock else "none"
    return text.pairs(
        [
            ("packages", f"{facts.digest[: text.SHORT]}, lock file {lock}"),
            ("python", f"{facts.python} on {facts.platform}"),
            ("machine", ", ".join(filter(None, (facts.cpu, facts.blas)))),
        ],
        "  ",
    )
