"""Which experiments of a baseline are there, by what each changes of it; and data that none has.

Private: `switch`, by which DVC itself reads a commit; `tests/sources/test_dvc_experiment.py` fails
where it changes.
"""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from wherefrom.sources import git_repo
from wherefrom.sources.dvc_errors import converted
from wherefrom.sources.dvc_repo import opened
from wherefrom.sources.dvc_whole import cache_data, edited_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from wherefrom.identity import CommitSha
    from wherefrom.sources.dvc_experiment import Base

_BY_DVC = {"dvc.lock", ".gitignore"}
"""Files that DVC writes as it runs stages."""


@dataclass(frozen=True)
class Found:
    """What is there as experiments begin.

    `known` maps what those of the baseline are made of to their names: a digest, as below. Of one
    there are several where stages were left out of some. `edited` is data in the workspace that is
    not what its `.dvc` file says. `inputs` and `outputs` are those of all stages, by their paths
    from the DVC root.
    """

    known: Mapping[str, tuple[str, ...]]
    edited: tuple[str, ...]
    inputs: frozenset[str]
    outputs: frozenset[str]


def found(base: Base, is_here: bool) -> Found:  # noqa: FBT001 - it is asked by position
    """Look for experiments of a baseline, and for data that none of them would have.

    `is_here` says that the workspace is what experiments start from: then data that is as its
    `.dvc` file says is put into the cache where it is not. Raises `DvcError`.
    """
    edited: tuple[str, ...] = ()
    with opened(base.root) as repo, converted():
        if is_here:
            edited = tuple(edited_data(repo))
        if is_here and not edited:
            cache_data(repo)
        inputs, outputs = _declared(repo, base.tree or base.commit)
    refs = git_repo.refs_below(base.root, base.refs)
    changed = _changed(base, refs.values())
    known: dict[str, tuple[str, ...]] = {}
    for name, sha in refs.items():
        made_of = digest(changed[sha], outputs)
        known[made_of] = (*known.get(made_of, ()), name)
    here = (
        frozenset(posixpath.relpath(p, base.prefix or ".") for p in ps) for ps in (inputs, outputs)
    )
    return Found(known, edited, *here)


def _declared(repo: Any, sha: CommitSha) -> Iterator[list[str]]:  # noqa: ANN401
    """List the inputs and the outputs that a commit declares, from the root of its worktree."""
    from dvc.repo.brancher import switch  # noqa: PLC0415, TID251

    with switch(repo, sha):
        read = [dep for stage in repo.index.stages if stage.cmd for dep in stage.deps]
        for items in (read, repo.index.outs):
            local = [item for item in items if item.protocol in {"local", None}]
            yield [item.fs_path.lstrip("/") for item in local]


def _changed(base: Base, shas: Iterable[CommitSha]) -> dict[str, dict[str, str]]:
    """Map commits to the files that they change of a baseline, with their blobs."""
    changed: dict[str, dict[str, str]] = {sha: {} for sha in shas}
    pairs = "".join(f"{sha} {base.commit}\n" for sha in changed)
    command = ("diff-tree", "-r", "-z", "--no-renames", "--stdin")
    fields = iter(git_repo.run(base.root, *command, given=pairs).split("\0"))
    sha = ""
    for field in fields:
        if field.startswith(":"):
            changed[sha][next(fields)] = field.split()[3]
        elif field:
            sha = field
    return changed


def staged(clone: Path, commit: CommitSha) -> dict[str, str]:
    """Map the files that differ from a commit to their blobs; zeros for one that is gone."""
    git_repo.run(clone, "add", "--update")
    text = git_repo.run(clone, "diff-index", "--cached", "--no-renames", "-z", commit)
    fields = text.split("\0")
    pairs = zip(fields[::2], fields[1::2], strict=False)
    return {path: head.split()[3] for head, path in pairs if path}


def digest(changes: Mapping[str, str], outputs: Iterable[str]) -> str:
    """Digest what an experiment changes of its baseline, but for what running it writes."""
    written = tuple(f"{path}/" for path in outputs)
    text = "".join(
        f"{path}\0{blob}\0"
        for path, blob in sorted(changes.items())
        if not f"{path}/".startswith(written) and PurePosixPath(path).name not in _BY_DVC
    )
    return hashlib.sha256(text.encode()).hexdigest()
