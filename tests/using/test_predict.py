"""A table is predicted by exactly the model that is asked for, and leads back to it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_type

import pytest

import warm
import wherefrom
from asking import UNHELD, ask, trace
from reproduce import wheels
from using.own_models import cached, read
from waiting import HEARING, until
from wherefrom.commands import handover
from wherefrom.errors.inputs import NoRoomError, OutputError
from wherefrom.identity import CommitSha, DataHash
from wherefrom.predictions import File, Predictions
from wherefrom.record import EnvironmentFacts

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_predictions_lead_back_to_what_made_them(own: Sandbox) -> None:
    first = own.record("HEAD")
    (own.root / "model.txt").write_text("1000")  # what the workspace has does not matter
    own.replace("src/predict.py", "* float(lr)", "* 1000")

    said = ask(own, "predict", first.record_id, "new.csv", "-o", "out/predictions.csv")

    assert [row["predicted"] for row in read(own.root / "out/predictions.csv")] == ["0.1", "0.2"]
    answer = trace(own, "out/predictions.csv")
    assert answer.gaps == ["no lock file"]  # it has none
    assert answer.found["result"]["key"] == said["key"] == first.record_id
    assert answer.found["params"]["train.lr"] == 0.1
    assert [item["path"] for item in answer.found["data"]] == ["data/rows.csv"]
    assert answer.found["environment"]["digest"] == said["environment"]["digest"]
    told = answer.found["predictions"]
    assert (told["rows"], told["table"]["name"]) == (2, "new.csv")
    assert told["models"][0]["hash"] in own.text("dvc.lock", "HEAD")


def test_a_commit_with_other_parameters_than_the_model_has_is_refused(own: Sandbox) -> None:
    own.replace("params.yaml", "threshold: 0.5", "threshold: 0.6")
    own.commit("Not run")

    done = own.process("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")

    assert done.returncode == 1
    assert "params.yaml" in done.stderr
    assert not list(own.root.glob("predictions*"))


def test_predictions_of_what_nothing_holds_any_more_lead_to_its_run(own: Sandbox) -> None:
    lost = own.record("HEAD")
    own.run("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")
    own.git("rm", "--quiet", "--cached", "dvc.lock", own.parts.result)
    own.git("commit", "--quiet", "--amend", "--message", "Without its result")
    own.git("checkout", "--quiet", "--orphan", "other")
    own.git("commit", "--quiet", "--message", "Nothing of it")
    own.git("branch", "--quiet", "--delete", "--force", "main")
    (own.root / "dvc.lock").unlink()

    assert trace(own, "predictions.csv").found["result"]["key"] == lost.record_id  # of its commit

    own.git("reflog", "expire", "--expire=now", "--all")
    own.git("gc", "--quiet", "--prune=now")
    answer = trace(own, "predictions.csv")

    assert answer.run["id"] == lost.mlflow_run_id
    assert UNHELD in answer.gaps
    assert answer.found["predictions"]["rows"] == 2


def test_predictions_that_were_edited_are_a_gap(own: Sandbox) -> None:
    own.run("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")
    own.replace("predictions.csv", "0.2", "0.9")

    answer = trace(own, "predictions.csv")

    assert answer.gaps[0] == "predictions.csv is not what was predicted"

    model = json.loads(own.text("predictions.csv.lineage.json"))["models"][0]["hash"]
    own.replace("predictions.csv.lineage.json", model, "0" * 32)

    assert trace(own, "predictions.csv").gaps[1:3] == [
        "predictions.csv.lineage.json is not as `wherefrom predict` wrote it",
        "the predictions are said to be by a model that their result has not",
    ]

    (own.root / "moved.csv").write_text(own.text("predictions.csv"))
    assert "no moved.csv.lineage.json beside it says more" in trace(own, "moved.csv").said


def test_a_model_with_other_bytes_is_not_loaded(own: Sandbox) -> None:
    model = cached(own, "model.txt")
    model.chmod(0o644)
    model.write_text("1000")

    done = own.process("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")

    assert done.returncode == 1
    assert "the model model.txt is not what was trained, and was not loaded" in done.stderr
    assert not list(own.root.glob("predictions*"))
    model.unlink()
    done = own.process("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")
    assert done.returncode == 1
    assert "cannot be had: DVC's cache does not hold it" in done.stderr


def test_the_environment_of_the_lock_file_is_that_of_the_commit(
    own: Sandbox, tmp_path: Path
) -> None:
    """The checkout's lock file has gone on; what is asked for twice is made once."""
    variables = wheels.write_lock(own.root / "requirements.lock", tmp_path / "wheels")
    own.replace("src/predict.py", "import csv", "import csv, sys")
    own.replace("src/predict.py", "float(row['x']) * float(lr)", "sys.prefix")
    own.commit("With a lock file")
    pinned = hashlib.sha256((own.root / "requirements.lock").read_bytes()).hexdigest()
    (own.root / "requirements.lock").write_text("nosuch==1.0\n")
    served = replace(own, environment=warm.with_cold_scripts(own.environment))
    asked = ("predict", "HEAD", "new.csv", "-o", "predictions.csv", "--env", "lock")

    found = ask(served, *asked, **variables)

    (folder,) = {row["predicted"] for row in read(own.root / "predictions.csv")}
    assert Path(folder).parent == own.root / ".wherefrom/environments"
    assert found["environment"]["lock"] == pinned
    (gap,) = found["gaps"]
    assert gap["remedy"].startswith("none: the result was not made with what")
    assert list(Path(folder).glob("lib/python*/site-packages/lender.pth"))
    made = (Path(folder) / "pyvenv.cfg").stat().st_mtime_ns
    ask(served, *asked, **variables)
    assert (Path(folder) / "pyvenv.cfg").stat().st_mtime_ns == made


