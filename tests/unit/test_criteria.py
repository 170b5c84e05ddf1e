"""Success criteria: what they mean, and that nothing else than comparisons of metrics is read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom import criteria
from wherefrom.errors.project import CriterionError

METRICS = {"test.accuracy": 0.95, "gap.accuracy": 0.03, "zero": 0.0, "nan": math.nan, "big": 1e308}
METRICS |= {"eval.json:f1-macro": 0.6, "top@5": 0.4}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("test.accuracy > 0.90 and gap.accuracy < 0.05", "met"),
        ("test.accuracy > 0.96", "not met"),
        ("test.accuracy > 0.96 and zero > 1 or gap.accuracy < 0.05", "met"),
        ("test.accuracy > 0.96 and (zero > 1 or gap.accuracy < 0.05)", "not met"),
        ("not zero > 0 and zero > 1", "not met"),
        ("not (zero > 0 and zero > 1)", "met"),
        ("0.9 < test.accuracy <= 0.95", "met"),
        ("0.9 < test.accuracy < 0.95", "not met"),
        ("test.accuracy == 0.95", "met"),
        ("test.accuracy != 0.95", "not met"),
        ("1 + 2 * 3 == 7 + zero", "met"),
        ("(1 + 2) * 3 == 9 + zero", "met"),
        ("10 - 2 - 3 == 5 + zero", "met"),
        ("'eval.json:f1-macro' > 0.5 and not \"top@5\" > 0.5", "met"),
        ("-gap.accuracy < +1e-3", "met"),
        ("test.accuracy - gap.accuracy >= 0.9 * 1", "met"),
        ("test.accuracy\n  > 0.9  # at least", "met"),
        ("zero > 0 and 1 / zero > 2", "not met"),
    ],
)
def test_a_criterion_means_what_it_says(text: str, verdict: str) -> None:
    found = criteria.judge(text, METRICS)
    assert (found.verdict, found.why) == (verdict, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("test.f1 > 0 or test.accuracy > 0", "this result has no metric test.f1"),
        ("nan > 0", "nan is nan, no finite number"),
        ("not nan > 0", "nan is nan, no finite number"),
        ("1 / zero > 0", "it divides by zero"),
        ("big * 10 > 0", "a step of it is inf, no finite number"),
        ("test.accuracy > (", "at 17: '(' was never closed"),
    ],
)
def test_what_cannot_be_told_is_neither_met_nor_not(text: str, why: str) -> None:
    found = criteria.judge(text, METRICS)
    assert (found.verdict, found.why) == ("not evaluated", why)


def test_the_values_of_all_metrics_of_a_criterion_are_told() -> None:
    found = criteria.judge("test.accuracy > gap.accuracy > test.f1", METRICS)
    assert found.values == {"test.accuracy": 0.95, "gap.accuracy": 0.03}
    assert criteria.parse("b.x > a and b.x > 1").names == ("b.x", "a")


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("__import__('os').system('true')", 1, "a comparison has to stand here"),
        ("__import__('os') > 1", 1, "a number or a metric has to stand here"),
        ("a.__class__() > 1", 1, "a number or a metric has to stand here"),
        ("1 < a[0]", 5, "a number or a metric has to stand here"),
        ("é > b'x'", 5, "a number or a metric has to stand here"),
        ("1 < 2", 1, "it names no metric, so it is the same for every result"),
        ("a > 1 and", 10, "it ends too soon"),
        ("a > 90%", 8, "it ends too soon"),
        ("a > True", 5, "a number or a metric has to stand here"),
        ("a > 1j", 5, "a number or a metric has to stand here"),
        ("a ** 9 ** 9 ** 9 > 1", 1, "a number or a metric has to stand here"),
        ("a > (b := 1)", 6, "a number or a metric has to stand here"),
        ("a > [b for b in c]", 5, "a number or a metric has to stand here"),
        ("a > f'{b}'", 5, "a number or a metric has to stand here"),
        ("a and b > 1", 1, "a comparison has to stand here"),
        ("test.accuracy", 1, "a comparison has to stand here"),
        ("a > 1 if b > 1 else c > 1", 1, "a comparison has to stand here"),
        ("lambda: a > 1", 1, "a comparison has to stand here"),
        ("a in b", 1, "allowed are < <= > >= == !="),
        ("a > 1e999", 5, "it is too large a number"),
        (f"a > {'9' * 400}", 5, "it is too large a number"),
        ("a > 0.9and b > 1", 7, "invalid decimal literal"),
        ("a > 1; import os", 6, "invalid syntax"),
        ("a = 1", 3, "invalid syntax"),
        ("", 1, "it ends too soon"),
        ("(" * 300 + "a > 1" + ")" * 300, 201, "too many nested parentheses"),
        ("-" * 900 + "1 > 0", 1, "it is too deeply nested"),
        ("not " * 200 + "a > 1", 1, "it is too deeply nested"),
        ("a" + ".b" * 400 + " > 1", 1, "it is too deeply nested"),
        ("1 + " * 5000 + "1 > 0", 1000, "it is longer than 1000"),
    ],
)
def test_anything_else_is_refused_at_its_place(text: str, place: int, why: str) -> None:
    with pytest.raises(CriterionError) as caught:
        criteria.parse(text)
    assert (caught.value.place, caught.value.why) == (place, why)


def test_a_text_that_is_no_code_at_all_is_refused() -> None:
    with pytest.raises(CriterionError):
        criteria.parse("a > \0")


def test_the_nearest_name_is_written_as_it_has_to_stand_and_found_as_a_whole_word() -> None:
    with pytest.raises(CriterionError) as caught:
        criteria.check(criteria.parse("test.f1 > 0 and f1 > 1"), ["test.f1", "f1-a"])
    assert caught.value.place == 17
    assert str(caught.value).endswith("no metric is called f1; did you mean 'f1-a'?")


def test_a_metric_that_there_will_not_be_is_named_with_the_nearest() -> None:
    criterion = criteria.parse("test.accuracy > 0.9 and test.acuracy > 1")
    criteria.check(criterion, ["test.accuracy", "test.acuracy"])
    with pytest.raises(CriterionError) as caught:
        criteria.check(criterion, ["test.accuracy", "test.f1"])
    assert caught.value.place == 25
    assert "no metric is called test.acuracy; did you mean test.accuracy?" in str(caught.value)


@given(st.text(alphabet="ab.01+-*/<>=!() not\n'_[]{}:,", max_size=60))
def test_whatever_is_written_is_judged_or_refused_and_never_anything_else(text: str) -> None:
    found = criteria.judge(text, {"a": 1.0, "b": 0.0})
    assert (found.why == "") == (found.verdict != "not evaluated")


NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_arithmetic_and_comparisons_are_pythons(a: float, b: float, c: float) -> None:
    text = "a + b * c < a - b / 2 or not c <= a < b"
    expected = a + b * c < a - b / 2 or not c <= a < b
    assert criteria.judge(text, {"a": a, "b": b, "c": c}).verdict == (
        "met" if expected else "not met"
    )
