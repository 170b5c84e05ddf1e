"""Metric files -> flat names and finite numbers, as DVC shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wherefrom import metrics

if TYPE_CHECKING:
    from pathlib import Path

SAME = {"test.accuracy": 0.5, "test.n": 3.0}
FILES = {
    "m.json": '{"test": {"accuracy": 0.5, "n": 3}}',
    "m.yaml": "test: {accuracy: 0.5, n: 3}\n",
    "m.yml": "test:\n  accuracy: 5e-1\n  n: 3\n",
    "m.toml": "[test]\naccuracy = 0.5\nn = 3\n",
}


@pytest.mark.parametrize(("name", "text"), FILES.items(), ids=FILES.keys())
def test_every_format_gives_the_same_flat_names(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    assert metrics.read(tmp_path, [name]) == (SAME, ())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_finite_number_is_a_gap_and_no_metric(tmp_path: Path, number: str) -> None:
    (tmp_path / "m.json").write_text(f'{{"a": {number}, "b": 1}}')

    values, (gap,) = metrics.read(tmp_path, ["m.json"])

    assert values == {"b": 1.0}
    assert gap.what.startswith("a is ")
    assert "m.json" in gap.why


@pytest.mark.parametrize(
    ("name", "text"),
    [("m.json", "{"), ("m.yaml", "a: ["), ("m.toml", "="), ("m.csv", "a,b"), ("n.yaml", "a: 0b_")],
)
def test_a_file_that_cannot_be_read_is_a_gap(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    values, (gap,) = metrics.read(tmp_path, [name])

    assert values == {}
    assert name in gap.what


def test_a_file_that_is_no_text_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_bytes(b"\xff\xfe\x00")

    values, (gap,) = metrics.read(tmp_path, ["m.json"])

    assert values == {}
    assert "m.json" in gap.what


def test_a_name_that_several_files_have_comes_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text('{"acc": 0.99, "loss": 1}')
    (tmp_path / "eval.json").write_text('{"acc": 0.51}')

    found, gaps = metrics.read(tmp_path, ["train.json", "eval.json"])

    assert found == {"train.json:acc": 0.99, "loss": 1.0, "eval.json:acc": 0.51}
    assert gaps == ()


def test_a_single_number_has_its_files_name(tmp_path: Path) -> None:
    (tmp_path / "auc.json").write_text("0.25")

    assert metrics.read(tmp_path, ["auc.json"]) == ({"auc.json": 0.25}, ())


def test_texts_and_booleans_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"a": "x", "b": true, "c": null, "d": [1], "e": 1}')

    assert metrics.read(tmp_path, ["m.json"]) == ({"e": 1.0}, ())


def test_records_and_files_that_are_not_there_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.wherefrom.json").write_text('{"a": 1}')

    assert metrics.read(tmp_path, ["a.wherefrom.json", "nowhere.json"]) == ({}, ())


@pytest.mark.parametrize(
    "name",
    [
        *("test.log_loss", "logloss", "valid/LogLoss", "test.perplexity", "cross-entropy", "nll"),
        *("fpr", "test.fnr", "false_positive_rate", "false_discovery_rate", "error_rate", "wer"),
        *("inertia", "latency", "p95.latency_ms", "cv.rmse.mean", "max_error", "brier_score"),
        *("valLoss", "MSELoss", "loss1", "kl_div", "train_time", "val_err", "nmse", "huber"),
        *("misclassification", "top1err", "testRMSE"),
        *("neg_log_likelihood", "hamming_loss", "mean_poisson_deviance", "davies_bouldin"),
    ],
)
def test_a_loss_an_error_or_a_cost_is_better_when_it_is_smaller(name: str) -> None:
    assert metrics.way(name) == "smaller"


@pytest.mark.parametrize(
    "name",
    [
        *("test.accuracy", "roc_auc", "f1_weighted", "r2", "anything", "cv.score", "lift"),
        *("neg_log_loss", "test.neg_mean_squared_error", "log_likelihood", "tpr", "specificity"),
        *("valAcc", "AUC", "F1", "logLikelihood", "mAP50", "rocAUC2"),
        *("recall_at_fpr_1", "tpr@fpr", "d2_log_loss_score", "silhouette", "farm.yield"),
    ],
)
def test_a_score_and_what_no_word_tells_is_better_when_it_is_larger(name: str) -> None:
    assert metrics.way(name) == "larger"


def test_a_gap_is_better_the_nearer_it_is_to_0() -> None:
    assert metrics.way("gap.log_loss") == "nearer to 0"