def test_python_predicts_with_a_model_that_is_a_folder(
    own: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = "folder = Path('model.txt'); folder.mkdir(); (folder / 'lr').write_text(str(lr))"
    own.replace("code/train.py", 'Path("model.txt").write_text(str(lr))', write)
    own.replace("code/evaluate.py", 'Path("model.txt").read', 'Path("model.txt/lr").read')
    own.replace("src/predict.py", '"model.txt").', '"model.txt").joinpath("lr").')
    own.dvc("repro")
    own.commit("A model of several files")
    for name, value in own.environment.items():
        monkeypatch.setenv(name, value)

    found = wherefrom.predict("HEAD", own.root / "new.csv", own.root / "p.csv", folder=own.root)

    assert_type(found, Predictions)
    assert (found.rows, found.models[0].hash[-4:]) == (2, ".dir")
    assert [row["predicted"] for row in read(own.root / "p.csv")] == ["0.1", "0.2"]
    with pytest.raises(OutputError, match=r"dvc\.lock .* a name that ends in \.csv"):
        wherefrom.predict("HEAD", own.root / "new.csv", own.root / "dvc.lock", folder=own.root)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("new.csv", "that is the table itself"),
        ("new.csv/predictions.csv", "File exists"),
        ("predictions.xlsx", "give it a name that ends in .csv"),
        ("/proc/predictions.csv", "No such file"),
        ("data/rows.csv", "it is there, and no rows.csv.lineage.json beside it says"),
    ],
    ids=["the table", "below a file", "another format", "where nobody can write", "another file"],
)
def test_an_output_that_cannot_be_is_refused_at_once(own: Sandbox, output: str, why: str) -> None:
    done = own.process("wherefrom", "predict", "HEAD", "new.csv", "-o", output)

    assert done.returncode == 2
    assert why in done.stderr
    assert own.text("new.csv") == "x\n1\n2\n"
    assert own.text("data/rows.csv") == "a,b\n1,2\n"


def test_only_earlier_predictions_and_an_empty_file_are_written_over(own: Sandbox) -> None:
    (own.root / "predictions.csv").touch()
    asked = ("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")
    own.run(*asked)
    own.replace("new.csv", "2", "3")

    own.run(*asked)

    assert [row["predicted"] for row in read(own.root / "predictions.csv")] == [
        "0.1",
        "0.30000000000000004",
    ]
    (own.root / "predictions.csv.lineage.json").unlink()
    assert own.process(*asked).returncode == 2


