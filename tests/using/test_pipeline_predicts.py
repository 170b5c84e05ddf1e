"""The pipeline's own models predict raw rows as their evaluation did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asking import ask
from using.own_models import cached, read, table

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_predictions_are_those_of_the_evaluation(used: Sandbox) -> None:
    ask(used, "predict", "HEAD~1", "data/raw/own.csv", "-o", "predictions.csv")

    predicted = {row["key"]: row for row in read(used.root / "predictions.csv")}
    assert len(predicted) == len(table())
    evaluated = read(cached(used, "results/predictions.csv", "HEAD~1"))
    assert evaluated
    for row in evaluated:
        mine = predicted[row["id"]]
        for name in ("predicted", "probability_no", "probability_yes"):
            assert mine[name] == row[name]
    unsure = [row for row in predicted.values() if 0.5 < float(row["probability_yes"]) <= 0.7]
    assert {row["predicted"] for row in unsure} == {"no"}  # the threshold of that evaluation
