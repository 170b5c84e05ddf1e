"""A DVC project of somebody else, with plain MLflow code: linked without a change to it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox import Sandbox, built_once, copy_of
from wherefrom import lockfile
from wherefrom.names import NOTE
from wherefrom.plugin import StageRunContext

if TYPE_CHECKING:
    from wherefrom.lockfile import StageFacts

FIT = """\
import sys, mlflow
mlflow.set_experiment("theirs")
with mlflow.start_run():
    mlflow.log_param("lr", sys.argv[1])
    mlflow.log_metric("score", float(sys.argv[1]))
    open("note.txt", "w").write("hello")
    mlflow.log_artifact("note.txt")
open("model.txt", "w").write(sys.argv[1])
"""
DVC_YAML = """\
stages:
  fit:
    cmd: python code/fit.py ${lr}
    deps: [code/fit.py, data/rows.csv]
    params: [lr]
    outs: [model.txt]
"""


FILES = {
    "code/fit.py": FIT,
    "dvc.yaml": DVC_YAML,
    "params.yaml": "lr: 0.1\n",
    "data/rows.csv": "a,b\n1,2\n",
    ".gitignore": "/mlflow.db*\n/mlruns/\nnote.txt\n",
}


@pytest.fixture(scope="session")
def fresh_template(shared_folder: Path, warm_environment: dict[str, str]) -> Path:
    def build(root: Path) -> None:
        for path, text in FILES.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        sandbox = Sandbox(root, warm_environment)
        sandbox.git("init", "--quiet")
        sandbox.dvc("init", "--quiet")
        sandbox.dvc("add", "--quiet", "data/rows.csv")
        sandbox.commit("Theirs")

    return built_once(shared_folder, "fresh", build)


@pytest.fixture(scope="session")
def foreign_template(
    shared_folder: Path, fresh_template: Path, warm_environment: dict[str, str]
) -> Path:
    def build(root: Path) -> None:
        shutil.copytree(fresh_template, root, symlinks=True)
        Sandbox(root, warm_environment).run("wherefrom", "sync")
        assert (root / "mlflow.db").exists()

    return built_once(shared_folder, "foreign", build)


@pytest.fixture
def fresh(fresh_template: Path, tmp_path: Path, plugin_environment: dict[str, str]) -> Sandbox:
    """The project before anything was logged: it has no store."""
    shutil.copytree(fresh_template, tmp_path / "theirs", symlinks=True)
    return Sandbox(tmp_path / "theirs", plugin_environment)


@pytest.fixture
def foreign(foreign_template: Path, tmp_path: Path, plugin_environment: dict[str, str]) -> Sandbox:
    """The project with a store in which there is no run."""
    return copy_of(foreign_template, tmp_path / "theirs", plugin_environment)


@pytest.fixture
def quick(foreign: Sandbox, warm_environment: dict[str, str]) -> Sandbox:
    """The same, without a wait for MLflow: for what is no matter of how the plugin is loaded."""
    return replace(foreign, environment=warm_environment)


def fingerprint_of(sandbox: Sandbox, rev: str | None = None) -> str:
    facts: StageFacts = sandbox.lock(rev)["fit"]
    return lockfile.fingerprint(facts)


def test_a_plain_run_in_a_stage_is_joined_by_its_fingerprint(foreign: Sandbox) -> None:
    foreign.dvc("repro")

    (run,) = foreign.runs().values()
    assert run.tags["dvc.stage"] == "fit"
    assert run.tags["dvc.stage.fingerprint"] == fingerprint_of(foreign)
    assert run.tags["data_hash"] in (foreign.root / "data" / "rows.csv.dvc").read_text()
    assert run.tags["git.commit"] == foreign.git("rev-parse", "HEAD").strip()
    assert run.tags["git.dirty"] == "false"
    assert len(run.tags["wherefrom.record_id"]) == 32
    assert f"\nwherefrom trace {run.tags['wherefrom.record_id']}\n" in run.tags[NOTE]


@pytest.mark.parametrize("mode", ["--temp", "--queue"], ids=["temporary copy", "queue of three"])
def test_a_run_in_a_copy_lands_in_the_projects_store_with_its_artifacts(
    fresh: Sandbox, mode: str
) -> None:
    """On a fresh store: six parallel first uses broke each other's schema without the plugin."""
    names = ["a", "b", "c"] if mode == "--queue" else ["a"]
    for number, name in enumerate(names):
        fresh.dvc("exp", "run", mode, "-n", name, "-S", f"lr={number}.5")
    if mode == "--queue":
        fresh.dvc("exp", "run", "--run-all", "-j", "3")

    runs = fresh.runs()
    assert {run.tags["dvc.exp.name"] for run in runs.values()} == set(names)
    for run in runs.values():
        name = run.tags["dvc.exp.name"]
        assert run.tags["dvc.stage.fingerprint"] == fingerprint_of(fresh, name)
        assert "note.txt" in run.artifacts
        assert run.status == "FINISHED"
    with closing(sqlite3.connect(fresh.root / "mlflow.db")) as connection:
        locations = connection.execute("SELECT artifact_location FROM experiments").fetchall()
    assert all(str(fresh.root / "mlruns") in location for (location,) in locations)


