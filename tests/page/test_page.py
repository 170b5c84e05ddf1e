"""The page: what is in it, that it asks nobody for anything, and that no name becomes a script."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from reports import NASTY, PARAMS, entry, report, roc, trace

from wherefrom.commands.report import Chosen
from wherefrom.identity import ExperimentName, MlflowRunId
from wherefrom.record import Gap
from wherefrom.render.report import board, drawn, html, markdown, page, points
from wherefrom.runs import Run
from wherefrom.sources.dvc_plots import Plot, Plots

if TYPE_CHECKING:
    from wherefrom.commands.report import Report


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the texts outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def ids(self) -> list[str]:
        return [value for _, attributes in self.found if (value := attributes.get("id"))]


def test_a_page_of_a_thousand_results_is_under_5_megabytes() -> None:
    shown = page.page(report(1000))

    assert len(shown.encode()) < 5_000_000
    assert shown.count("<tr>") > 1000


def test_the_page_names_no_other_place_and_its_policy_allows_none() -> None:
    elements = Elements(page.page(report(5)))
    places = [
        value
        for _, attributes in elements.found
        for name in ("src", "href", "action", "srcset")
        if (value := attributes.get(name))
    ]
    (policy,) = [m["content"] or "" for m in elements.of("meta") if "http-equiv" in m]

    assert [place for place in places if not place.startswith(("#", "data:"))] == []
    assert elements.of("link") == []
    assert "url(" not in page.file("page.css")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy


def test_what_people_named_is_text_wherever_it_stands() -> None:
    bad = entry(7, labels=(NASTY,), params={NASTY: NASTY}, changed={NASTY: (1, NASTY)})
    named = replace(trace(bad, depth=1), metrics={NASTY: 1.0}, params={NASTY: NASTY})
    chosen = (Chosen("A", named), Chosen("B", trace(entry(2), depth=2)))
    found = report(
        3,
        project=NASTY,
        entries=(bad, entry(2)),
        metric=None,
        chosen=chosen,
        trees={NASTY: "A"},
        plots=Plots((roc([NASTY], name=NASTY), Plot(NASTY, (NASTY,), picture="data:image/png;,"))),
        gaps=(Gap(NASTY, NASTY, NASTY),),
    )

    elements = Elements(page.page(found))

    assert len(elements.of("script")) == 4
    assert all("onerror" not in attributes for _, attributes in elements.found)
    assert [one["src"] for one in elements.of("img")] == ["data:image/png;,"]
    assert NASTY in elements.texts


def test_the_data_of_the_charts_survive_what_people_named() -> None:
    bad = entry(7, params={NASTY: NASTY, "b": None}, changed={})
    shown = page.page(report(3, entries=(bad, entry(2))))
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', shown)

    data = json.loads(text)["results"]

    assert data["params"][NASTY] == [NASTY, None]
    assert data["names"] == ["e7", "e2"]


def test_the_data_of_the_charts_are_json_whatever_number_is_in_them() -> None:
    odd = entry(7, params={"clip": math.inf, "long": "x" * 5000}, changed={})
    curve = roc(["x"])
    curve.spec["data"]["values"][0]["y"] = math.nan
    shown = page.page(report(3, entries=(odd, entry(2)), plots=Plots((curve,))))
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', shown)

    data = json.loads(text, parse_constant=pytest.fail)

    assert data["results"]["params"]["clip"] == ["inf", None]
    assert data["plots"][0]["data"]["values"][0]["y"] is None
    assert len(data["results"]["params"]["long"][0]) < 200
    assert "x" * 200 not in shown


def test_a_program_can_read_an_infinite_parameter() -> None:
    odd = entry(7, params={"clip": [math.inf, 1.0]}, changed={"clip": (math.nan, 1)})

    found = json.loads(markdown.as_json(report(3, entries=(odd,))), parse_constant=pytest.fail)

    assert found["results"][0]["changed"]["clip"] == ["nan", 1]


def test_a_result_that_is_not_committed_yet_has_the_time_of_its_run() -> None:
    run = Run(MlflowRunId("r" * 32), "mine", "FINISHED", 1_000, 2_000, "houses")
    entries = (entry(1, made_in=None, run=run), entry(2, made_in=None))

    assert points.columns(report(3, entries=entries))["times"] == [2_000, None]


def test_a_result_has_its_own_colour_in_every_plot_also_where_others_are_missing() -> None:
    found = report(3)
    first, _, third = found.trees
    plots = Plots((roc(list(found.trees)), roc([first, third])))

    drawn = drawn_by(replace(found, plots=plots))

    colours = [one["encoding"]["color"] for one in drawn]
    assert colours[0]["scale"]["range"] == ["var(--c1)", "var(--c2)", "var(--c3)"]
    assert colours[1]["scale"]["range"] == ["var(--c1)", "var(--c3)"]
    assert {one["title"] for one in colours} == {"result"}


def test_clouds_of_points_stand_side_by_side_and_lines_in_one_picture() -> None:
    found = report(3)
    curve = roc(list(found.trees))
    cloud = replace(curve, spec={**curve.spec, "mark": {"type": "point"}})

    line, several = drawn_by(replace(found, plots=Plots((curve, cloud))))
    (alone,) = drawn_by(
        replace(
            found, plots=Plots((replace(roc(["a"]), spec={**roc(["a"]).spec, "mark": "point"}),))
        )
    )

    assert "facet" not in line["encoding"]
    assert several["encoding"]["facet"]["field"] == "rev"
    assert "facet" not in alone["encoding"]


def drawn_by(found: Report) -> list[dict[str, Any]]:
    """Give what the plots of a page are drawn by."""
    return list(drawn.specs(found)["plots"])


def test_every_link_leads_to_a_part_of_the_page_and_every_id_is_there_once() -> None:
    elements = Elements(page.page(report(5)))

    wanted = {str(one["href"])[1:] for one in elements.of("a")}
    assert wanted <= set(elements.ids)
    assert len(elements.ids) == len(set(elements.ids))
    assert {"result-A", "result-B", "result-C"} <= wanted


def test_what_is_filled_in_has_a_label_and_each_column_a_button() -> None:
    elements = Elements(page.page(report(5)))
    heads = [one for one in elements.of("th") if "aria-sort" in one]

    assert len(elements.of("label")) == len(elements.of("input")) + len(elements.of("select"))
    assert len(elements.of("button")) == len(heads) > 8
    assert all(one.get("aria-label") for _, one in elements.found if one.get("role") == "region")


def test_the_list_shows_what_varies_and_no_empty_column() -> None:
    shown = board.board(report(50))

    assert "reproduced" not in shown
    assert "other changes" not in shown
    assert board.varied(report(50).entries) == [
        "train.forest.leaves",
        "train.forest.max_depth",
        "train.model",
    ]


def test_parameters_that_changed_without_a_column_of_their_own_are_in_one() -> None:
    entries = tuple(entry(n, changed={"a": (1, n)}) for n in range(3))

    assert "a 1 -&gt; 2" in board.board(report(3, entries=entries))


def test_the_charts_have_all_metrics_but_those_of_folds() -> None:
    entries = (entry(1, metrics={"cv.roc_auc.mean": 1.0, "cv.roc_auc.fold_0": 0.5}),)

    assert list(points.columns(report(3, entries=entries))["metrics"]) == ["cv.roc_auc.mean"]


def test_a_result_that_others_inherit_says_so() -> None:
    first, *others = report(3).chosen
    names = tuple(map(ExperimentName, (first.name, "x", "y")))
    shared = replace(first, trace=replace(first.trace, experiments=names))

    assert "| inherited by | `x, y` |  |  |\n" in markdown.comment(
        report(3, chosen=(shared, *others))
    )


def test_a_long_value_does_not_fill_a_comment() -> None:
    first, *others = report(3).chosen
    long = replace(first, trace=replace(first.trace, params={PARAMS[1]: "x" * 5000}))

    assert len(markdown.comment(report(3, chosen=(long, *others)))) < 5000


def test_a_result_without_any_metric_has_a_page() -> None:
    entries = (entry(1, metrics={}, params={}, changed={}, labels=(), data=()),)
    bare = replace(trace(entries[0], depth=1), metrics={}, lineage=None)
    found = report(3, entries=entries, metric=None, way=None, chosen=(Chosen("A", bare),), trees={})

    assert "Best by" not in page.page(found)


def test_the_commits_of_a_plot_have_the_names_of_the_results() -> None:
    found = report(3)
    shown = page.page(replace(found, plots=Plots((roc(list(found.trees)),))))

    name = found.chosen[0].name
    assert f'"rev":"A {name}"' in shown
    assert f'<th scope="row">A {name}</th>' in shown


def test_a_long_table_of_a_plot_says_how_much_of_it_is_shown() -> None:
    rows = [{"rev": "x", "x": n} for n in range(300)]
    long = roc([], spec={"data": {"values": rows}, "mark": "point"})

    assert "the first 200 of 300 rows" in page.page(report(3, plots=Plots((long,))))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param("a1" * 16, "a1a1a1a1a1a1", id="a digest"),
        pytest.param(f"{'a1' * 16}.dir", "a1a1a1a1a1a1", id="a folder's"),
        pytest.param("a sentence of more than thirty letters", None, id="words"),
        pytest.param("x" * 30, None, id="a name"),
        pytest.param([1, 2], "[1, 2]", id="a list"),
    ],
)
def test_a_digest_is_shown_by_its_beginning_and_all_else_whole(given: object, said: str) -> None:
    assert html.short(given) == (said or given)


@pytest.mark.parametrize("name", ["charts/vega.min.js", "charts/vega-lite.min.js", "page.js"])
def test_no_script_ends_the_element_that_it_stands_in(name: str) -> None:
    assert not re.search(r"</script|<!--", page.file(name), flags=re.IGNORECASE)


def test_the_libraries_of_the_charts_are_those_of_the_list() -> None:
    said = page.file("charts/LICENSES.txt")

    for name, variable in (("vega.min.js", 't.version="'), ("vega-lite.min.js", 'n="')):
        version = re.search(rf"^{re.escape(name)}: \S+ (\S+),", said, flags=re.MULTILINE)
        assert version is not None
        assert f'{variable}{version[1]}"' in page.file(f"charts/{name}")
