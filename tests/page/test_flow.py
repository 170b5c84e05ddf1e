"""The way from the raw data to the results: nodes, what differs in them, and the ways between."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from reports import METRICS, entry, trace, way

from wherefrom.commands.report import Chosen
from wherefrom.render.report import flow, graph
from wherefrom.render.report.flow import Node

if TYPE_CHECKING:
    from wherefrom.commands.trace import Trace


def chosen(*depths: int) -> list[Chosen]:
    return [Chosen("ABC"[n], trace(entry(n), depth)) for n, depth in enumerate(depths)]


def test_raw_data_come_first_and_each_stage_after_what_it_takes_from() -> None:
    found = flow.nodes(chosen(2), None)

    assert [(node.kind, node.name, [name for _, name in node.before]) for node in found] == [
        ("data", "data/raw.csv", []),
        ("stage", "prepare", ["data/raw.csv"]),
        ("stage", "train", ["prepare"]),
        ("stage", "evaluate", ["prepare", "train"]),
        ("result", "result", ["evaluate"]),
    ]


def test_every_node_has_its_hash_and_every_output() -> None:
    raw, prepare, *_ = flow.nodes(chosen(2), None)

    assert [line.name for line in raw.lines] == ["hash"]
    assert raw.lines[0].values["A"] == "72" + "0" * 30
    assert [line.name for line in prepare.lines] == ["fingerprint", "clean.csv"]


def test_what_differs_is_marked_with_who_has_which() -> None:
    found = {node.name: node for node in flow.nodes(chosen(2, 3, 3), None)}

    assert {name for name, node in found.items() if node.differs} == {"train", "evaluate", "result"}
    lines = {line.name: line for line in found["train"].lines}
    assert lines["train.forest.max_depth"].groups == [("A", "2"), ("B, C", "3")]
    assert lines["model"].differs
    assert "src/train.py" not in lines


def test_what_only_one_result_has_is_none_of_the_others() -> None:
    one, other = chosen(2, 2)
    both = [one, Chosen("B", _without(other.trace, "evaluate"))]

    (last,) = [node for node in flow.nodes(both, None) if node.name == "evaluate"]

    assert last.lines[0].values["B"] is None
    assert last.lines[0].differs
    assert "none" in graph.graph(both, None)


def test_the_cards_are_as_high_as_their_lines() -> None:
    shown = graph.graph(chosen(2, 3), METRICS[0])

    for card in shown.split("<li ")[1:]:
        height = int(card.partition("height:")[2].partition("px")[0])
        assert height == 22 * card.count("<div") + 18


def test_a_stage_that_is_called_as_its_data_are_is_another_node() -> None:
    result = way(2, raw="prepare")
    one = replace(trace(entry(1), 2), lineage=result)

    found = flow.nodes([Chosen("A", one)], None)

    assert [arc.ends for arc in flow.arcs(found) if arc.start == 0] == [(1,)]


@given(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=12))
def test_no_two_ways_run_over_each_other(before: list[set[int]]) -> None:
    nodes = [
        Node(
            "stage",
            str(n),
            (),
            tuple(("stage", str(i)) for i in some if i < len(before) and i != n),
        )
        for n, some in enumerate(before)
    ]

    arcs = flow.arcs(nodes)

    assert {(arc.start, end) for arc in arcs for end in arc.ends} == {
        (int(name), n) for n, node in enumerate(nodes) for _, name in node.before
    }
    for arc in arcs:
        for other in arcs:
            if arc is not other and arc.lane == other.lane:
                assert _apart(arc, other)


def _apart(one: flow.Arc, other: flow.Arc) -> bool:
    (a, b), (c, d) = (sorted((arc.start, *arc.ends))[:: len(arc.ends)] for arc in (one, other))
    return b <= c or d <= a


def _without(result: Trace, stage: str) -> Trace:
    assert result.lineage is not None
    kept = tuple(one for one in result.lineage.stages if one.address != stage)
    return replace(result, lineage=replace(result.lineage, stages=kept))
