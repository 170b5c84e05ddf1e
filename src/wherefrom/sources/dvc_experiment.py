"""DVC experiments, one after the other, in one process and one copy of the repository.

`dvc exp run --temp` makes a new repository for each experiment and pushes the workspace into it.
Here one clone serves for many. What an experiment is made of is left to DVC's own code, the same
that `--temp` and the queue call: parameters are set, stages run, `dvc.lock` is written and
the commit is made by it.

Private: `BaseExecutor.reproduce`, `ExecutorInfo`, `pack_repro_args`, the names of refs,
`_update_params` of a queue, and `ConfigObj`, by which settings are written.
`tests/sources/test_dvc_experiment.py` fails where they change, for the last one
`tests/sweep/test_any_project.py`.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from unittest import mock

from wherefrom.identity import CommitSha
from wherefrom.sources import git_clone, git_repo
from wherefrom.sources.dvc_errors import converted
from wherefrom.sources.dvc_executor import commands_by, make_executor
from wherefrom.sources.dvc_existing import digest, staged
from wherefrom.sources.dvc_once import Once, quick_state
from wherefrom.sources.dvc_whole import is_whole
from wherefrom.sources.git_objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wherefrom.sources.dvc_executor import Start

_KEPT = (".dvc/config.local", ".dvc/tmp", ".dvc/cache")
"""What is kept below the DVC root, beside outputs and compiled code."""


@dataclass(frozen=True)
class Base:
    """What experiments start from: a commit, and the tree of the workspace if that differs.

    `root` is the DVC root of the main project, `prefix` the path to it from the root of its
    worktree, and `common_dir` its repository.
    """

    root: Path
    prefix: str
    common_dir: Path
    commit: CommitSha
    tree: CommitSha | None = None

    @property
    def refs(self) -> str:
        """What the names of the refs of all its experiments begin with."""
        return f"refs/exps/{self.commit[:2]}/{self.commit[2:]}/"


class WorkingCopy:
    """A clone in which experiments are run. Its own refs, its own locks; DVC's cache is shared."""

    def __init__(self, base: Base, folder: Path) -> None:
        """Make the clone. Raises `ToolError` and `DvcError`."""
        self._base = base
        self._clone = folder
        git_clone.clone(base.common_dir, base.commit, folder)
        _include(folder / ".git" / "config", base.common_dir / "config")
        for ref in _exec_refs():
            git_repo.run(folder, "update-ref", ref, base.commit)
        from dvc.config import merge  # noqa: PLC0415, TID251

        self.root = folder / base.prefix
        with _repo(base.root) as main, _own_repo(self.root) as own, converted():
            cache = {"cache": {"dir": main.cache.local_cache_dir}}
            with _in_any_script(), own.config.edit("local") as config:
                merge(config, main.config.read("local"))
                merge(config, cache)
            self._site_cache_dir = own.site_cache_dir
        self._outputs: tuple[str, ...] = ()
        self._metric_files: list[str] = []
        self._once = Once()
        self.reset()
        with _own_repo(self.root) as own:
            self._look_at_outputs(own)

    def close(self) -> None:
        """Remove what DVC keeps of the clone elsewhere."""
        shutil.rmtree(self._site_cache_dir, ignore_errors=True)

    def reset(self) -> None:
        """Make it what the base is; outputs stay where they are, and DVC looks after them."""
        git_repo.run(self._clone, "reset", "--quiet", "--hard", self._base.commit)
        if self._base.tree is not None:
            git_repo.run(self._clone, "read-tree", "-u", "--reset", self._base.tree)
        own = (f"/{PurePosixPath(self._base.prefix, name)}" for name in _KEPT)
        kept = [f"--exclude={name}" for name in ("__pycache__", *own, *self._outputs)]
        git_repo.run(self._clone, "clean", "--quiet", "-ffdx", *kept)

    def set_params(self, overrides: Sequence[tuple[str, str]]) -> str:
        """Set parameters, as `dvc exp run --set-param` does, and give the digest of what is set.

        `overrides` are pairs of a parameters file and `key=value`. With the base it says what an
        experiment is made of, before it runs. Raises `DvcError`.
        """
        by_file: dict[str, list[str]] = defaultdict(list)
        for file, override in overrides:
            by_file[file].append(override)
        with _own_repo(self.root) as repo, converted(), _inside(self.root):
            repo.experiments.tempdir_queue._update_params(dict(by_file))  # noqa: SLF001
        changed = staged(self._clone, self._base.commit)
        return digest(changed, [output.lstrip("/") for output in self._outputs])

    def run(self, name: str, start: Start) -> CommitSha:
        """Run the pipeline as an experiment, hand it to the main repository; give its commit.

        Raises `DvcError` where a stage fails, or DVC refuses.
        """
        from dvc.repo.experiments.executor.base import (  # noqa: PLC0415, TID251
            ExecutorInfo,
            TaskStatus,
        )

        executor = make_executor(self._look_at_outputs)
        baseline = self._base.commit
        given = {
            "DVC_EXP_BASELINE_REV": str(baseline),
            "DVC_EXP_NAME": name,
            "DVC_ROOT": str(self._base.root),
        }
        info = ExecutorInfo(
            git_url=f"file://{self._clone}",
            baseline_rev=str(baseline),
            location=executor.DEFAULT_LOCATION,
            root_dir=str(self._clone),
            dvc_dir=str(Path(self._base.prefix) / ".dvc"),
            name=name,
            wdir=self._base.prefix or ".",
            status=TaskStatus.PREPARING,
        )
        self._leave_last_branch()
        arguments = self.root / ".dvc" / "tmp" / executor.PACKED_ARGS_FILE
        executor.pack_repro_args(str(arguments), run_env=given)
        with (
            converted(),
            commands_by(start),
            self._once.applied(),
            _inside(self.root),
        ):
            done = executor.reproduce(info, str(baseline), log_errors=False)
        ref = str(done.ref_info)
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
        git_repo.run(self._base.common_dir, *fetch, str(self._clone), f"{ref}:{ref}")
        return CommitSha(git_repo.run(self._clone, "rev-parse", ref).strip())

    def metric_files(self, name: str) -> dict[str, bytes]:
        """Read the metric files of an experiment of this baseline, by their paths from the root."""
        prefix = self._base.prefix
        paths = {path: f"{prefix}/{path}" if prefix else path for path in self._metric_files}
        sha = git_repo.resolve(self._base.root, self._base.refs + name)
        blobs = git_repo.listed(self._base.root, sha, paths.values()) if sha else {}
        with Objects(self._base.root) as objects:
            contents = dict(objects.contents(list(blobs.values())))
        return {path: contents[blobs[at]] for path, at in paths.items() if at in blobs}

    def is_whole(self, name: str) -> bool:
        """Whether an experiment of what is set here ran all stages on it; `reset` afterwards."""
        sha = git_repo.resolve(self._base.root, self._base.refs + name)
        listed = git_repo.run(self._clone, "ls-tree", "-rz", "--name-only", str(sha)) if sha else ""
        locks = [path for path in listed.split("\0") if PurePosixPath(path).name == "dvc.lock"]
        if not locks:
            return False
        git_repo.run(self._clone, "restore", "--source", str(sha), "--worktree", "--", *locks)
        with _own_repo(self.root) as repo, converted():
            return is_whole(repo)

    def _leave_last_branch(self) -> None:
        from dvc.repo.experiments.refs import EXEC_BRANCH  # noqa: PLC0415, TID251

        (self._clone / ".git" / EXEC_BRANCH).unlink(missing_ok=True)

    def _look_at_outputs(self, repo: Any) -> None:  # noqa: ANN401
        """Remember what DVC looks after, and which of it are metric files."""
        local = [out for out in repo.index.outs if out.protocol in {"local", None}]
        self._outputs = tuple(f"/{_below(self._clone, out.fs_path)}" for out in local)
        self._metric_files = [_below(self.root, out.fs_path) for out in local if out.metric]


