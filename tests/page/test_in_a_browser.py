"""The page in a browser: drawn, used by keyboard, on a phone, in the dark, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reports import report

import browser
from wherefrom.render.report import page as pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from browser import Page

DRAWN = "document.querySelector('html[data-drawn]') !== null"
ORDER = "document.activeElement.closest('th').ariaSort"
COUNT = 60


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of some results, in a window of a desktop."""
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(pages.page(report(COUNT)), encoding="utf-8")
    with browser.opened() as page:
        page.size(1280, 900)
        page.open(path.as_uri())
        page.until(DRAWN)
        yield page


def column(page: Page, name: str) -> list[str]:
    script = (
        "(() => { const table = document.getElementById('board');"
        f"const at = [...table.tHead.rows[0].cells].findIndex(e => e.innerText.includes('{name}'));"
        "return [...table.tBodies[0].rows].filter(e => !e.hidden).map(e => e.cells[at].innerText)"
        "})()"
    )
    return list(page.value(script))


def write(page: Page, text: str) -> None:
    """Write into the filter, as a person does."""
    page.value(
        f"(() => {{ const box = document.getElementById('filter'); box.value = {text!r};"
        "box.dispatchEvent(new Event('input')) })()"
    )


def test_every_chart_is_drawn_and_says_what_it_shows(opened: Page) -> None:
    opened.value("document.getElementById('lineage').scrollIntoView()")
    opened.until("document.querySelector('[data-plot] svg') !== null")
    said = opened.value("[...document.querySelectorAll('[role*=document]')].map(e => e.ariaLabel)")

    assert opened.errors == []
    assert len(said) == 4
    assert said[0] == "cv.roc_auc.mean over time; dashed: the best so far: 60 results"
    assert said[3] == "ROC, a chart; its data follow as a table"
    points = opened.value("document.querySelectorAll('[data-chart=time] [aria-label^=e]').length")
    assert points == COUNT


def test_a_column_is_sorted_by_the_keyboard_and_says_so(opened: Page) -> None:
    opened.value("document.querySelector('th.number button').focus()")
    assert opened.value(ORDER) == "descending"  # it is the metric that decides

    opened.key("Enter")
    assert opened.value(ORDER) == "ascending"
    assert column(opened, "cv.roc_auc") == sorted(column(opened, "cv.roc_auc"))

    opened.key("Enter")
    assert opened.value(ORDER) == "descending"
    assert column(opened, "cv.roc_auc") == sorted(column(opened, "cv.roc_auc"), reverse=True)

    opened.key("Tab")
    assert "test.roc_auc" in opened.value("document.activeElement.innerText.replace(/\\s/g, '')")


def test_a_parameter_is_sorted_by_its_numbers(opened: Page) -> None:
    head = "[...document.querySelectorAll('th button')].find(e => e.innerText.includes('leaves'))"
    opened.value(f"{head}.click()")

    shown = [float(cell) for cell in column(opened, "leaves")]
    assert shown == sorted(shown)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        pytest.param("e1", lambda row: "e1" in row["result"], id="a word"),
        pytest.param("forest v1", lambda row: row["model"] == "forest", id="two words"),
        pytest.param("max_depth=7", lambda row: row["depth"] == "7", id="a value"),
        pytest.param("max_depth=1", lambda row: row["depth"] == "1", id="no other that begins so"),
        pytest.param("test.accuracy>0.5", lambda row: float(row["accuracy"]) > 0.5, id="more"),
        pytest.param("accuracy<=0.5", lambda row: float(row["accuracy"]) <= 0.5, id="less"),
    ],
)
def test_the_filter_shows_what_is_asked_for_in_the_list_and_in_the_charts(
    opened: Page, wanted: str, holds: Callable[[dict[str, str]], bool]
) -> None:
    write(opened, wanted)
    opened.until(f"!document.getElementById('shown').value.startsWith('{COUNT} ')")
    cells = {name: column(opened, name) for name in ("result", "model", "depth", "accuracy")}
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]

    assert 0 < len(rows) < COUNT
    assert all(map(holds, rows))
    assert (
        opened.value("document.getElementById('shown').value") == f"{len(rows)} of {COUNT} results"
    )
    drawn = "document.querySelectorAll('[data-chart=time] [aria-label^=e]').length"
    opened.until(f"{drawn} === {len(rows)}")
    write(opened, "")
    opened.until(f"document.getElementById('shown').value.startsWith('{COUNT} ')")


def test_the_charts_follow_the_metric_and_the_parameter(opened: Page) -> None:
    opened.value(
        "for (const [id, value] of [['metric', 'test.log_loss'], ['param', 'train.model']]) {"
        "document.getElementById(id).value = value;"
        "document.getElementById(id).dispatchEvent(new Event('change')) }"
    )

    opened.shows("test.log_loss over time", "train.model against test.log_loss")
    opened.until("document.querySelector('[data-chart=param]').textContent.includes('linear')")


def test_a_phone_shows_all_of_it_without_scrolling_the_page_sideways(opened: Page) -> None:
    opened.size(390, 844, mobile=True)

    assert opened.value("document.documentElement.scrollWidth") == 390
    assert opened.value("document.querySelector('.scrolled').tabIndex") == 0
    opened.open(opened.value("location.href"))  # anew, as a phone draws it
    opened.until(DRAWN)
    opened.value("document.getElementById('lineage').scrollIntoView()")
    opened.until("document.querySelector('[data-plot] svg') !== null")
    plot = "document.querySelector('[data-plot]')"
    assert opened.value(f"{plot}.scrollWidth <= {plot}.clientWidth")
    opened.size(280, 653, mobile=True)  # a narrow one: what is long is scrolled, and nothing is cut
    lines = "[...document.querySelectorAll('.flow li > div')]"
    cut = f"{lines}.filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    assert opened.value(cut) == []
    assert opened.value("document.documentElement.scrollWidth") == 280
    opened.size(1280, 900)


def test_the_dark_has_other_colours_in_the_charts_as_well(opened: Page) -> None:
    ink = "getComputedStyle(document.querySelector('[data-chart=time] text')).fill"
    paper = "getComputedStyle(document.body).backgroundColor"
    light = opened.value(ink), opened.value(paper)
    opened.media(prefers_color_scheme="dark")
    dark = opened.value(ink), opened.value(paper)

    assert light == ("rgb(87, 96, 106)", "rgb(255, 255, 255)")
    assert dark == ("rgb(163, 173, 184)", "rgb(15, 19, 24)")
    opened.media("print", prefers_color_scheme="dark")
    assert (opened.value(ink), opened.value(paper)) == light
    opened.media()


def test_it_is_printed_with_all_results_and_without_what_only_a_screen_needs(
    opened: Page, tmp_path: Path
) -> None:
    opened.size(794, 1100)
    opened.media("print")
    shown = "document.querySelector('.scrolled:has(> #board)')"
    assert opened.value(f"{shown}.scrollHeight === {shown}.clientHeight")
    for place in ("#chosen thead th", "#chosen tbody th", "#chosen td"):
        opened.value(f"document.querySelector('{place}').append('a_long_name_'.repeat(9))")
    assert opened.value("document.documentElement.scrollWidth") == 794
    assert opened.value("document.getElementById('filter').checkVisibility()") is False
    opened.media()
    opened.open(opened.value("location.href"))  # anew: what is out of sight is not drawn yet
    opened.until(DRAWN)
    assert opened.value("document.querySelector('[data-plot] svg')") is None
    opened.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") > 2
    assert opened.value("document.querySelector('[data-plot] svg') !== null")
    opened.size(1280, 900)
