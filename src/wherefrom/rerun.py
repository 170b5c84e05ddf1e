"""One result made again, in a clone of its own: nothing of the user's is touched."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom import attribution, lineage, tree, verdict
from wherefrom.errors import ImpossibleError, ToolError
from wherefrom.settings import STORE, TRACKING
from wherefrom.sources import disk, dvc_cache, dvc_clone, git_clone
from wherefrom.uris import redact_text

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from wherefrom.children import Children
    from wherefrom.holding import Raw
    from wherefrom.identity import CommitSha
    from wherefrom.lineage import Lineage
    from wherefrom.project import Project
    from wherefrom.verdict import Compared

    Told = Callable[[str], None]

_STAGE = re.compile(r"Running stage '(.+)':$")
_CALLERS_OWN = ("DVC_", "MLFLOW_", "GIT_", "WHEREFROM_")
_LAST_LINES = 200
FULL = "wherefrom: the stage {} ended with an error; this is what it said:\n{}"


@dataclass(frozen=True)
class Wanted:
    """A result that is to be made again, from the code of a commit.

    `metrics` are those that it has, `tolerance` by how much they may differ.
    """

    project: Project
    result: Lineage
    commit_sha: CommitSha
    metrics: Mapping[str, float]
    tolerance: float = verdict.TOLERANCE


def again(
    wanted: Wanted, folder: Path, children: Children, environ: Mapping[str, str], told: Told
) -> Compared:
    """Make a result again below `folder`, and compare it.

    `environ` is what its processes get, without what the caller's own tools are told in it; `told`
    hears how far it is. Raises `ImpossibleError`.
    """
    root = _checked_out(wanted, folder)
    for raw in wanted.result.raw:
        _bring(wanted, raw, root)
    stages = [stage.address for stage in wanted.result.stages]
    process = children.start(dvc_clone.command(stages), root, _environment(environ, folder))
    _follow(process, len(stages), told)
    return _compared(wanted, root)


def _checked_out(wanted: Wanted, folder: Path) -> Path:
    """Give the DVC root of a clone at the commit; it has no `dvc.lock` but the one it will make."""
    project = wanted.project
    if project.repository is None:
        raise LookupError("a result of history is in git")
    try:
        git_clone.clone(project.repository.common_dir, wanted.commit_sha, folder / "clone")
    except ToolError as error:
        raise ImpossibleError(
            what=f"the commit {wanted.commit_sha[:7]} cannot be checked out",
            why=redact_text(" ".join(error.output.split())),
            remedy="`git fetch` it from where it is; a commit that git has removed is lost",
        ) from error
    root = folder / "clone" / project.prefix
    dvc_clone.settle(root)
    return root


def _bring(wanted: Wanted, raw: Raw, root: Path) -> None:
    """Copy raw data out of the user's cache, by the hash that the stages read."""
    value, target = wanted.result.used.get(raw.path) or raw.hash, root / raw.path
    target.parent.mkdir(parents=True, exist_ok=True)
    places = dict.fromkeys((wanted.project.workspace, wanted.project.anchor))
    if value is None or not any(dvc_cache.copy(place, value, target) for place in places):
        raise ImpossibleError(
            what=f"{raw.path} cannot be had",
            why=f"DVC's cache does not hold {value}",
            remedy="`dvc fetch --all-commits` where a remote has it",
        )
    if disk.hash_of(target) != value and not _is_of_old(target, value):
        raise ImpossibleError(
            what=f"{raw.path} cannot be had",
            why=f"DVC's cache has other bytes at {value}",
            remedy="remove that file from the cache, and `dvc fetch` it",
        )


def _is_of_old(target: Path, value: str) -> bool:
    """Whether a text has the hash that DVC gave it before version 3."""
    return target.is_file() and attribution.is_as_locked(target.read_bytes(), value)


def _environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Give the environment of what runs: no store, cache or repository but those of `folder`."""
    clean = {key: value for key, value in environ.items() if not key.startswith(_CALLERS_OWN)}
    return clean | {
        TRACKING: "off",
        "WHEREFROM_SUMMARY": "off",
        STORE: f"sqlite:///{folder / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
    }


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


def _compared(wanted: Wanted, root: Path) -> Compared:
    here = tree.of_workspace(root)
    made = here.holding.stages
    found = verdict.outputs(wanted.result, made)
    final = lineage.result_of(here.holding, wanted.result.final.address)
    metrics, _ = here.metrics(root, final.metric_files)
    inputs = verdict.other_inputs(wanted.result, made)
    return verdict.judge(found, (wanted.metrics, metrics), inputs, wanted.tolerance)
