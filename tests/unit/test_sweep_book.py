"""What is kept of a sweep is read back, whatever ended the process that wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherefrom.identity import CommitSha
from wherefrom.sweeping.book import Book, Definition
from wherefrom.sweeping.messages import Report

if TYPE_CHECKING:
    from pathlib import Path

LINES = (
    *('{"number": 1, "state": "do', '{"number": 1, "state": "done"}'),
    '{"number": 1, "state": "done", "ran": [], "mood": "of another version"}',
)


def test_a_report_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    asked = ("s", ("a=1,2",), "grid", None, 0, None, None, None, CommitSha("1" * 40))
    with Book(tmp_path, "s") as book:
        book.write(Definition(*asked))
        book.add(Report(0, "failed", error="why"))
        with (tmp_path / "sweeps" / "s" / "reports.jsonl").open("a") as file:
            file.writelines(f"{line}\n" for line in LINES)
        book.add(Report(0, "done", ran=("python a.py",)))

        assert book.reports() == {0: Report(0, "done", ran=("python a.py",))}
        assert book.definition() == Definition(*asked)
