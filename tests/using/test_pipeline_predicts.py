"""The pipeline's own models predict raw rows as their evaluation did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asking import ask, trace
from using.own_models import cached, read, table, write

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_predictions_are_those_of_the_evaluation(used: Sandbox) -> None:
    """Also where DVC has put a link to its cache in the place of the table."""
    in_cache = (used.root / "data/raw/own.csv").rename(used.root / "0123")
    (used.root / "data/raw/own.csv").symlink_to(in_cache)
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


def test_a_table_that_does_not_fit_is_refused_by_the_names_of_its_columns(used: Sandbox) -> None:
    rows = [{"id": row["key"], "town": row["city"], "answer": "?"} for row in table()]
    write(used.root / "new.csv", rows)

    done = used.process("wherefrom", "predict", "HEAD", "new.csv", "-o", "predictions.csv")

    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first == "wherefrom: new.csv: the columns 'key', 'size', 'city' are missing"
    assert second == "  To do: give the table all columns that the model was fitted on"
    assert not list(used.root.glob("*predictions*"))

    output = "results/predictions.csv"
    (used.root / f"{output}.lineage.json").touch()
    done = used.process("wherefrom", "predict", "HEAD", "data/raw/own.csv", "-o", output)

    assert done.returncode == 2
    assert f"{output} is not written: a stage leaves {output}" in done.stderr
    assert used.text(output) == cached(used, output).read_text()


def test_what_was_taken_otherwise_stands_beside_the_predictions(used: Sandbox) -> None:
    rows = [row | {"city": "Rom"} for row in table()[:3]]
    write(used.root / "new.csv", rows)

    found = ask(used, "predict", "HEAD", "new.csv", "-o", "predictions.csv")

    odd, ignored = found["remarks"]
    assert odd.startswith("predict: column 'city' has 3 values that no training row had")
    assert ignored == "predict: not used: answer"
    assert trace(used, "predictions.csv").found["predictions"]["remarks"] == found["remarks"]
