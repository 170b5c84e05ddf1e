"""The metrics of a trace: by name and part, whether a score has a mean of folds or not."""

from __future__ import annotations

from wherefrom.render import traced


def test_a_score_is_shown_with_and_without_the_folds_that_it_is_of() -> None:
    shown = traced.metrics_table(
        {
            "cv.f1.mean": 0.5,
            "cv.f1.std": 0.25,
            "cv.f1.fold_0": 0.75,
            "cv.score": 0.125,
            "test.f1": 0.6,
            "lift": 2.0,
        }
    )

    assert [line.split() for line in shown.splitlines()] == [
        ["metric", "cv", "test"],
        ["f1", "0.5000", "±", "0.2500", "0.6000"],
        ["score", "0.1250"],
        ["lift", "2.0000"],
    ]
