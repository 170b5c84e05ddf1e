"""One result made again, in a clone of its own: nothing of the user's is touched."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wherefrom import attribution, lineage, tree
from wherefrom import metrics as metrics_
from wherefrom.errors.answers import ImpossibleError
from wherefrom.names import LOGS
from wherefrom.reproduction import checkout, unlike, verdict
from wherefrom.settings import STORE, TRACKING
from wherefrom.sources import disk, dvc_cache, dvc_clone, git_repo
from wherefrom.sources.git_objects import Objects
from wherefrom.sources.run_source import open_runs
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from wherefrom.identity import CommitSha
    from wherefrom.lineage import Lineage
    from wherefrom.project import Project
    from wherefrom.reproduction.checkout import CheckedOut
    from wherefrom.reproduction.environments import Maker
    from wherefrom.reproduction.verdict import Compared, Output

    Told = Callable[[str], None]

_STAGE = re.compile(r"Running stage '(.+)':$")
_CALLERS_OWN = ("DVC_", "MLFLOW_", "GIT_", "WHEREFROM_")
_LAST_LINES = 200
_KEPT = 20
_PERSISTED = "`persist: true`: its stage may go on from what was there before, and nothing was here"


@dataclass(frozen=True)
class Wanted:
    """A result that is to be made again, from the code of a commit.

    `metrics` are those that it has, `tolerance` by how much they may differ.
    `from_lock` says that its environment is that of the commit's lock file, and not this one.
    """

    project: Project
    result: Lineage
    commit_sha: CommitSha
    metrics: Mapping[str, float]
    from_lock: bool = True
    tolerance: float = verdict.TOLERANCE


@dataclass(frozen=True)
class Made:
    """A result that was made again, and what of the machine is not as it was."""

    compared: Compared
    machine: tuple[str, ...]


def again(wanted: Wanted, folder: Path, maker: Maker, told: Told) -> Made:
    """Make a result again below `folder`, and compare it; `told` hears how far it is.

    Raises `ImpossibleError`.
    """
    clone, result = folder / "clone", wanted.result
    out = checkout.check_out(wanted.project, wanted.commit_sha, result, clone)
    root = out.root
    checkout.bring_data(wanted.project, result, root)
    checkout.take_frozen(wanted.project, result, out)
    if wanted.from_lock:
        environ = maker.of_lock(result, clone, root)
    else:
        environ = maker.current(wanted.project.git_root or wanted.project.workspace, clone)
    stages = [stage.address for stage in result.stages if stage.address not in out.frozen]
    command = dvc_clone.command(stages)
    logs = _log_folder(wanted.project.state)
    started = maker.children.start(command, root, _environment(environ, folder, logs))
    with started as process:
        _follow(process, len(stages), told)
    return _made(wanted, out, _store(folder))


def _log_folder(state: Path) -> Path:
    """Give the folder for the logs of stages that fail, and keep the last of those in it."""
    folder = state / "failed"
    kept = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[_KEPT:]:
        old.unlink(missing_ok=True)
    return folder


def _environment(environ: Mapping[str, str], folder: Path, logs: Path) -> dict[str, str]:
    """Give the environment of what runs: no store, cache or repository but those of `folder`.

    `logs` outlives it.
    """
    return without_callers_own(environ) | {
        LOGS: str(logs),
        TRACKING: "off",
        "WHEREFROM_SUMMARY": "off",
        STORE: _store(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
    }


def without_callers_own(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what the caller's tools are told: it would lead out of a clone."""
    return {key: value for key, value in environ.items() if not key.startswith(_CALLERS_OWN)}


def _store(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def _follow(process: subprocess.Popen[str], count: int, told: Told) -> None:
    """Read what DVC says until it ends; what a failing stage has said is told then."""
    stage, number, said = "", 0, deque[str](maxlen=_LAST_LINES)
    for line in process.stdout or ():
        if found := _STAGE.match(line.rstrip()):
            stage, number = found[1], number + 1
            said.clear()
            told(f"{stage} ({number} of {count})")
        said.append(line)
    if process.wait() != 0:
        told(redact_text("".join(said).rstrip()))
        raise ImpossibleError(
            what=f"the stage {stage} ended with an error" if stage else "DVC ended with an error",
            why=_last(said),
            remedy="what it said is above; `--keep` leaves the clone, to look at it",
        )


def _last(said: Iterable[str]) -> str:
    lines = [line.strip() for line in said if line.strip()]
    return redact_text(lines[-1]) if lines else "it said nothing"


def _made(wanted: Wanted, out: CheckedOut, store: str) -> Made:
    root, here = out.root, tree.of_workspace(out.root)
    ran = tuple(stage for stage in wanted.result.stages if stage.address not in out.frozen)
    result = replace(wanted.result, stages=ran)
    made = here.holding.stages
    pairs = verdict.outputs(result, made)
    found = tuple(one if one.is_same else _described(wanted, one, out) for one in pairs)
    final = lineage.result_of(here.holding, wanted.result.final.address)
    metrics, _ = here.metrics(root, final.metric_files)
    frozen = (stage for stage in wanted.result.stages if stage.address in out.frozen)
    taken, _ = metrics_.read(root, [path for stage in frozen for path in stage.metrics])
    metrics = taken | metrics
    if not metrics and wanted.result.record is None:
        metrics = _logged(wanted, store)
    inputs = verdict.other_inputs(result, made)
    compared = verdict.judge(found, (wanted.metrics, metrics), inputs, wanted.tolerance)
    compared = replace(compared, taken=tuple(sorted(out.frozen)))
    then, now = wanted.result.record, final.record
    machine = verdict.other_machine(then.environment, now.environment) if then and now else ()
    return Made(compared, machine)


def _logged(wanted: Wanted, store: str) -> dict[str, float]:
    """Read the metrics that foreign code has logged to MLflow alone, of those that it did then."""
    runs = open_runs(store)
    logged = runs.logged(run.mlflow_run_id for run in runs.all_runs())
    found = {name: value for one in logged.values() for name, value in one.metrics.items()}
    return {name: found[name] for name in wanted.metrics if name in found}


def _described(wanted: Wanted, output: Output, out: CheckedOut) -> Output:
    """Say in what an output differs, as far as its former bytes can be had, and why it may."""
    why = (_PERSISTED,) if output.path in out.persisted else ()
    return replace(output, unlike=(*_unlike(wanted, output, out.root), *why))


def _unlike(wanted: Wanted, output: Output, root: Path) -> tuple[str, ...]:
    then, place = _former(wanted, output, root), root / output.path
    if then is None or output.got is None:
        return ()
    if place.is_dir():
        files = (path for path in place.rglob("*") if path.is_file())
        now = {f.relative_to(place).as_posix(): str(disk.hash_of(f)) for f in files}
        return unlike.names(then, now)
    return unlike.words(output.path, then, place.read_bytes())


def _former(wanted: Wanted, output: Output, root: Path) -> bytes | None:
    """Read what an output was from the user's cache, else from the commit, if that has it."""
    project, value = wanted.project, output.expected
    for place in project.cache_roots:
        if (found := dvc_cache.read(place, value)) is not None:
            return found
    path = project.in_git(output.path)
    blob = git_repo.listed(root, wanted.commit_sha, [path]).get(path)
    with Objects(root) as objects:
        content = dict(objects.contents([blob] if blob else [])).get(blob or "")
    return content if content and value and attribution.is_as_locked(content, value) else None
