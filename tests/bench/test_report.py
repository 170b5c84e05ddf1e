"""What a benchmark tells at its end: every table, and a status that says of a bar missed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import report
from report import Line, Report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD = Line("ours", 2.0, "theirs", 1.0, 2)
MISSED = Line("ours", 2.01, "theirs", 1.0, 2)
STATED = Line("ours", 9.0, "theirs", 1.0)
LONG_ONLY = Line("ours", 9.0, "theirs", 1.0, 2, at_scale=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports are written, in place of the folder of the benchmarks."""
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr(report, "_here", lambda: {"machine": {"cores": 2}})
    return tmp_path


@pytest.mark.parametrize(
    ("line", "judge_scale", "verdict"),
    [
        pytest.param(HELD, True, "ok", id="at the bar"),
        pytest.param(MISSED, True, "MISSED", id="above the bar"),
        pytest.param(STATED, True, "stated", id="no bar"),
        pytest.param(LONG_ONLY, True, "MISSED", id="at scale"),
        pytest.param(LONG_ONLY, False, "not judged at this size", id="below the scale"),
        pytest.param(Line("made", 3, "same", 0, 1, ""), True, "MISSED", id="against nothing"),
    ],
)
def test_a_line_is_judged_by_its_bar(line: Line, judge_scale: bool, verdict: str) -> None:  # noqa: FBT001 - a case
    assert line.verdict(judge_scale=judge_scale) == verdict
    assert verdict in line.text(judge_scale=judge_scale)


def test_both_raw_figures_stand_beside_the_ratio() -> None:
    told = " ".join(MISSED.text(judge_scale=True).split())

    assert told == "ours 2.01 s theirs 1.00 s 2.010x at most 2.000x MISSED"


@pytest.mark.usefixtures("folder")
def test_a_report_without_a_missed_bar_ends_with_0() -> None:
    told = Report()
    told.table("a table", [HELD, STATED])
    told.table("a short one", [LONG_ONLY], judge_scale=False)

    assert told.end("bench") == 0


@pytest.mark.usefixtures("folder")
def test_a_missed_bar_is_not_forgotten_by_the_tables_after_it() -> None:
    told = Report()
    told.table("a table", [MISSED])
    told.table("another", [HELD])

    assert told.end("bench") == 1


def test_the_file_holds_the_machine_and_each_line_with_its_verdict(folder: Path) -> None:
    told = Report()
    told.table("a table", [HELD, STATED])
    told.end("bench")

    found = json.loads((folder / "bench.json").read_text())
    assert found["schema"] == 1
    assert found["held"] is True
    assert found["machine"] == {"cores": 2}
    (table,) = found["tables"]
    assert table["title"] == "a table"
    assert [line["verdict"] for line in table["lines"]] == ["ok", "stated"]
    assert table["lines"][0]["value"] == 2.0
    assert table["lines"][0]["ratio"] == 2.0


@pytest.mark.usefixtures("folder")
def test_a_line_is_shown_as_soon_as_it_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    def lines() -> Iterator[Line]:
        yield HELD
        assert "2.000x" in capsys.readouterr().out
        yield STATED

    Report().table("a table", lines())
