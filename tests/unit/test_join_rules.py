"""A result and the runs of a store -> its run, or the reason why it has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from test_record import BARE, RECORD

from wherefrom.holders import Holder, Maker
from wherefrom.join import RunTable, by_content, by_record
from wherefrom.runs import Run

BASE = "b" * 40
LAST, FIRST = "1" * 64, "2" * 64


def run(number: int, **fields: Any) -> Run:
    return Run(f"{number:032x}", "a run", "FINISHED", 1, 2, "x", **fields)  # type: ignore[arg-type]


def holder(experiment: str | None = None, baseline: str | None = None) -> Holder:
    return Holder("a" * 40, 1, experiment, baseline)  # type: ignore[arg-type]


# -- the runs of a store


def test_a_table_finds_runs_by_what_joins_them() -> None:
    one = run(1, record_id="r" * 32, fingerprint=LAST)
    two = run(2, record_id="r" * 32)
    three = run(3, fingerprint=LAST)
    table = RunTable([one, two, three, run(4), one])

    assert table.runs == [one, two, three, run(4)]
    assert table.of_record("r" * 32) == [one, two]
    assert table.of_fingerprint(LAST) == [one, three]
    assert table.of_record("") == table.of_record("x") == table.of_fingerprint("") == []


# -- by record

MAKER = Maker(RECORD.relation, RECORD.experiment, RECORD.baseline)
NAMED = replace(run(1, record_id=RECORD.record_id), mlflow_run_id=RECORD.mlflow_run_id)
REBUILT = run(2, record_id=RECORD.record_id)
FOREIGN = replace(run(3, record_id="0" * 32), mlflow_run_id=RECORD.mlflow_run_id)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([NAMED], NAMED),
        ([REBUILT], REBUILT),
        ([REBUILT, NAMED], NAMED),
        ([NAMED, NAMED], NAMED),
        ([NAMED, run(7, record_id="9" * 32)], NAMED),
    ],
    ids=["named", "rebuilt", "named_before_rebuilt", "listed_twice", "beside_another"],
)
def test_the_run_of_a_record_is_the_one_that_carries_its_id(runs: list[Run], expected: Run) -> None:
    joined = by_record(RECORD, RunTable(runs))

    assert (joined.run, joined.maker, joined.gaps) == (expected, MAKER, ())


@pytest.mark.parametrize("runs", [[], [FOREIGN], [run(4, fingerprint=RECORD.fingerprint)]])
def test_a_record_without_a_run_is_a_gap_and_says_all_the_same_how_it_was_made(
    runs: list[Run],
) -> None:
    joined = by_record(RECORD, RunTable(runs))

    (gap,) = joined.gaps
    assert (joined.run, joined.maker) == (None, MAKER)
    assert RECORD.record_id in gap.what
    assert "wherefrom sync" in gap.remedy


def test_of_several_runs_of_a_record_none_is_guessed() -> None:
    other = replace(REBUILT, mlflow_run_id="e" * 32)  # type: ignore[arg-type]

    joined = by_record(RECORD, RunTable([REBUILT, other]))

    (gap,) = joined.gaps
    assert (joined.run, joined.maker) == (None, MAKER)
    assert gap.what.startswith("2 runs have the record")
    assert REBUILT.mlflow_run_id in gap.what
    assert other.mlflow_run_id in gap.what


def test_a_record_that_names_no_run_is_joined_by_its_id_alone() -> None:
    only = run(5, record_id=BARE.record_id)

    assert by_record(BARE, RunTable([only, run(6)])).run == only


# -- by content


def joined(runs: list[Run], *places: Holder, prints: tuple[str, ...] = (LAST, FIRST)) -> Any:
    return by_content(prints, places, RunTable(runs))


@pytest.mark.parametrize("status", ["FINISHED", "RUNNING"])
def test_the_only_run_of_the_last_stage_is_the_results_own(status: str) -> None:
    only = replace(run(1, fingerprint=LAST, experiment="e", baseline=BASE), status=status)

    found = joined([only, run(2, fingerprint=FIRST)], holder())

    assert (found.run, found.maker, found.gaps) == (only, Maker("own", "e", BASE), ())  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "SCHEDULED"])
def test_a_run_that_did_not_succeed_is_nobodys(status: str) -> None:
    failed = replace(run(1, fingerprint=LAST), status=status)

    assert joined([failed]).run is None
    assert joined([failed, run(2, fingerprint=FIRST)]).run == run(2, fingerprint=FIRST)
    assert joined([failed, run(3, fingerprint=LAST)]).run == run(3, fingerprint=LAST)


def test_a_run_that_has_ended_comes_before_one_that_goes_on() -> None:
    running = replace(run(1, fingerprint=LAST), status="RUNNING")

    assert joined([running, run(2, fingerprint=LAST)]).run == run(2, fingerprint=LAST)


def test_without_a_run_of_the_last_stage_that_of_the_one_before_is_taken() -> None:
    earlier = run(1, fingerprint=FIRST)

    assert joined([earlier, run(2)], holder()).run == earlier
    assert joined([earlier, run(2, fingerprint=LAST)], holder()).run == run(2, fingerprint=LAST)


def test_the_run_of_an_earlier_stage_that_was_made_elsewhere_is_inherited() -> None:
    earlier = run(1, fingerprint=FIRST, experiment="e", baseline=BASE)

    assert joined([earlier], holder()).maker.relation == "inherited"
    assert joined([earlier], holder("e", BASE)).maker.relation == "own"
    assert joined([run(1, fingerprint=FIRST)], holder()).maker.relation == "own"


@pytest.mark.parametrize(
    ("place", "expected"),
    [(holder("e", BASE), 1), (holder("f", BASE), 2), (holder(), 3)],
    ids=["experiment", "another_experiment", "branch"],
)
def test_of_several_runs_the_experiment_decides(place: Holder, expected: int) -> None:
    runs = [
        run(1, fingerprint=LAST, experiment="e", baseline=BASE),
        run(2, fingerprint=LAST, experiment="f", baseline=BASE),
        run(3, fingerprint=LAST),
    ]

    found = joined(runs, place)

    assert found.run == runs[expected - 1]
    assert found.maker.experiment == place.experiment


@pytest.mark.parametrize(
    "places",
    [[], [holder("g", BASE)], [holder("e", "c" * 40)], [holder("e", BASE), holder("f", BASE)]],
    ids=["nobody", "another_name", "another_baseline", "both"],
)
def test_where_nothing_decides_between_runs_all_are_listed(places: list[Holder]) -> None:
    runs = [
        run(1, fingerprint=LAST, experiment="e", baseline=BASE),
        run(2, fingerprint=LAST, experiment="f", baseline=BASE),
    ]

    found = joined(runs, *places)

    (gap,) = found.gaps
    assert (found.run, found.maker) == (None, None)
    assert gap.what.startswith("2 runs have this fingerprint")
    assert all(one.mlflow_run_id in gap.what for one in runs)


def test_the_runs_that_are_nested_in_another_are_part_of_it() -> None:
    outer = run(1, fingerprint=LAST)
    inner = [run(n, fingerprint=LAST, parent=outer.mlflow_run_id) for n in (2, 3)]
    innermost = run(4, fingerprint=LAST, parent=inner[0].mlflow_run_id)

    assert joined([outer, *inner, innermost]).run == outer
    assert joined([replace(outer, status="FAILED"), *inner]).run is None
    assert joined([replace(outer, fingerprint="9" * 64), inner[0]]).run == inner[0]  # type: ignore[arg-type]


def test_a_result_without_any_run_is_a_gap() -> None:
    found = joined([run(1), run(2, fingerprint="9" * 64)], holder())

    (gap,) = found.gaps
    assert (found.run, found.maker) == (None, None)
    assert gap.what == "no run in MLflow belongs to this result"
