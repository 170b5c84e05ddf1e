"""The command line: what it prints, and how it ends."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox
from serving import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_summary_names_all_that_a_result_is_made_of(sandbox: Sandbox) -> None:
    record = sandbox.record()
    shown = sandbox.run("wherefrom", "summary")

    metrics = sandbox.metrics()
    mean, std = metrics["cv.accuracy.mean"], metrics["cv.accuracy.std"]
    for text in (
        record.record_id,
        str(record.mlflow_run_id),
        record.run_name,
        "relation                 own",
        f"{mean:.4f} ± {std:.4f}",
        f"{metrics['test.roc_auc']:.4f}",
        "0d1690bbd5734538a9c8b3b1dc902760",
        str(record.git.commit),
        "models/model.joblib",
        "git add dvc.lock",
    ):
        assert text in shown


def test_the_summary_as_json_has_a_schema_and_the_same_facts(sandbox: Sandbox) -> None:
    shown = json.loads(sandbox.run("wherefrom", "summary", "--json"))
    record = sandbox.record()
    assert shown["schema"] == 1
    assert shown["result"]["record_id"] == record.record_id
    assert shown["metrics"] == sandbox.metrics()
    assert shown["commit"] == {"sha": record.git.commit, "dirty": False}


def test_the_summary_of_a_lock_that_was_edited_has_a_gap(sandbox: Sandbox) -> None:
    sandbox.replace("dvc.lock", "threshold: 0.5", "threshold: 0.6")
    assert "gap: the inputs in dvc.lock are not those" in sandbox.run("wherefrom", "summary")


@pytest.mark.parametrize(
    ("prepare", "code", "message"),
    [
        (lambda _root: None, 2, "is not inside a DVC repository"),
        (lambda root: (root / ".dvc").mkdir(), 1, "there is no result here"),
    ],
    ids=["no project", "no result"],
)
def test_an_error_is_one_message_with_its_exit_code(
    tmp_path: Path,
    warm_environment: dict[str, str],
    prepare: Callable[[Path], object],
    code: int,
    message: str,
) -> None:
    prepare(tmp_path)
    done = Sandbox(tmp_path, warm_environment).process("wherefrom", "summary")
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_is_no_unexpected_error(sandbox: Sandbox) -> None:
    done = sandbox.process("sh", "-c", "wherefrom ls >/dev/full")
    assert done.returncode == 1
    assert done.stderr == "wherefrom: No space left on device\n  make room, or write elsewhere\n"


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("dvc.lock", "stages: [", "dvc.lock cannot be read"),
        ("results/evaluate.wherefrom.json", "{", "cannot be read"),
    ],
    ids=["damaged lock", "damaged record"],
)
def test_a_damaged_file_is_named(sandbox: Sandbox, path: str, text: str, message: str) -> None:
    (sandbox.root / path).write_text(text)
    done = sandbox.process("wherefrom", "summary")
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tracking: {uri: 3}", "tracking.uri is 3; allowed is a text"),
        ("a: [", "params.yaml cannot be read"),
    ],
    ids=["wrong setting", "no YAML"],
)
def test_a_summary_is_given_beside_parameters_that_cannot_be_used(
    sandbox: Sandbox, text: str, message: str
) -> None:
    (sandbox.root / "params.yaml").write_text(text)
    done = sandbox.process("wherefrom", "summary")
    assert done.returncode == 0
    assert sandbox.record().record_id in done.stdout
    assert message in done.stdout


def test_a_wrong_command_ends_with_2(sandbox: Sandbox) -> None:
    done = sandbox.process("wherefrom", "sumary")
    assert done.returncode == 2
    assert "'sumary' is no address of a result; near it: the command `wherefrom summary`" in (
        done.stderr
    )


def test_sync_with_nothing_to_do_says_so(sandbox: Sandbox) -> None:
    assert sandbox.run("wherefrom", "sync") == "1 linked\n"  # to the commit that holds it now
    assert sandbox.run("wherefrom", "sync") == "MLflow is up to date\n"


def test_sync_with_a_store_that_is_down_ends_with_1(sandbox: Sandbox) -> None:
    done = sandbox.process("wherefrom", "sync", MLFLOW_TRACKING_URI="http://u:pw@127.0.0.1:9")
    assert done.returncode == 1
    assert "http://127.0.0.1:9 cannot be reached" in done.stderr
    assert "pw" not in done.stderr


def test_the_ui_takes_another_port_and_says_which(sandbox: Sandbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = subprocess.Popen(
            ["wherefrom", "ui", "--port", str(port)],
            cwd=sandbox.root,
            env=sandbox.cold.environment | LIGHT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert lines[0] == f"port {port} is taken\n"
    assert f"http://127.0.0.1:{port}" not in lines[1]
    assert "http://127.0.0.1:" in lines[1]


def test_the_common_commands_import_neither_dvc_nor_mlflow(sandbox: Sandbox) -> None:
    code = (
        "import sys, wherefrom.cli as c; sys.argv = ['wherefrom', 'summary']\n"
        "try: c.main()\nexcept SystemExit: pass\n"
        "print([m for m in ('dvc', 'mlflow', 'sklearn', 'pandas') if m in sys.modules])"
    )
    shown = sandbox.run(sys.executable, "-P", "-c", code)
    assert shown.endswith("[]\n")


def test_a_stage_refuses_pythonsafepath(sandbox: Sandbox) -> None:
    done = sandbox.cold.process("dvc", "repro", "--force", PYTHONSAFEPATH="1")
    assert done.returncode != 0
    assert "PYTHONSAFEPATH is set" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_outside_of_dvc_says_that_nothing_is_recorded(sandbox: Sandbox) -> None:
    before = sandbox.runs()
    done = sandbox.process("python", "src/evaluate.py")
    assert done.returncode == 0
    assert "this is no DVC stage" in done.stderr
    assert sandbox.runs() == before


def test_a_typo_in_params_is_one_message_and_no_output_is_touched(sandbox: Sandbox) -> None:
    outputs = {path: path.read_bytes() for path in sandbox.root.glob("models/*.joblib")}
    sandbox.replace("params.yaml", "model: random_forest", "model: randm_forest")

    done = sandbox.process("dvc", "repro")

    assert done.returncode != 0
    assert "train.model" in done.stderr
    assert "random_forest" in done.stderr
    assert "Running stage 'train'" not in done.stdout
    assert {path: path.read_bytes() for path in sandbox.root.glob("models/*.joblib")} == outputs


def test_a_table_that_dvc_does_not_track_is_refused(sandbox: Sandbox) -> None:
    (sandbox.root / "data" / "raw" / "mine.csv").write_text(
        (sandbox.root / "data" / "raw" / "breast_cancer.csv").read_text()
    )
    sandbox.replace("params.yaml", "breast_cancer.csv", "mine.csv")

    done = sandbox.process("dvc", "repro")

    assert done.returncode != 0
    assert "data/raw/mine.csv is not tracked by DVC" in done.stderr
    assert "dvc add data/raw/mine.csv" in done.stderr
    assert sandbox.process("python", "src/check.py").returncode == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (("folds: 2", "folds: 400"), "train.folds"),
        (("test_size: 0.2", "test_size: 0.999"), "prepare.test_size"),
    ],
    ids=["refused by train", "refused by prepare"],
)
def test_input_that_a_stage_refuses_costs_no_output(
    sandbox: Sandbox, setting: tuple[str, str], message: str
) -> None:
    """DVC removes a stage's outputs before it runs the command; they are put back."""

    def outputs() -> dict[str, bytes]:
        folders = ("data/prepared", "data/features", "models", "results")
        paths = [path for folder in folders for path in (sandbox.root / folder).glob("*.*")]
        return {str(path): path.read_bytes() for path in paths}

    before = outputs()
    sandbox.replace("params.yaml", *setting)

    done = sandbox.process("dvc", "repro")

    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert outputs() == before


