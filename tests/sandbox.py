"""A project in a folder of its own, and all that its store holds."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

import warm
from wherefrom import lockfile
from wherefrom import record as records
from wherefrom.sources import local_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherefrom.record import Record

PROJECT = Path(__file__).parent.parent
EVALUATE = "results/evaluate.wherefrom.json"
TRAIN = "results/train.wherefrom.json"
MAKE_STORE = """\
from pathlib import Path
from wherefrom.sources import local_store

here = Path.cwd()
local_store.make_store(f"sqlite:///{here}/mlflow.db", here / "mlruns", here / ".wherefrom")
"""
SMALL = {
    "n_estimators: 200": "n_estimators: 5",
    "max_iter: 100 ": "max_iter: 5 ",
    "folds: 5": "folds: 2",
    "importance_repeats: 3": "importance_repeats: 1",
}


@dataclass(frozen=True)
class Parts:
    """What a project calls its records, its metric files, its table and its stages."""

    training: str = TRAIN
    result: str = EVALUATE
    metrics: tuple[str, ...] = ("results/cv.json", "results/metrics.json")
    table: str = "data/raw/breast_cancer.csv"
    stages: tuple[str, ...] = ("prepare", "featurize", "train", "evaluate")


@dataclass(frozen=True)
class RunView:
    """A run, as the store holds it. `artifacts` maps each file to the hash of its bytes."""

    run_id: str
    name: str
    status: str
    experiment: str
    started: int
    ended: int | None
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    artifacts: dict[str, str] = field(default_factory=dict)

    @property
    def record_id(self) -> str | None:
        return self.tags.get("wherefrom.record_id")


@dataclass(frozen=True)
class Sandbox:
    """A project at `root`; every process in it gets `environment` and what `extra` adds."""

    root: Path
    environment: dict[str, str]
    parts: Parts = field(default_factory=Parts)

    @property
    def cold(self) -> Sandbox:
        """The same project, where each command is the process that does the work."""
        return replace(self, environment=warm.cold(self.environment))

    def process(self, *args: str, **extra: str) -> subprocess.CompletedProcess[str]:
        env = self.environment | {"PWD": str(self.root)} | extra
        return subprocess.run(
            args, cwd=self.root, env=env, capture_output=True, text=True, check=False, timeout=480
        )

    def run(self, *args: str, **extra: str) -> str:
        done = self.process(*args, **extra)
        assert done.returncode == 0, f"{args} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def dvc(self, *args: str, **extra: str) -> str:
        return self.run("dvc", *args, **extra)

    def git(self, *args: str) -> str:
        return self.run("git", *args)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text, f"{old!r} is not in {path}"
        (self.root / path).write_text(text.replace(old, new))

    def text(self, path: str, rev: str | None = None) -> str:
        """Read a file of the workspace, of a revision, or of a DVC experiment."""
        if rev is None:
            return (self.root / path).read_text()
        return self.git("show", f"{self.revision(rev)}:./{path}")

    def revision(self, name: str) -> str:
        """Give the ref of a DVC experiment, or the name itself for a revision of git."""
        refs = self.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
        return next((ref for ref in refs if ref.endswith(f"/{name}")), name)

    def record(self, rev: str | None = None, path: str | None = None) -> Record:
        """Read a record of the workspace or of a revision: by default that of the result."""
        path = path or self.parts.result
        return records.from_text(self.text(path, rev), path)

    def lock(self, rev: str | None = None) -> dict[str, lockfile.StageFacts]:
        return lockfile.parse_lock(self.text("dvc.lock", rev))

    def metrics(self, rev: str | None = None) -> dict[str, float]:
        values: dict[str, float] = {}
        for path in self.parts.metrics:
            values |= lockfile.flatten(json.loads(self.text(path, rev)))
        return values

    def runs(self, database: Path | None = None) -> dict[str, RunView]:
        """Read every run from the SQLite store, without MLflow: what is there is there."""
        path = database or self.root / "mlflow.db"
        if not path.exists():
            return {}
        connection = sqlite3.connect(path)
        try:
            return {row[0]: _run_view(connection, *row) for row in _rows(connection)}
        finally:
            connection.close()


def _rows(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    query = (
        "SELECT run_uuid, runs.name, status, experiments.name, start_time, end_time, artifact_uri "
        "FROM runs JOIN experiments USING (experiment_id)"
    )
    return connection.execute(query).fetchall()


def _run_view(
    connection: sqlite3.Connection,
    run_id: str,
    name: str,
    status: str,
    experiment: str,
    started: int,
    ended: int | None,
    artifact_uri: str,
) -> RunView:
    def pairs(table: str) -> dict[str, Any]:
        query = f"SELECT key, value FROM {table} WHERE run_uuid = ?"  # noqa: S608
        return dict(connection.execute(query, (run_id,)).fetchall())

    folder = Path(artifact_uri.removeprefix("file://"))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    hashes = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    return RunView(
        *(run_id, name, status, experiment, started, ended),
        params=pairs("params"),
        metrics=pairs("metrics"),
        tags=pairs("tags"),
        artifacts=hashes,
    )


def built_once(folder: Path, name: str, build: Callable[[Path], None]) -> Path:
    """Give the folder of a project that all workers share; the first to come builds it."""
    root, done = folder / name, folder / f"{name}.built"
    with FileLock(folder / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)
            build(root)
            done.touch()
    return root


def built_on_a_store(
    folder: Path,
    name: str,
    build: Callable[[Path, dict[str, str]], None],
    environment: dict[str, str],
) -> Path:
    """Give the folder of a project that begins with an empty store: its migration takes seconds."""

    def build_there(root: Path) -> None:
        _copy_with_its_store(empty_store(folder, environment), root)
        build(root, environment)

    return built_once(folder, name, build_there)


def empty_store(folder: Path, environment: dict[str, str]) -> Path:
    """Give the folder of an empty store, which no test changes."""

    def make(root: Path) -> None:
        root.mkdir()
        script = folder / "make_store.py"
        script.write_text(MAKE_STORE)
        Sandbox(root, environment).run("python", str(script))

    return built_once(folder, "store", make)


def copy_of(
    template: Path, root: Path, environment: dict[str, str], parts: Parts | None = None
) -> Sandbox:
    """Copy a project to a place of its own, at which its store has been used before."""
    _copy_with_its_store(template, root)
    return Sandbox(root, environment, parts or Parts())


def _copy_with_its_store(template: Path, root: Path) -> None:
    shutil.copytree(template, root, symlinks=True)
    uri, artifacts, state = f"sqlite:///{root}/mlflow.db", root / "mlruns", root / ".wherefrom"
    local_store.relocate(uri, artifacts, state)
    local_store.mark_ready(uri, state)


def copy_project(root: Path) -> None:
    """Copy the project's own files as they are now, tracked or about to be."""
    args = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(args, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    outside = ("tests/", "docs/", "benchmarks/", "dvc.lock", ".ci/")
    for name in filter(None, listed.split("\0")):
        result = name.startswith("results/") and name.endswith(".json")
        if not result and not name.startswith(outside) and (PROJECT / name).is_file():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target)


