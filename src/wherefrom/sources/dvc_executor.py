"""DVC's executor of an experiment, with the commands of its stages run by somebody else.

Private: `TempDirExecutor` with `_repro_dvc`, `_repro_and_track` and `_repro_commit`,
`dvc.repo.reproduce._reproduce_stage`, `cmd_run` and `_run` of `dvc.stage.run`, which start the
commands of a stage, and the locks and links that a working copy needs not;
`tests/sources/test_dvc_experiment.py` fails where they change.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Start = Callable[[Any, str, str, Mapping[str, str]], int | None]
    """Runs a command of a stage (as DVC has it) in a folder with variables.

    It gives the command's status, None if it will not run it.
    """


def make_executor(made: Callable[[Any], None]) -> Any:  # noqa: ANN401
    """Give DVC's executor, which hands files to git once and not after each stage.

    That costs it an index of the project each time. It does not tell DVC Studio how far it is, nor
    names files that are not in git, of which a working copy has none at first. `made` is given the
    project when its stages have run.
    """
    from dvc.repo import Repo  # noqa: PLC0415, TID251
    from dvc.repo.experiments.executor.local import TempDirExecutor  # noqa: PLC0415, TID251
    from dvc.repo.reproduce import _reproduce_stage  # noqa: PLC0415, TID251
    from dvc.scm import add_no_submodules  # noqa: PLC0415, TID251

    class Executor(TempDirExecutor):  # type: ignore[misc]
        WARN_UNTRACKED = False

        @classmethod
        @contextmanager
        def _repro_dvc(cls, info: Any, *_args: Any, **_kwargs: Any) -> Iterator[Any]:  # noqa: ANN401
            with Repo(str(Path(info.root_dir, info.dvc_dir))) as dvc:
                dvc.scm_context.quiet = True
                yield dvc

        @staticmethod
        def _repro_and_track(stage: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            return _reproduce_stage(stage, **kwargs)

        @classmethod
        def _repro_commit(cls, dvc: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            made(dvc)
            add_no_submodules(dvc.scm, _files_for_git(dvc))
            return super()._repro_commit(dvc, *args, **kwargs)

        @classmethod
        def commit(cls, scm: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            # it is asked in order to log that there is nothing to commit, and then commits anyway
            with mock.patch.object(scm, "is_dirty", return_value=True):
                return super().commit(scm, *args, **kwargs)

    return Executor


def _files_for_git(dvc: Any) -> list[str]:  # noqa: ANN401
    """List what DVC adds to git after its stages: its own files, and what it does not keep."""
    from dvc.utils import relpath  # noqa: PLC0415, TID251

    stages = [stage for stage in dvc.index.stages if stage.cmd]
    kept = {out.fs_path for out in dvc.index.outs if out.use_scm_ignore}
    items = [item for stage in stages for item in (*stage.outs, *stage.deps)]
    paths = [item.fs_path for item in items if item.is_in_repo and item.hash_name != "params"]
    outside = [path for path in paths if kept.isdisjoint((path, *map(str, Path(path).parents)))]
    files = [file for stage in stages for file in _files_of_stage(stage)]
    found = [path for path in dict.fromkeys((*files, *outside)) if os.path.lexists(path)]
    return [relpath(path) for path in found]


def _files_of_stage(stage: Any) -> list[str]:  # noqa: ANN401
    lock = getattr(stage.dvcfile, "_lockfile", None)
    return [stage.dvcfile.path, *([lock.path] if lock else [])]


@contextmanager
def commands_by(start: Start) -> Iterator[None]:
    """Let `start` run the commands of stages; what it will not run is run as DVC does."""
    from dvc import rwlock  # noqa: PLC0415, TID251
    from dvc.repo import checkout  # noqa: PLC0415, TID251
    from dvc.stage import run  # noqa: PLC0415, TID251
    from dvc.stage.exceptions import StageCmdFailedError  # noqa: PLC0415, TID251

    by_dvc, of_stage = run._run, run.cmd_run  # noqa: SLF001
    running: list[Any] = []

    def commands(stage: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        running[:] = [stage]
        of_stage(stage, *args, **kwargs)

    def command(executable: str, cmd: str, **kwargs: Any) -> None:  # noqa: ANN401
        status = start(running[0], cmd, kwargs["cwd"], kwargs["env"])
        if status is None:
            by_dvc(executable, cmd, **kwargs)
        elif status:
            raise StageCmdFailedError(cmd, status)

    with (
        mock.patch.object(run, "cmd_run", commands),
        mock.patch.object(run, "_run", command),
        # the files of the clone are this process's alone: they need no locks
        mock.patch.object(rwlock, "rwlock", _unlocked),
        # nor to be looked for: git has removed what the variant before left
        mock.patch.object(checkout, "_remove_unused_links", return_value=[]),
    ):
        yield


@contextmanager
def _unlocked(*_args: Any) -> Iterator[None]:  # noqa: ANN401
    yield
