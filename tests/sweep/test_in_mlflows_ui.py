"""What a user sees of sweeps and results in MLflow's own pages, in a real browser.

The pictures are kept in `test-artifacts/mlflow-ui`, which git ignores: look at them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sweeps import run_named

import browser
from sandbox import PROJECT, copy_of
from serving import address, experiments, ui
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sweeps import Both

    from browser import Page
    from sandbox import Sandbox

PICTURES = PROJECT / "test-artifacts" / "mlflow-ui"
CLICK = "[...document.querySelectorAll({what})].filter({which}).forEach(one => one.click())"
WORDS = json.dumps("a, button, span")
ASSISTANT = json.dumps('[data-component-id="mlflow.assistant.chat_panel.close"]')
NESTED = json.dumps('[role="row"] button[data-component-id*="runnamecellrenderer"]')


@dataclass(frozen=True)
class Shown:
    """A project with its sweeps, and MLflow's page on it: `runs` is the address of the table."""

    project: Sandbox
    page: Page
    runs: str

    def open_run(self, name: str) -> None:
        """Open the page of a run, with the whole description."""
        self.page.open(f"{self.runs}/{run_named(self.project, name).run_id}")
        self.page.shows(name, "Show more")
        self.click(WORDS, "one => one.innerText === 'Show more' && !one.children.length")
        self.page.shows("Show less")

    def click(self, what: str, which: str = "() => true") -> None:
        self.page.value(CLICK.format(what=what, which=which))

    def filter(self, words: str) -> None:
        """Search the table of runs."""
        self.page.open(f"{self.runs}?searchFilter={quote(words)}")
        self.page.shows("matching run")


@pytest.fixture
def shown(both: Both, tmp_path: Path) -> Iterator[Shown]:
    """The project with its sweeps, as `wherefrom ui` shows it."""
    project = copy_of(both.ours.root, tmp_path / "project", both.ours.environment)
    project.run("wherefrom", "sync")
    with ui(project) as process, browser.opened() as page:
        url = address(process)
        until(lambda: experiments(url))
        (place,) = experiments(url).values()
        shown = Shown(project, page, f"{url}/#/experiments/{place}/runs")
        page.size(1500, 1000)
        page.open(shown.runs)
        page.shows("matching runs")
        shown.click(ASSISTANT)
        yield shown
        assert page.errors == []


def the_table_nests_the_variants_of_a_sweep_and_names_the_data(shown: Shown) -> None:
    shown.page.open(shown.runs)
    shown.page.shows("stages", "threads", "9 matching runs")
    assert "threads-2" not in shown.page.text()

    shown.click(NESTED)

    shown.page.shows("stages-2", "threads-2", "data/raw/breast_cancer.csv (")
    shown.page.picture(PICTURES / "runs.png")


def the_runs_of_one_version_of_the_data_are_found_by_its_digest(shown: Shown) -> None:
    value = run_named(shown.project, "threads-1").tags["data_hash"]

    shown.filter(f"dataset.digest = '{value}' AND attributes.status = 'FINISHED'")
    shown.page.shows("random_forest-", "before")
    shown.page.picture(PICTURES / "runs-of-one-version.png")

    shown.filter("dataset.digest = '0123456789abcdef0123456789abcdef'")
    shown.page.until("!document.body.innerText.includes('random_forest-')")


def the_page_of_a_run_has_its_card_and_no_mark_of_its_making(shown: Shown) -> None:
    run = run_named(shown.project, "threads-1")
    sha = shown.project.git("rev-parse", shown.project.revision("threads-1")).strip()

    shown.open_run("threads-1")

    shown.page.shows(
        "own trained and evaluated here",
        f"commit {sha}",
        f"data data/raw/breast_cancer.csv {run.tags['data_hash']}",
        f"wherefrom trace {run.record_id}\nwherefrom reproduce {run.record_id}\n",
        "dvc exp apply threads-1",
    )
    assert not {"<!--", "**", "&#"} & {
        part for part in ("<!--", "**", "&#") if part in _card(shown)
    }
    shown.page.picture(PICTURES / "run.png")


def the_page_of_a_failed_run_says_why(shown: Shown) -> None:
    shown.open_run("threads-2")

    shown.page.shows("failed InputError: train.folds: 1000 folds, and the class 'malignant' has")
    assert "reproduce" not in _card(shown)
    shown.page.picture(PICTURES / "failed-run.png")


def the_page_of_a_sweep_says_what_varied_and_what_is_best(shown: Shown) -> None:
    shown.open_run("stages")

    shown.page.shows(
        "sampler grid",
        "space train.model = random_forest,hist_gradient_boosting",
        "best stages-1 by cv.roc_auc.mean",
    )
    shown.page.picture(PICTURES / "sweep.png")


def three_runs_are_compared_by_the_same_names_whatever_their_model(shown: Shown) -> None:
    names = ("stages-2", "stages-3", "threads-1")
    runs = [run_named(shown.project, name) for name in names]
    ids = quote(json.dumps([run.run_id for run in runs]))
    base, place = shown.runs.removesuffix("/runs").split("/#/experiments/")

    shown.page.open(f"{base}/#/compare-runs?runs={ids}&experiments={quote(json.dumps([place]))}")

    shown.page.shows("Comparing 3 Runs", "Parallel Coordinates Plot", *names)
    shown.page.shows("train.model", "evaluate.threshold", "cv.accuracy.mean", "cv.log_loss.mean")
    shown.page.until("document.querySelector('.js-plotly-plot .parcoords') !== null")
    scores = {frozenset(run.metrics) - {"loss"} for run in runs}  # one that only some models have
    assert len(scores) == 1
    shown.page.picture(PICTURES / "compare.png", whole=True)


def each_metric_has_a_chart_of_all_runs_by_its_name(shown: Shown) -> None:
    shown.page.open(f"{shown.runs}?searchFilter=&compareRunsMode=CHART")

    shown.page.shows("Model metrics", "cv.accuracy.mean", "before", "random_forest-")
    shown.page.until("document.querySelectorAll('.js-plotly-plot .barlayer path').length > 1")
    shown.page.picture(PICTURES / "charts.png")


def _card(shown: Shown) -> str:
    """Give what is to be read of a run's description."""
    return shown.page.text().partition("Description")[2].partition("Show less")[0]


def test_mlflows_pages_show_what_was_made_of_what_and_why_not(shown: Shown) -> None:
    """One test: each worker that had a part of it would start a server and a browser."""
    for look in (
        the_table_nests_the_variants_of_a_sweep_and_names_the_data,
        the_runs_of_one_version_of_the_data_are_found_by_its_digest,
        the_page_of_a_run_has_its_card_and_no_mark_of_its_making,
        the_page_of_a_failed_run_says_why,
        the_page_of_a_sweep_says_what_varied_and_what_is_best,
        three_runs_are_compared_by_the_same_names_whatever_their_model,
        each_metric_has_a_chart_of_all_runs_by_its_name,
    ):
        look(shown)
