"""One experiment of a generated history: its texts, and what its run in MLflow says.

The texts are those that DVC would have changed, and they agree: the hashes in `dvc.lock` are those
of the files, the fingerprints in the records those of the lock. Only the bytes of models, data and
predictions were never made; their hashes are drawn. Opens no file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from baseline import EVALUATE, LOCK, PARAMS, TEN, TRAIN, Baseline

from wherefrom import keys, lockfile
from wherefrom import record as records
from wherefrom.identity import CommitSha, DataHash, ExperimentName, MlflowRunId, RecordId
from wherefrom.record import GitFacts, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yaml_lines import Place

    from wherefrom.lockfile import StageFacts

_TRAINED = ("models/model.joblib", "results/predictions.csv")
_SPLIT = ("data/prepared/test.parquet", "data/prepared/train.parquet", "models/features.joblib")
_OTHER_SPLIT = 5
"""Every fifth experiment splits the table otherwise, so that all of its stages ran."""

APART = 10
"""Seconds from one experiment to the next."""


@dataclass(frozen=True)
class Result:
    """What an experiment's run in MLflow says. `deps` are those of train, with their hashes."""

    training: Record
    evaluation: Record
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    deps: Mapping[str, str]


@dataclass(frozen=True)
class Experiment:
    """What is to be committed, `committed` in seconds: the texts that differ from the baseline."""

    name: ExperimentName
    committed: int
    texts: Mapping[str, str]
    result: Result


def make(baseline: Baseline, number: int) -> Experiment:
    """Make the experiment of a number, always the same one."""
    draw = Random(number)  # noqa: S311 - nothing here is secret
    values, metrics = _draw_values(draw, number), _draw_metrics(draw)
    drawn = _draw_hashes(draw, number)
    stages = {n: _changed(stage, values, drawn) for n, stage in baseline.stages.items()}
    name = ExperimentName(f"variant-{number:05}")
    committed = baseline.committed + APART * number
    training, evaluation = _records(baseline, stages, name, committed, draw)
    flat = lockfile.flat_params((".", stage) for stage in stages.values())
    texts = {
        PARAMS: baseline.params.filled({tuple(k.split(".")): v for k, v in values.items()}),
        TRAIN: records.to_text(training, names_result=False),
        EVALUATE: records.to_text(evaluation, names_result=True),
        **metric_texts(metrics),
    }
    texts[LOCK] = _lock(baseline, values, drawn, texts)
    result = Result(
        *(training, evaluation),
        params={keys.key(key): keys.param(value) for key, value in flat.items()},
        metrics=metrics,
        deps={dep.path: str(dep.hash) for dep in stages["train"].deps},
    )
    return Experiment(name, committed, texts, result)


def trimmed(lock: str, metrics: Mapping[str, float]) -> dict[str, str]:
    """Give the lock and the metric files of a real result with ten metrics only."""
    texts = metric_texts({name: metrics[name] for names in TEN.values() for name in names})
    whole = Baseline(CommitSha(""), 0, {LOCK: lock})
    return {**texts, LOCK: _lock(whole, {}, {}, texts)}


def metric_texts(metrics: Mapping[str, float]) -> dict[str, str]:
    """Write the metric files."""
    return {path: _nested({name: metrics[name] for name in names}) for path, names in TEN.items()}


def check(experiment: Experiment) -> None:
    """Check that the lock, which was not written by DVC, says what the records say."""
    stages = lockfile.parse_lock(experiment.texts[LOCK])
    both = (experiment.result.training, experiment.result.evaluation)
    for record in both:
        if lockfile.fingerprint(stages[record.stage]) != record.fingerprint:
            raise ValueError(f"{experiment.name}: the lock's {record.stage} is not its record's")


def _draw_values(draw: Random, number: int) -> dict[str, object]:
    values: dict[str, object] = {
        "train.seed": draw.randrange(1_000_000),
        "train.random_forest.n_estimators": 10 + number,
        "train.random_forest.max_depth": draw.choice([None, *range(3, 20)]),
        "train.random_forest.min_samples_leaf": draw.randrange(1, 20),
        "train.random_forest.max_features": round(draw.uniform(0.1, 0.9), 3),
        "evaluate.threshold": round(draw.uniform(0.3, 0.7), 3),
    }
    return values | ({"prepare.seed": number} if number % _OTHER_SPLIT == 0 else {})


def _draw_metrics(draw: Random) -> dict[str, float]:
    return {name: draw.uniform(0.7, 1.0) for names in TEN.values() for name in names}


def _draw_hashes(draw: Random, number: int) -> dict[str, tuple[str, int]]:
    """Give other hashes and sizes to the files that no text here stands for."""
    paths = _TRAINED if number % _OTHER_SPLIT else (*_TRAINED, *_SPLIT)
    return {path: (_hex(draw, 32), draw.randrange(100_000, 1_000_000)) for path in paths}


def _changed(
    stage: StageFacts, values: Mapping[str, object], drawn: Mapping[str, tuple[str, int]]
) -> StageFacts:
    """Give a stage's facts with other parameters and dependencies."""
    deps = (replace(d, hash=DataHash(drawn.get(d.path, (d.hash or "",))[0])) for d in stage.deps)
    params = {file: _other(keys, values) for file, keys in stage.params.items()}
    return replace(stage, deps=tuple(deps), params=params)


def _other(
    old: Mapping[str, Any], values: Mapping[str, object], prefix: str = ""
) -> dict[str, Any]:
    return {
        key: _other(value, values, f"{prefix}{key}.")
        if isinstance(value, dict)
        else values.get(f"{prefix}{key}", value)
        for key, value in old.items()
    }


def _records(
    baseline: Baseline,
    stages: Mapping[str, StageFacts],
    name: ExperimentName,
    committed: int,
    draw: Random,
) -> tuple[Record, Record]:
    """Give the records of train and of the evaluate that claimed its run: both have its ids."""
    record_id, mlflow_run_id = RecordId(_hex(draw, 32)), MlflowRunId(_hex(draw, 32))
    training, evaluation = (
        replace(
            baseline.record(path),
            record_id=record_id,
            mlflow_run_id=mlflow_run_id,
            fingerprint=lockfile.fingerprint(stages[stage]),
            run_name=name,
            started=(committed - before) * 1000,
            ended=(committed - before + 2) * 1000,
            experiment=name,
            baseline=baseline.commit,
            git=GitFacts(baseline.commit, branch=None, dirty=True),
        )
        for path, stage, before in ((TRAIN, "train", 7), (EVALUATE, "evaluate", 4))
    )
    return training, evaluation


def _lock(
    baseline: Baseline,
    values: Mapping[str, object],
    drawn: Mapping[str, tuple[str, int]],
    texts: Mapping[str, str],
) -> str:
    files = {path: (_md5(text), len(text.encode())) for path, text in texts.items()} | dict(drawn)
    filled: dict[Place, object] = {}
    for path, (md5, size) in files.items():
        for place in baseline.hashed[path]:
            filled |= {(*place, "md5"): md5, (*place, "size"): size}
    filled |= {place: value for key, value in values.items() for place in baseline.chosen[key]}
    return baseline.lock.filled(filled)


def _nested(metrics: Mapping[str, float]) -> str:
    tree: dict[str, Any] = {}
    for name, value in metrics.items():
        *above, last = name.split(".")
        branch = tree
        for key in above:
            branch = branch.setdefault(key, {})
        branch[last] = value
    return json.dumps(tree, indent=2) + "\n"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _hex(draw: Random, digits: int) -> str:
    return f"{draw.getrandbits(4 * digits):0{digits}x}"