def test_a_dirty_tree_of_a_foreign_project_is_kept_too(quick: Sandbox) -> None:
    script = quick.root / "code" / "fit.py"
    script.write_text(FIT + "# changed\n")

    quick.dvc("repro")

    (run,) = quick.runs().values()
    ref = f"refs/wherefrom/dirty/{run.tags['wherefrom.record_id']}"
    assert quick.text("code/fit.py", ref).endswith("# changed\n")


def test_outside_of_a_stage_nothing_happens(fresh: Sandbox) -> None:
    fresh.run(sys.executable, "code/fit.py", "0.3")

    (run,) = fresh.runs().values()
    assert not [tag for tag in run.tags if not tag.startswith("mlflow.")]
    assert not (fresh.root / ".wherefrom").exists()


def test_a_store_that_the_caller_chose_is_left_alone(
    fresh: Sandbox, tmp_path: Path, foreign_template: Path
) -> None:
    chosen = tmp_path / "chosen.db"
    shutil.copy(foreign_template / "mlflow.db", chosen)
    fresh.dvc("repro", MLFLOW_TRACKING_URI=f"sqlite:///{chosen}")
    assert len(fresh.runs(chosen)) == 1
    assert not (fresh.root / "mlflow.db").exists()


def test_the_provider_names_what_it_cannot_read_and_does_not_raise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setenv("DVC_STAGE", "nothing")

    tags = StageRunContext().tags()

    assert "is not inside a DVC repository" in tags["wherefrom.gaps"]
    assert "is not inside a DVC repository" in capsys.readouterr().err


def test_loading_the_plugin_imports_nothing_of_weight() -> None:
    code = (
        "import sys, wherefrom.plugin as p; p.StageRunContext().in_context(); "
        "print([m for m in ('mlflow', 'dvc', 'sklearn', 'psutil', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path("/")
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "command", ["cd code && python fit.py ${lr}", "sh code/run.sh ${lr}"], ids=["cd", "script"]
)
def test_a_command_that_changes_its_directory_is_linked(foreign: Sandbox, command: str) -> None:
    (foreign.root / "code" / "run.sh").write_text('cd code && python fit.py "$1"\n')
    foreign.replace("code/fit.py", 'open("model.txt"', 'open("../model.txt"')
    foreign.replace("dvc.yaml", "python code/fit.py ${lr}", command)

    foreign.dvc("repro")

    (run,) = foreign.runs().values()
    assert run.tags["dvc.stage.fingerprint"] == fingerprint_of(foreign)


def test_a_params_file_with_other_meanings_does_not_lose_the_store(quick: Sandbox) -> None:
    quick.replace("params.yaml", "lr: 0.1", "lr: 0.1\nexperiment: baseline\ntracking: [1]")
    quick.commit("Theirs means something else")
    quick.dvc("exp", "run", "--temp", "-n", "t", "-S", "lr=0.7")
    (run,) = quick.runs().values()
    assert run.tags["dvc.exp.name"] == "t"


def test_a_store_of_theirs_keeps_its_artifact_locations(fresh: Sandbox) -> None:
    """Only a place at which this very project stood is corrected: another is their choice."""
    (fresh.root / "notebooks").mkdir()
    code = (
        f"import mlflow; mlflow.set_tracking_uri('sqlite:///{fresh.root}/mlflow.db'); "
        "mlflow.set_experiment('nb'); mlflow.log_text('hello', 'a.txt')"
    )
    folder = Sandbox(fresh.root / "notebooks", fresh.environment)
    folder.run(sys.executable, "-c", code)
    before = fresh.runs()

    fresh.dvc("repro")

    after = fresh.runs()
    assert {run_id: after[run_id] for run_id in before} == before
    assert [run.artifacts for run in before.values()] != [{}]


def test_a_hard_coded_store_in_a_temporary_copy_is_warned_of(quick: Sandbox) -> None:
    quick.replace(
        "code/fit.py",
        "mlflow.set_exp",
        "mlflow.set_tracking_uri('sqlite:///mine.db')\nmlflow.set_exp",
    )
    quick.commit("Hard-coded")
    output = quick.dvc("exp", "run", "--temp", "-S", "lr=0.7")
    assert "in a temporary copy that DVC deletes" in output


def test_a_project_outside_of_git_gets_all_tags_but_a_commit(
    tmp_path: Path, warm_environment: dict[str, str]
) -> None:
    root = tmp_path / "theirs"
    (root / "code").mkdir(parents=True)
    (root / "code" / "fit.py").write_text(FIT)
    (root / "dvc.yaml").write_text(DVC_YAML.replace(", data/rows.csv", ""))
    (root / "params.yaml").write_text("lr: 0.1\n")
    sandbox = Sandbox(root, warm_environment)
    sandbox.dvc("init", "--quiet", "--no-scm")

    output = sandbox.dvc("repro")

    (run,) = sandbox.runs().values()
    assert run.tags["dvc.stage.fingerprint"] == fingerprint_of(sandbox)
    assert "git.commit" not in run.tags
    assert "this result has no commit" in run.tags["wherefrom.gaps"]
    assert "wherefrom:" not in output