def _below(folder: Path, path: str) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _include(config: Path, other: Path) -> None:
    """Let a clone know the settings of its origin, such as a user's name; its own are stronger.

    A submodule's name the folder of its files, which those of the clone must not be.
    """
    own = config.read_text(encoding="utf-8")
    own += f'[core]\n\tworktree = "{config.parent.parent}"\n'
    config.write_text(f'[include]\n\tpath = "{other}"\n{own}', encoding="utf-8")


@contextmanager
def _in_any_script() -> Iterator[None]:
    """Let DVC write settings as UTF-8, which it reads: it writes ASCII, and paths may be none."""
    import configobj  # noqa: PLC0415

    class InUtf8(configobj.ConfigObj):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
            super().__init__(*args, **{**options, "default_encoding": "utf-8"})

    with mock.patch.object(configobj, "ConfigObj", InUtf8):
        yield


def _exec_refs() -> tuple[str, str]:
    from dvc.repo.experiments.refs import EXEC_BASELINE, EXEC_HEAD  # noqa: PLC0415, TID251

    return EXEC_BASELINE, EXEC_HEAD


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _own_repo(root: Path) -> Iterator[Any]:
    """Open the working copy, whose state of files nobody needs after a crash."""
    with quick_state(), _repo(root) as repo:
        yield repo


@contextmanager
def _repo(root: Path) -> Iterator[Any]:
    from dvc.repo import Repo  # noqa: PLC0415, TID251

    with Repo(str(root)) as repo:
        yield repo
