"""A difference is exactly what differs, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asking import ask
from sync.versions import RESULT
from wherefrom import lockfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox

PARTS = ("data", "code", "stages", "params", "environment", "metrics")


def differences(sandbox: Sandbox, first: str, second: str, status: int = 1) -> dict[str, Any]:
    """Give what differs between the results of two revisions, without what is alike."""
    found = ask(sandbox, "diff", first, second, status=status)
    assert found["first"] == sandbox.record(first, RESULT).record_id
    assert found["second"] == sandbox.record(second, RESULT).record_id
    return {part: found[part] for part in PARTS if found[part]}


def hashes(sandbox: Sandbox, rev: str) -> dict[str, str | None]:
    """Map the files that the stages of a revision read to their hashes."""
    return {dep.path: dep.hash for facts in sandbox.lock(rev).values() for dep in facts.deps}


def pair(
    sandbox: Sandbox, first: str, second: str, of: Callable[[Sandbox, str], Any]
) -> list[object]:
    return [of(sandbox, first), of(sandbox, second)]


def digest(sandbox: Sandbox, rev: str) -> str:
    return sandbox.record(rev, RESULT).environment.digest


def test_a_result_differs_by_the_code_that_was_edited(history: Sandbox) -> None:
    path = "code/train.py"
    assert differences(history, "v1", "code") == {
        "code": {path: pair(history, "v1", "code", lambda s, rev: hashes(s, rev)[path])}
    }


def test_a_result_differs_by_the_environment_that_it_was_made_in(history: Sandbox) -> None:
    assert differences(history, "code", "env") == {
        "environment": {"digest": pair(history, "code", "env", digest)}
    }


def test_a_result_differs_by_metrics_alone_where_chance_made_them(history: Sandbox) -> None:
    assert differences(history, "again", "luck") == {
        "metrics": {
            "test.score": [0.6, 0.85],
            "test.rmse": [1.4, 1.15],
            "test.log_loss": [0.8, 0.5],
        }
    }


def test_a_result_differs_by_its_parameters_and_the_version_of_its_data(history: Sandbox) -> None:
    path = "data/rows.csv"
    assert differences(history, "v2", "final") == {
        "data": {path: pair(history, "v2", "final", lambda s, rev: hashes(s, rev)[path])},
        "params": {"data.version": ["v2", "final"], "train.lr": [0.5, 0.4]},
        "metrics": {"cv.score": [0.5, 0.4], "test.score": [1.0, 0.9], "test.rmse": [1.0, 1.1]},
    }


def test_what_one_of_two_results_does_not_have_is_null(history: Sandbox) -> None:
    found = differences(history, "plain", "v1")
    assert found["params"] == {"data.version": [None, "v1"]}
    assert found["metrics"] == {"test.rmse": [None, 1.4], "test.log_loss": [None, 0.8]}
    assert list(found["code"]) == ["code/evaluate.py"]
    assert found.keys() == {"params", "metrics", "code"}


def test_a_command_that_was_changed_is_a_difference_of_its_stage(history: Sandbox) -> None:
    history.replace("dvc.yaml", "python code/evaluate.py", "python ./code/evaluate.py")
    history.dvc("repro", WHEREFROM_TRACKING="off")
    history.commit("Another command")
    assert differences(history, "final", "HEAD") == {
        "stages": {"evaluate": ["python code/evaluate.py", "python ./code/evaluate.py"]}
    }


@pytest.mark.parametrize(
    ("first", "second"), [("final", "HEAD"), ("code", "again")], ids=["itself", "another record"]
)
def test_results_that_are_alike_have_no_difference(
    history: Sandbox, first: str, second: str
) -> None:
    assert differences(history, first, second, status=0) == {}
    assert history.run("wherefrom", "diff", first, second) == "no difference\n"


def test_the_difference_that_is_shown_names_each_part_with_both_values(history: Sandbox) -> None:
    done = history.process("wherefrom", "diff", "v2", "final")

    assert done.returncode == 1
    short = [
        str(value)[:8] for value in (hashes(history, r)["data/rows.csv"] for r in ("v2", "final"))
    ]
    shown = [line.split() for line in done.stdout.splitlines()]
    assert ["data/rows.csv", *short] in shown
    assert ["data.version", "v2", "final"] in shown
    assert ["test.score", "1.0000", "0.9000", "-0.1000"] in shown
    assert not {"code", "stages", "environment"} & {name for line in shown for name in line[:1]}


def test_the_fingerprints_of_results_that_are_alike_are_equal(history: Sandbox) -> None:
    locks = [history.lock(rev)["evaluate"] for rev in ("code", "again")]
    assert lockfile.fingerprint(locks[0]) == lockfile.fingerprint(locks[1])


def test_a_difference_from_what_is_no_result_is_refused(history: Sandbox) -> None:
    done = history.process("wherefrom", "diff", "final", "finale")
    assert done.returncode == 2
    assert "'finale' is no address of a result; near it: final" in done.stderr