def build_template(root: Path, environment: dict[str, str]) -> None:
    """Build the project with a first, small result of the sample, committed."""
    copy_project(root)
    sandbox = Sandbox(root, environment)
    for old, new in SMALL.items():
        sandbox.replace("params.yaml", old, new)
    sandbox.git("init", "--quiet")
    sandbox.commit("The project")
    sandbox.dvc("pull", "--quiet", "data/raw/breast_cancer.csv.dvc")
    sandbox.dvc("repro")
    sandbox.commit("The first result")


def check_link(sandbox: Sandbox, rev: str | None, runs: dict[str, RunView]) -> Record:
    """Check that the record which a revision holds names its run, and that both say the same."""
    record, lock = sandbox.record(rev), sandbox.lock(rev)
    assert record.mlflow_run_id is not None
    run = runs[record.mlflow_run_id]
    assert run.record_id == record.record_id
    assert run.status == "FINISHED"
    assert len({other.experiment for other in runs.values()}) == 1
    assert run.tags["wherefrom.relation"] == record.relation
    makers = [(".", lock[name]) for name in sandbox.parts.stages]
    effective = lockfile.flat_params(makers)
    assert run.params == {key: str(value) for key, value in effective.items()}
    logged = {name: value for name, value in run.metrics.items() if name != "loss"}  # a curve
    assert logged == sandbox.metrics(rev)
    assert record.fingerprint == lockfile.fingerprint(lock["evaluate"])
    training = sandbox.record(rev, sandbox.parts.training)
    assert training.fingerprint == lockfile.fingerprint(lock["train"])
    data = sandbox.text(f"{sandbox.parts.table}.dvc", rev)
    assert run.tags["data_hash"] in data
    origin = run if record.relation == "own" else runs[str(training.mlflow_run_id)]
    assert origin.record_id == training.record_id
    assert origin.tags["dvc.stage.fingerprint"] == training.fingerprint
    return record