@pytest.mark.parametrize(
    ("line", "said", "remedy"),
    [
        ("Path('/dev/full').open('w')", "there is no room for the predictions: No space", "room"),
        ("os.kill(os.getpid(), 9)", "src/predict.py was killed", "memory"),
        ("os.abort()", "src/predict.py ended with status -6", "--env lock"),
        ("os._exit(0)", "src/predict.py of ", "docs/guides/predict.md"),
    ],
    ids=["full disk", "killed", "another error", "well, without predictions"],
)
def test_why_a_script_ended_decides_what_is_to_be_done(
    own: Sandbox, line: str, said: str, remedy: str
) -> None:
    own.replace("src/predict.py", 'asked.output.open("w")', line)
    own.commit("Another script")

    done = own.process("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")

    first, *_, last = done.stderr.splitlines()
    assert done.returncode == 1
    assert first.startswith(f"wherefrom: {said}")
    assert remedy in last
    assert not list(own.root.glob("predictions*"))


def test_a_disk_that_is_full_once_the_table_is_predicted_is_named(
    own: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_paths: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(handover.shutil, "move", full)
    for name, value in own.environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(NoRoomError, match="No space left on device"):
        wherefrom.predict("HEAD", own.root / "new.csv", own.root / "p.csv", folder=own.root)

    assert not list(own.root.glob("*p.csv*"))


def test_a_stream_is_refused_since_it_can_be_read_once(own: Sandbox) -> None:
    pipe = "cat new.csv | wherefrom predict HEAD /dev/stdin -o predictions.csv"

    done = own.cold.process("bash", "-c", pipe)

    assert done.returncode == 2
    assert "/dev/stdin is no file; write what comes as a stream to one first" in done.stderr


def test_predictions_that_cannot_be_brought_there_leave_the_former_ones(tmp_path: Path) -> None:
    said = Predictions(
        *(File("p.csv", DataHash("a" * 32)), File("t.csv", DataHash("b" * 32)), 1, "HEAD", "key"),
        *(
            CommitSha("c" * 40),
            None,
            (),
            0,
            EnvironmentFacts("d", None, None, "3", "p", None, None),
        ),
    )
    beside = tmp_path / "p.csv.lineage.json"
    beside.write_text("of yesterday")

    with pytest.raises(OSError, match="No such file"):
        handover.hand_over(tmp_path / "lost.csv", said, tmp_path / "p.csv")

    assert [path.read_text() for path in tmp_path.iterdir()] == ["of yesterday"]


def test_what_is_interrupted_leaves_nothing(own: Sandbox) -> None:
    marker = own.root / "half_way"
    for name in ("predictions.csv", "predictions.csv.lineage.json"):
        (own.root / name).write_text("of yesterday\n")
    process = subprocess.Popen(
        [*HEARING, "wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv"],
        cwd=own.root,
        env=own.cold.environment | {"HALF_WAY": str(marker)},
        stderr=subprocess.PIPE,
        text=True,
    )
    until(marker.exists)

    process.send_signal(signal.SIGINT)

    _, said = process.communicate()
    assert (process.returncode, said.strip()) == (130, "interrupted")
    assert own.text("predictions.csv") == "of yesterday\n"
    assert sorted(path.name for path in own.root.glob("*predictions*")) == [
        "predictions.csv",
        "predictions.csv.lineage.json",
    ]
    assert not [p for p in (own.root / ".wherefrom/predictions").iterdir() if p.is_dir()]


def test_a_commit_that_does_not_say_how_is_refused(small: Sandbox) -> None:
    (small.root / "new.csv").write_text("x\n1\n")

    done = small.process("wherefrom", "predict", "workspace", "new.csv", "-o", "predictions.csv")

    assert done.returncode == 1
    assert "does not say how its model predicts: it has no src/predict.py" in done.stderr


def test_a_file_of_a_later_version_is_named(own: Sandbox) -> None:
    own.run("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")
    beside = own.root / "predictions.csv.lineage.json"
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"schema": 2}))

    done = own.process("wherefrom", "trace", "predictions.csv")

    assert done.returncode == 2
    assert "schema 2 is not known here, only 1" in done.stderr
