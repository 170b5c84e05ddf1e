"""Thirty variants drawn by a seed, by a sweep and by `dvc exp run` one by one. 1 if any differs.

Compared are the hashes of all outputs, `dvc.lock`, and every file of each experiment's commit,
among them parameters and metrics; but for the record files, which name each result. Then each
variant's run has to have its result's parameters and metrics, and `wherefrom trace` and `wherefrom
verify` of it no gap.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from measure import BIN, clone, copy, output, run
from report import Line, Report

from wherefrom.lockfile import is_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIANTS, SEED = 30, 5
NAME = "drawn"
FIXED = (
    "train.random_forest.n_estimators=10",
    "train.hist_gradient_boosting.max_iter=5",
    "train.mlp.max_iter=20",
)
VARIED = (
    "prepare.seed=1,2",
    "featurize.scale=true,false",
    "train.model=random_forest,hist_gradient_boosting,logistic_regression,mlp",
    "train.folds=2,3",
    "evaluate.threshold=0.3,0.5,0.7",
    "threads=1,2",
)


def main() -> None:
    """Compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", type=int, default=VARIANTS, metavar="N")
    chosen = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        clone(folder / "start")
        compare(report, folder, folder / "start", chosen.variants)
    sys.exit(report.end("sweep-proof"))


def compare(report: Report, folder: Path, start: Path, variants: int = VARIANTS) -> None:
    """Report how many variants differ; `start` is a project as `measure.clone` makes it."""
    title = f"{variants} variants drawn by the seed {SEED}, by a sweep and by `dvc exp run` of each"
    report.table(title, _lines(folder, start, variants))


def _lines(folder: Path, start: Path, variants: int) -> Iterator[Line]:
    folder.mkdir(exist_ok=True)
    ours, theirs = folder / "ours", folder / "theirs"
    for root in (ours, theirs):
        copy(start, root)
    made = _sweep(ours, variants)
    differing, with_gaps = 0, 0
    for name, values in made.items():
        overrides = [*FIXED, *(f"{key}={_text(value)}" for key, value in values.items())]
        given = [word for override in overrides for word in ("--set-param", override)]
        run(theirs, "dvc", "exp", "run", "--temp", "--quiet", "--name", name, *given)
        differing += _of(ours, name) != _of(theirs, name)
        with_gaps += _has_gap(ours, name)
    yield Line("differ", differing, "compared", len(made), 0, unit="")
    yield Line("with a gap, or unlike their run", with_gaps, "compared", len(made), 0, unit="")
    yield Line("compared", len(made), "drawn", variants, unit="")


def _sweep(root: Path, variants: int) -> dict[str, dict[str, Any]]:
    """Run the sweep, and map the experiments that it made to what they vary."""
    space = [word for override in (*FIXED, *VARIED) for word in ("-S", override)]
    drawn = ("--sampler", "random", "--trials", str(variants), "--seed", str(SEED))
    said = json.loads(output(root, "wherefrom", "sweep", "--json", "--name", NAME, *drawn, *space))
    return {one["name"]: one["values"] for one in said["variants"] if one["state"] == "done"}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of(root: Path, name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the `dvc.lock` of an experiment and the blobs of all other files, without records."""
    ref = output(root, "git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}")
    lock: dict[str, Any] = yaml.safe_load(output(root, "git", "show", f"{ref.strip()}:dvc.lock"))
    for stage in lock["stages"].values():
        for kind in {"deps", "outs"} & stage.keys():
            stage[kind] = [item for item in stage[kind] if not is_record(item["path"])]
    listed = output(root, "git", "ls-tree", "-r", "-z", ref.strip()).split("\0")
    blobs = {path: head for head, _, path in (line.partition("\t") for line in listed)}
    return lock, {p: b for p, b in blobs.items() if not is_record(p) and p != "dvc.lock"}


def _has_gap(root: Path, name: str) -> bool:
    """Whether tracing or verifying an experiment finds a gap, or its run says something else."""
    traced = json.loads(output(root, "wherefrom", "trace", name, "--json"))
    verify = [BIN / "wherefrom", "verify", name]
    lost = subprocess.run(verify, cwd=root, capture_output=True, check=False).returncode
    return bool(traced["gaps"] or lost or not _is_of_run(root, traced))


def _is_of_run(root: Path, traced: Mapping[str, Any]) -> bool:
    """Whether the run of a result has its metrics and its parameters, as MLflow gives them."""
    code = (
        "import json, mlflow, sys\n"
        "mlflow.set_tracking_uri(f'sqlite:///{sys.argv[1]}/mlflow.db')\n"
        "data = mlflow.get_run(sys.argv[2]).data\n"
        "print(json.dumps([data.metrics, data.params]))\n"
    )
    run_id = traced["run"]["id"]
    said = output(root, "python", "-c", code, str(root), run_id).splitlines()[-1]
    metrics, params = json.loads(said)
    wanted = {key: str(value) for key, value in traced["params"].items()}
    return traced["metrics"].items() <= metrics.items() and wanted == params


if __name__ == "__main__":
    main()
