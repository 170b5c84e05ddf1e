"""A git repository whose commits hold results, written by hand: no DVC, no MLflow, no second lost.

One result is a raw table, `prepare` and `train` (a record of its own where it is given one), with
metrics in `metrics.json`. Whatever names it (its hashes, its metrics) follows from `number`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dvc.utils.serialize import dumps_yaml  # noqa: TID251 - what writes the locks

from wherefrom import index, lockfile, project, record
from wherefrom.record import EnvironmentFacts, GitFacts, Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wherefrom.index.query import Index

DVC_YAML = """\
stages:
  prepare:
    cmd: python prepare.py
    deps: [data/raw.csv]
    outs: [clean.csv]
  train:
    cmd: python train.py
    deps: [clean.csv, train.py]
    params: [lr]
    outs: [model.bin, folder]
    metrics:
    - metrics.json: {cache: false}
    - train.wherefrom.json: {cache: false}
"""
RECORD_PATH = "train.wherefrom.json"
ENVIRONMENT = EnvironmentFacts("d" * 64, None, None, "3.11.7", "linux", "CPU", None)


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Result:
    """What a result is made of; two of one number and table are one result."""

    number: int = 1
    table: str = "a,b\n1,2\n"
    code: str = "print('train')\n"
    record_id: str | None = None
    experiment: str | None = None
    baseline: str | None = None
    run_id: str | None = None
    run_name: str = "a run"

    @property
    def model(self) -> str:
        """The hash of its model."""
        return md5(f"model {self.number} {self.table}")

    @property
    def metrics(self) -> dict[str, Any]:
        return {"test": {"score": self.number / 1000, "loss": -float(self.number)}}

    def lock(self) -> dict[str, Any]:
        """Give what DVC keeps of it in `dvc.lock`."""
        lock = self._lock()
        if self.record_id:
            out = {"path": RECORD_PATH, "hash": "md5", "md5": md5(self.record_text())}
            lock["stages"]["train"]["outs"].append(out)
        return lock

    def _lock(self) -> dict[str, Any]:
        clean = {"path": "clean.csv", "hash": "md5", "md5": md5(f"clean {self.table}"), "size": 7}
        raw = {"path": "data/raw.csv", "hash": "md5", "md5": md5(self.table), "size": 8}
        code = {"path": "train.py", "hash": "md5", "md5": md5(self.code), "size": len(self.code)}
        outs = [
            {"path": "folder", "hash": "md5", "md5": f"{md5(f'folder {self.number}')}.dir"},
            {"path": "metrics.json", "hash": "md5", "md5": md5(json.dumps(self.metrics))},
            {"path": "model.bin", "hash": "md5", "md5": self.model},
        ]
        train = {
            "cmd": "python train.py",
            "deps": [clean, code],
            "params": {"params.yaml": {"lr": self.number}},
            "outs": outs,
        }
        prepare = {"cmd": "python prepare.py", "deps": [raw], "outs": [clean]}
        return {"schema": "2.0", "stages": {"prepare": prepare, "train": train}}

    @property
    def fingerprint(self) -> str:
        """The identity of its last stage."""
        return lockfile.parse_lock(dumps_yaml(self._lock()))["train"].fingerprint

    @property
    def key(self) -> str:
        return self.record_id or self.fingerprint

    def record(self) -> Record:
        assert self.record_id
        return Record(
            *(self.record_id, "train", "own", None, self.fingerprint, self.run_id, self.run_name),  # type: ignore[arg-type]
            started=1_700_000_000_000 + self.number,
            ended=1_700_000_001_000 + self.number,
            experiment=self.experiment,  # type: ignore[arg-type]
            baseline=self.baseline,  # type: ignore[arg-type]
            git=GitFacts(None, None, False),
            environment=ENVIRONMENT,
        )

    def record_text(self) -> str:
        return record.to_text(self.record(), names_result=True)

    def files(self) -> dict[str, str]:
        """Give the files that git keeps of it."""
        raw = {"md5": md5(self.table), "size": len(self.table), "hash": "md5", "path": "raw.csv"}
        kept = {
            "dvc.yaml": DVC_YAML,
            "dvc.lock": dumps_yaml(self.lock()),
            "params.yaml": f"lr: {self.number}\n",
            "data/raw.csv.dvc": dumps_yaml({"outs": [raw]}),
            "train.py": self.code,
            "metrics.json": json.dumps(self.metrics),
        }
        return kept | ({RECORD_PATH: self.record_text()} if self.record_id else {})


@dataclass
class LedgerRepo:
    """A git repository at `git_root` with a DVC project at `prefix`."""

    git_root: Path
    prefix: str = ""
    seconds: int = 1_700_000_000

    @property
    def root(self) -> Path:
        return self.git_root / self.prefix

    def git(self, *args: str, **extra: str) -> str:
        command = ["git", "-C", str(self.git_root), *args]
        env = {**os.environ, **extra}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        assert done.returncode == 0, f"{args}: {done.stderr}"
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8", newline="")

    def put(self, result: Result) -> None:
        """Write the files of a result into the workspace."""
        for path, text in result.files().items():
            self.write(path, text)
        if not result.record_id:
            (self.root / RECORD_PATH).unlink(missing_ok=True)

    def commit(self, message: str = "a commit", *args: str) -> str:
        """Commit all; each commit is a second later than the one before."""
        self.seconds += 1
        when = f"{self.seconds} +0100"
        self.git("add", "--all")
        dates = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        options = ("--quiet", "--allow-empty", "--message", message, *args)
        self.git("commit", *options, **dates)
        return self.git("rev-parse", "HEAD")

    def committed(self, result: Result, message: str = "a result", *args: str) -> str:
        self.put(result)
        return self.commit(message, *args)

    def experiment(self, result: Result, name: str) -> str:
        """Keep a result as a DVC experiment of HEAD; the workspace is as it was afterwards."""
        base = self.git("rev-parse", "HEAD")
        inside = replace(result, experiment=name, baseline=base)
        sha = self.committed(inside if result.record_id else result, f"dvc: {name}")
        self.git("reset", "--quiet", "--hard", base)
        self.git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", sha)
        return sha

    def age(self) -> None:
        """Let some time pass since git last changed anything."""
        past = time.time_ns() - 10_000_000_000
        for folder, _, files in os.walk(self.git_root / ".git"):
            for path in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118
                os.utime(path, ns=(past, past))

    def located(self) -> project.Project:
        return project.locate(self.root, {})

    @property
    def database(self) -> Path:
        return self.root / ".wherefrom" / "index.db"

    def index(self) -> Index:
        return index.open_index(self.located())

    def keys(self) -> set[str]:
        """Give the keys of all results, by the index as it is after a refresh."""
        found = self.index()
        try:
            return {row.key for row in found.results()}
        finally:
            found.close()

    def holders(self, key: str) -> set[str]:
        found = self.index()
        try:
            return {holder.commit_sha for holder in found.holders(key)}
        finally:
            found.close()


def build(git_root: Path, prefix: str = "") -> LedgerRepo:
    """Make a repository without a commit."""
    repo = LedgerRepo(git_root, prefix)
    (repo.root / ".dvc").mkdir(parents=True)
    repo.git("init", "--quiet")
    repo.write(".dvc/config", "")
    repo.write(".gitignore", "/.wherefrom\n/mlflow.db*\n/mlruns\n/folder\n/model.bin\n/clean.csv\n")
    return repo


def numbered(count: int) -> Iterator[Result]:
    """Give results that differ in their number."""
    yield from (Result(number) for number in range(1, count + 1))
