"""What is said of a sweep at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from wherefrom.commands.sweep import Swept
from wherefrom.render import swept as render
from wherefrom.sweeping.book import Book, Definition
from wherefrom.sweeping.messages import Report
from wherefrom.sweeping.sweep import Sweep

if TYPE_CHECKING:
    from wherefrom.sweeping.pool import Pool
    from wherefrom.sweeping.samplers import Sampler


class Kept:
    """A sweep's book with variants that have ended."""

    def __init__(self, *records: str | None) -> None:
        self.records = records

    def reports(self) -> dict[int, Report]:
        values = enumerate(self.records)
        return {n: Report(n, "done", f"s-{n}", record_id=r, values={"lr": n}) for n, r in values}


class Idle:
    """A pool that runs nothing."""

    running = ()


def end_of(*records: str | None) -> str:
    definition = Definition("s", ("lr=0,1",), "grid", None, 0, None, None, None, "0" * 40, None)
    book = cast("Book", Kept(*records))
    sweep = Sweep(definition, cast("Sampler", None), cast("Pool", Idle()), book, {})
    return render.sweep(Swept(definition, sweep, 2))


def test_variants_that_are_all_one_result_are_said_to_be() -> None:
    shown = end_of("a" * 32, "a" * 32)

    assert "note: these 2 are one result: " in shown
    assert "no stage depends on lr\n  set with a further -S" in shown


@pytest.mark.parametrize(
    "records",
    [("a" * 32, "b" * 32), ("a" * 32,), (None, None)],
    ids=["two results", "one variant", "no records"],
)
def test_what_may_be_several_results_is_not(records: tuple[str | None, ...]) -> None:
    assert "note" not in end_of(*records)
