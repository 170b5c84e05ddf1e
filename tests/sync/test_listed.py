"""Lists say the same in every form, and know which way a metric is better."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from asking import ask
from sync.versions import RESULT, SCORES
from wherefrom.remarks import TAGS

if TYPE_CHECKING:
    from sandbox import Sandbox

NEWEST = tuple(reversed(SCORES))


def keys(sandbox: Sandbox, *args: str) -> list[str]:
    return [entry["result"]["key"] for entry in ask(sandbox, *args)["results"]]


def records(sandbox: Sandbox, *revisions: str) -> list[str]:
    return [sandbox.record(rev, RESULT).record_id for rev in revisions]


def row(entry: dict[str, Any]) -> dict[str, str]:
    """Write an entry of the JSON as CSV does: metrics and parameters are columns."""
    inside = [name for name in entry["experiments"] if name not in entry["inherited_by"]]
    labels = dict.fromkeys(label for item in entry["data"] for label in item["labels"])
    values = {
        "key": entry["result"]["key"],
        "record_id": entry["result"]["record_id"],
        "mlflow_run_id": entry["run"]["id"],
        "run_name": entry["run"]["name"],
        "relation": entry["run"]["relation"],
        "experiment": " ".join(inside),
        "inherited_by": " ".join(entry["inherited_by"]),
        "commit_sha": entry["commit"]["sha"],
        "data_hash": " ".join(item["hash"] for item in entry["data"]),
        "data_version": " ".join(labels),
        **{name: entry[name] for name in TAGS if entry[name] is not None},
        "gaps": entry["gaps"],
        **entry["metrics"],
        **{f"params.{name}": value for name, value in entry["params"].items()},
    }
    return {name: str(value) for name, value in values.items()}


@pytest.mark.parametrize("project", ["kinds", "history"])
def test_csv_has_the_values_of_the_json(project: str, request: pytest.FixtureRequest) -> None:
    sandbox: Sandbox = request.getfixturevalue(project)
    written = csv.DictReader(io.StringIO(sandbox.run("wherefrom", "ls", "--csv")), strict=True)
    found = ask(sandbox, "ls")["results"]

    rows = list(written)
    assert len(rows) == len(found)
    empty = dict.fromkeys(written.fieldnames or [], "")
    assert rows == [empty | row(entry) for entry in found]


def test_an_experiment_that_inherits_from_one_of_its_name_is_named(linked: Sandbox) -> None:
    ref = linked.revision("alpha")
    base = linked.git("rev-parse", "HEAD").strip()
    linked.git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/alpha", ref)
    (key,) = records(linked, "alpha")

    found = {entry["result"]["key"]: entry for entry in ask(linked, "ls")["results"]}

    assert found[key]["experiments"] == ["alpha", "alpha"]
    assert found[key]["inherited_by"] == ["alpha"]
    assert "inherited by  alpha\n" in linked.run("wherefrom", "trace", key)


def test_every_result_is_listed_once_the_newest_first(history: Sandbox) -> None:
    assert sorted(keys(history, "ls")) == sorted(records(history, *SCORES))
    times = [entry["commit"]["time"] for entry in ask(history, "ls")["results"]]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("metric", "way", "revisions", "value"),
    [
        ("test.score", "larger", ["v2"], 1.0),
        ("test.rmse", "smaller", ["v2"], 1.0),
        ("test.log_loss", "smaller", ["final", "v2", "luck"], 0.5),
        ("cv.score", "larger", ["v2"], 0.5),
    ],
    ids=["larger", "smaller", "ties", "of training"],
)
def test_the_best_are_all_that_have_the_best_value(
    history: Sandbox, metric: str, way: str, revisions: list[str], value: float
) -> None:
    found = ask(history, "best", "--metric", metric)

    assert (found["metric"], found["way"], found["value"]) == (metric, way, value)
    listed = [entry["result"]["key"] for entry in found["results"]]
    assert sorted(listed) == sorted(records(history, *revisions))
    head = history.run("wherefrom", "best", "--metric", metric).splitlines()[0]
    tie = f", {len(revisions)} results alike" if len(revisions) > 1 else ""
    assert head == f"best by {metric} ({way} is better): {value:.4f}{tie}"


def test_a_list_that_is_sorted_by_an_error_has_the_smallest_first(history: Sandbox) -> None:
    found = ask(history, "ls", "--sort", "test.rmse")["results"]
    values = [entry["metrics"].get("test.rmse") for entry in found]
    assert values == [1.0, 1.1, 1.15, 1.4, 1.4, 1.4, 1.4, None]
    assert [found[0]["result"]["key"]] == records(history, "v2")


def test_best_decides_by_the_test_metric_where_there_is_no_mean_of_folds(history: Sandbox) -> None:
    found = ask(history, "best")
    assert (found["metric"], found["value"]) == ("test.score", 1.0)


@pytest.mark.parametrize("command", [("best", "--metric"), ("ls", "--sort")], ids=["best", "ls"])
def test_a_metric_with_a_typo_is_refused_with_the_nearest(
    history: Sandbox, command: tuple[str, ...]
) -> None:
    done = history.process("wherefrom", *command, "test.scor")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no result has a metric 'test.scor'; near it: test.score" in done.stderr
