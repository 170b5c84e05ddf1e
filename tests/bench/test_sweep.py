"""That all ways of a sweep's benchmark compute the same, and that it notices where they do not."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from itertools import product
from typing import TYPE_CHECKING

import pytest
import sweep_growth
import yaml
from measure import MARK, processes, settle
from sklearn.datasets import load_breast_cancer
from sweep_growth import Held, held, parts

import sweep
from pipeline.estimators import build_estimator, fit_model
from pipeline.features import build_features
from pipeline.folds import split_folds
from pipeline.params.prepare import PrepareParams
from pipeline.params.section import parse_params
from pipeline.params.whole import Params
from pipeline.predictions import predict
from pipeline.preparation import prepare
from pipeline.scores import score, summarise
from pipeline.tables import read_table
from pipeline.validation import cross_validate
from sandbox import PROJECT
from waiting import until
from wherefrom.lockfile import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sweep import Scores

SEED, TREES, DEPTH = 1001, 10, 3


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the sample table, and nothing else."""
    table = tmp_path / sweep.TABLE
    table.parent.mkdir(parents=True)
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.assign(diagnosis=bunch.target_names[bunch.target])
    frame.to_csv(table, index=False)
    return tmp_path


def by_ours(root: Path) -> dict[str, float]:
    """Give the scores of the sample pipeline for one variant."""
    document = yaml.safe_load((PROJECT / "params.yaml").read_text())
    document["train"]["seed"] = SEED
    document["train"]["random_forest"] |= {"n_estimators": TREES, "max_depth": DEPTH}
    params = parse_params(Params, document, "params.yaml")
    done = prepare(
        read_table(root, params.data), PrepareParams(data=params.data, prepare=params.prepare)
    )
    features = build_features(done.train.schema, params.featurize).fit(done.train.features)
    estimator = build_estimator(params.train, params.data.task, params.threads)
    folds = split_folds(done.train, params.train.folds, SEED)
    scores = list(cross_validate(done.train, features, estimator, folds, params.threads))
    model = fit_model(features, estimator, done.train.features, done.train.target, cores=1)
    test = score(done.test.target, predict(model, done.test.features))
    return flatten({"cv": summarise(scores), "test": test})


def test_the_loop_computes_what_the_pipeline_does(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, script, *given = sweep.loop_command(SEED, [TREES], [DEPTH])
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", [script, *given, "--bare"])
    runpy.run_path(str(sweep.PEERS / "loop" / script), run_name="__main__")

    theirs, ours = json.loads(capsys.readouterr().out)["metrics"], by_ours(root)
    assert sorted(theirs) == sorted(sweep.METRICS)
    assert theirs == pytest.approx({name: ours[name] for name in theirs}, rel=1e-12)


def scores(**other: float) -> Scores:
    """Give the same scores for all variants."""
    return {
        variant: {**dict.fromkeys(sweep.METRICS, 0.5), **other}
        for variant in product(sweep.TREES, sweep.DEPTHS)
    }


def test_scores_that_differ_by_an_order_of_adding_up_are_the_same() -> None:
    sweep.check_same({"ours": scores(), "loop": scores(**{"test.accuracy": 0.5 + 1e-15})})


def test_another_score_by_another_way_ends_the_benchmark() -> None:
    other = scores()
    other[25, 8]["cv.log_loss.mean"] = 0.5001

    with pytest.raises(SystemExit, match=r"cv.log_loss.mean of .*25, 8.* 0.5001 by loop"):
        sweep.check_same({"ours": scores(), "loop": other})


def test_a_variant_that_was_not_run_ends_the_benchmark() -> None:
    other = scores()
    del other[25, 8]

    with pytest.raises(SystemExit, match=r"loop has not run each variant: .*25, 8"):
        sweep.check_same({"ours": scores(), "loop": other})


def test_ours_is_set_against_each_other_way_by_medians_for_one_variant() -> None:
    found = list(sweep.lines({"ours": [24, 480, 48], "queue": [480] * 3, "bare": [12] * 3}))

    assert [(line.value, line.base, line.most) for line in found] == [
        (2.0, 20.0, 1 / 8),
        (2.0, 0.5, None),
    ]


def test_without_ours_no_bar_is_judged() -> None:
    (line,) = sweep.lines({"loop": [48], "no-model": [24]})

    assert (line.value, line.base, line.most) == (2.0, 1.0, None)


def test_the_variants_are_as_many_as_the_tables_say() -> None:
    assert sweep.VARIANTS == 24
    assert sweep_growth.LONG == (30 - 10) * (13 - 3)


@pytest.fixture
def hoarder(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of a project that has left its parent's group, and holds fifty megabytes."""
    code = "held = b'x' * 50_000_000; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, MARK: str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_the_processes_of_a_project_are_found_and_what_they_hold(
    hoarder: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    found = processes(tmp_path)

    assert [process.pid for process in found] == [hoarder.pid]
    assert processes(tmp_path / "another") == []
    assert 50 < held(found).together < 100


def test_what_has_ended_holds_nothing(hoarder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    found = processes(tmp_path)
    hoarder.communicate(b"\n")

    assert held(found) == Held(0)
    settle(tmp_path)


def test_a_worker_is_what_a_process_of_the_sweep_has_put_into_a_group_of_its_own(
    tmp_path: Path,
) -> None:
    stage = "held = b'x' * 30_000_000; print(flush=True); input()"
    run = "import os, subprocess, sys; {}; subprocess.run([sys.executable, '-c', {!r}])"
    worker = run.format("os.setpgid(0, 0)", stage)
    code = run.format("held = b'x' * 60_000_000", worker)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, MARK: str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = held(processes(tmp_path))
        process.communicate(b"\n")

    assert found.together > 100
    assert 30 < found.worker < 80
    assert 30 < found.largest < 60


@pytest.mark.usefixtures("hoarder")
def test_a_sweep_is_watched_until_it_ends(tmp_path: Path) -> None:
    with sweep_growth.watching(tmp_path) as moments:
        until(lambda: len(moments) > 1)
    seen = len(moments)

    assert max(moment.together for moment in moments) > 50
    assert len(moments) == seen


def test_growth_is_between_the_peaks_of_quarters() -> None:
    moments = [Held(float(size)) for size in (1, 3, 5, 4, 6, 6, 2, 8, 7)]

    assert parts(moments) == [3, 5, 6, 8]
