"""What of a result is taken for its test data, and what a plan holds back."""

from __future__ import annotations

import pytest

from wherefrom import plans
from wherefrom.commands import gates


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/prepared/test.parquet", True),
        ("data/X_test.npy", True),
        ("data/tests/rows.csv", True),
        ("data/latest.csv", False),
        ("data/train.parquet", False),
    ],
)
def test_test_data_are_known_by_a_word_of_their_path(path: str, *, expected: bool) -> None:
    assert gates._says_test(path) is expected


def test_each_criterion_that_is_not_met_is_a_gap() -> None:
    plan = {"success_criteria": ["test.accuracy > 0.9", "test.loss < 1", "gap.loss < 1"]}

    found = list(gates.met(plans.outcome(plan, {"test.accuracy": 0.8, "test.loss": 0.5})))

    assert [gap.what for gap in found] == ["a success criterion of its plan is not met"] * 2
    assert found[0].why == "not met: test.accuracy > 0.9 (test.accuracy = 0.8)"
    assert found[1].why.startswith("not evaluated: gap.loss < 1")
    assert list(gates.met(None)) == []
