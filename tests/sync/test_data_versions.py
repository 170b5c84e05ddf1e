"""Which versions a table had, who introduced each, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asking import ask, gaps
from sync.versions import OFF, RESULT, write_table

if TYPE_CHECKING:
    from sandbox import Sandbox

SIZES = {"v1": 8, "v2": 12, "final": 16}
RESULTS = {"v1": 6, "v2": 1, "final": 1}
BEST = {"v2": ("v2", 1.0), "final": ("final", 0.9), "v1": ("luck", 0.85)}
"""Of each version: the revision that holds its best result, and the score, in their order."""


def table_hash(sandbox: Sandbox, rev: str) -> str | None:
    (dep,) = [d for d in sandbox.lock(rev)["train"].deps if d.path == "data/rows.csv"]
    return dep.hash


def introduced(sandbox: Sandbox, label: str) -> str:
    """Name the commit that brought a version in: the very first one brought `v1`."""
    options = ("--max-parents=0", "HEAD") if label == "v1" else ("--max-count=1", label)
    return sandbox.git("rev-list", *options).strip()


def test_each_version_of_a_table_is_listed_with_what_came_of_it(history: Sandbox) -> None:
    found = ask(history, "data")

    assert (found["metric"], found["gaps"]) == ("test.score", [])
    assert found["versions"] == [
        {
            "path": "data/rows.csv",
            "hash": table_hash(history, label),
            "size": SIZES[label],
            "labels": [label],
            "introduced": {
                "sha": introduced(history, label),
                "time": int(history.git("log", "-1", "--format=%ct", introduced(history, label))),
            },
            "results": RESULTS[label],
            "best": {"key": history.record(rev, RESULT).record_id, "value": score, "alike": []},
        }
        for label, (rev, score) in BEST.items()
    ]


def test_which_version_was_best_is_the_first_row(history: Sandbox) -> None:
    head, first, *_ = history.run("wherefrom", "data", "--metric", "test.rmse").splitlines()
    assert "best test.rmse" in head
    assert first.split()[:3] == ["data/rows.csv", str(table_hash(history, "v2"))[:8], "v2"]


def test_the_best_of_a_version_by_a_metric_that_should_be_small_is_its_smallest(
    history: Sandbox,
) -> None:
    found = ask(history, "data", "--metric", "test.rmse")["versions"]
    assert [(v["labels"], v["best"]["value"]) for v in found] == [
        (["v2"], 1.0),
        (["final"], 1.1),
        (["v1"], 1.15),
    ]


def test_one_label_on_two_versions_is_a_gap(history: Sandbox) -> None:
    write_table(history, "a,b\n9,9\n")
    history.dvc("repro", **OFF)
    history.commit("Another table by the same name")

    found = ask(history, "data", status=1)

    assert gaps(found) == ["the label final stands for 2 versions of data/rows.csv"]
    (gap,) = found["gaps"]
    assert all(str(table_hash(history, rev)) in gap["why"] for rev in ("final", "HEAD"))
    assert history.process("wherefrom", "data").returncode == 1


def test_a_version_that_no_result_used_yet_changes_nothing_of_the_others(history: Sandbox) -> None:
    before = ask(history, "data"), ask(history, "ls")
    write_table(history, "a,b\n9,9\n")
    history.commit("A table without a result")

    assert (ask(history, "data"), ask(history, "ls")) == before


def test_a_metric_that_no_version_has_is_refused(history: Sandbox) -> None:
    done = history.process("wherefrom", "data", "--metric", "test.rmes")
    assert done.returncode == 2
    assert "no result has a metric 'test.rmes'; near it: test.rmse" in done.stderr