def test_a_lock_file_that_is_not_the_results_is_a_gap(sandbox: Sandbox) -> None:
    """DVC runs nothing for it, so the result is still that of the environment before."""
    lock = sandbox.root / "requirements.lock"
    lock.write_text(lock.read_text() + "# changed\n")
    assert "Running stage" not in sandbox.dvc("repro")
    assert "gap: requirements.lock here is not that of the environment" in sandbox.run(
        "wherefrom", "summary"
    )


def test_credentials_in_an_error_are_not_recorded(sandbox: Sandbox) -> None:
    text = "raise OSError('no answer from https://me:secret@host/x')"
    sandbox.replace("src/train.py", "        rows = ", f"        {text}\n        rows = ")
    sandbox.process("dvc", "repro", "train")
    (failed,) = [run for run in sandbox.runs().values() if run.status == "FAILED"]
    assert failed.tags["wherefrom.error"] == "OSError: no answer from https://host/x"


def test_the_summary_of_a_training_shows_no_metric_of_another_evaluation(sandbox: Sandbox) -> None:
    sandbox.replace("params.yaml", "n_estimators: 5", "n_estimators: 6")
    sandbox.dvc("repro", "train")

    shown = sandbox.run("wherefrom", "summary")

    assert "this training has not been evaluated" in shown
    assert "test.accuracy" not in shown


def test_the_summary_names_no_table_that_the_result_was_not_made_from(sandbox: Sandbox) -> None:
    sandbox.replace("params.yaml", "breast_cancer.csv", "other.csv")
    shown = sandbox.run("wherefrom", "summary")
    assert "gap: data/raw/other.csv is not the table of this result" in shown
    assert "0d1690bbd5734538a9c8b3b1dc902760" not in shown
