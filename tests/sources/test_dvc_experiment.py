"""What a sweep calls of DVC's own code is there as it is called, and used by DVC itself."""

from __future__ import annotations

import inspect
from dataclasses import fields
from unittest.mock import Mock

import dvc.stage.run as stage_run  # noqa: TID251
import pytest
from dvc import rwlock, scm  # noqa: TID251
from dvc.repo import brancher, reproduce  # noqa: TID251
from dvc.repo.experiments import refs  # noqa: TID251
from dvc.repo.experiments.executor import base  # noqa: TID251
from dvc.repo.experiments.executor.local import TempDirExecutor  # noqa: TID251
from dvc.repo.experiments.queue import tempdir  # noqa: TID251 - the reference
from dvc.stage.exceptions import StageCmdFailedError  # noqa: TID251

from wherefrom.sources.dvc_clone import DvcError
from wherefrom.sources.dvc_errors import converted, is_of_command
from wherefrom.sources.dvc_executor import commands_by

CALLED = {
    base.BaseExecutor.reproduce: ("info", "rev", "log_errors"),
    base.BaseExecutor.pack_repro_args: ("path",),
    base.BaseExecutor._repro_commit: ("dvc",),
    base.BaseExecutor._repro_and_track: ("stage", "kwargs"),
    reproduce._reproduce_stage: ("stage", "kwargs"),
    tempdir.TempDirQueue._update_params: ("params",),
    scm.add_no_submodules: ("scm", "paths"),
    stage_run._run: ("executable", "cmd", "kwargs"),
    rwlock.rwlock: (),
    brancher.switch: ("repo", "rev"),
}


@pytest.mark.parametrize("function", CALLED, ids=lambda function: function.__qualname__)
def test_a_private_function_is_called_as_it_is_defined(function: object) -> None:
    parameters = inspect.signature(function).parameters  # type: ignore[arg-type]

    assert set(CALLED[function]) <= set(parameters)


def test_the_facts_of_an_executor_are_those_that_are_given() -> None:
    given = ["git_url", "baseline_rev", "location", "root_dir", "dvc_dir", "name", "wdir", "status"]

    assert set(given) <= {field.name for field in fields(base.ExecutorInfo)}
    assert {"PREPARING"} <= {status.name for status in base.TaskStatus}
    assert TempDirExecutor.DEFAULT_LOCATION == "tempdir"
    assert TempDirExecutor.PACKED_ARGS_FILE


def test_refs_of_a_running_experiment_are_where_they_are_looked_for() -> None:
    assert (
        *("refs/exps/exec/EXEC_BASELINE", "refs/exps/exec/EXEC_HEAD"),
        "refs/exps/exec/EXEC_BRANCH",
    ) == (refs.EXEC_BASELINE, refs.EXEC_HEAD, refs.EXEC_BRANCH)


def test_an_executor_tracks_and_commits_by_the_methods_that_are_replaced() -> None:
    source = inspect.getsource(base.BaseExecutor.reproduce)

    assert "cls._repro_and_track" in source
    assert "cls._repro_commit" in source
    assert "_get_stage_files" in inspect.getsource(base.BaseExecutor._repro_and_track)


def test_dvc_starts_a_command_by_the_function_that_is_replaced() -> None:
    heard: list[tuple[object, str]] = []

    def start(stage: object, command: str, _folder: str, _environ: object) -> int:
        heard.append((stage, command))
        return 3

    stage = Mock(cmd="python train.py", wdir=".", addressing="train")
    with commands_by(start), pytest.raises(StageCmdFailedError) as failed:
        stage_run.cmd_run(stage)

    assert (heard, "exited with 3" in str(failed.value)) == ([(stage, "python train.py")], True)
    assert "unlocked_repo(cmd_run)" in inspect.getsource(stage_run.run_stage)


def test_an_error_says_whether_it_was_the_command_or_dvc() -> None:
    with pytest.raises(DvcError) as failed, converted():
        raise StageCmdFailedError("python train.py", 1)

    assert is_of_command(failed.value)
    assert not is_of_command(DvcError("missing data"))
