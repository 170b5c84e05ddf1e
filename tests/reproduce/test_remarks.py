"""The verdict is remembered with the result: on its record, and in its run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from again import reproduce

from asking import ask, trace
from join.small_project import RESULT
from sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path


def lines(sandbox: Sandbox) -> list[dict[str, object]]:
    """Give the remarks on the record that HEAD holds."""
    blob = sandbox.git("rev-parse", f"HEAD:{RESULT}").strip()
    return [
        json.loads(line)
        for line in sandbox.git("notes", "--ref=wherefrom", "show", blob).splitlines()
    ]


def test_the_verdict_is_on_the_record_in_the_run_and_in_every_answer(small: Sandbox) -> None:
    reproduce(small, "HEAD")

    (remark,) = lines(small)
    assert (remark["kind"], remark["verdict"], remark["schema"]) == ("reproduced", "identical", 1)
    (run,) = small.runs().values()
    assert run.tags["wherefrom.reproduced"] == "identical"
    assert run.tags["wherefrom.reproduced.at"] == remark["at"]
    assert run.tags["wherefrom.reproduced.in"] == "current"
    assert trace(small, "HEAD").found["reproduced"]["verdict"] == "identical"
    (listed,) = ask(small, "ls")["results"]
    assert listed["reproduced"]["at"] == remark["at"]
    said = small.process("wherefrom", "trace", "HEAD").stdout
    assert f"reproduced  identical, {str(remark['at'])[:10]}, on " in said
    assert "identical" in small.process("wherefrom", "ls").stdout


def test_a_later_verdict_is_added_and_counts(small: Sandbox) -> None:
    reproduce(small, "HEAD")
    reproduce(small, "HEAD", LUCK="1")

    assert [remark["verdict"] for remark in lines(small)] == ["identical", "different"]
    found = trace(small, "HEAD").found["reproduced"]
    assert (found["verdict"], found["why"]) == ("different", "metrics.json")
    (run,) = small.runs().values()
    assert run.tags["wherefrom.reproduced"] == "different"


def test_the_remark_of_an_uncommitted_record_is_found_once_it_is_committed(small: Sandbox) -> None:
    small.replace("params.yaml", "lr: 0.1", "lr: 0.7")
    small.dvc("repro")
    reproduce(small, "workspace")
    assert trace(small, "workspace").found["reproduced"]["verdict"] == "identical"

    small.commit("Another rate")

    assert trace(small, "HEAD").found["reproduced"]["verdict"] == "identical"


def test_a_run_that_is_made_anew_gets_the_verdict_back(small: Sandbox) -> None:
    reproduce(small, "HEAD")
    for file in small.root.glob("mlflow.db*"):
        file.unlink()

    small.run("wherefrom", "sync", "--rebuild")

    (run,) = small.runs().values()
    assert run.tags["wherefrom.reproduced"] == "identical"


def test_a_store_that_is_down_is_told_and_a_sync_brings_the_verdict(small: Sandbox) -> None:
    (small.root / "mlflow.db").rename(small.root / "away.db")
    (small.root / "mlflow.db").write_text("no database")

    answer = reproduce(small, "HEAD")

    assert answer.found["verdict"] == "identical"
    assert answer.gaps == ["the verdict is not in MLflow"]
    (small.root / "away.db").rename(small.root / "mlflow.db")
    small.run("wherefrom", "sync")
    (run,) = small.runs().values()
    assert run.tags["wherefrom.reproduced"] == "identical"


def test_remarks_of_two_clones_merge(small: Sandbox, tmp_path: Path) -> None:
    small.run("git", "clone", "--quiet", str(small.root), str(tmp_path / "clone"))
    clone = Sandbox(tmp_path / "clone", small.environment)
    (clone.root / ".dvc" / "config.local").write_text(f"[cache]\n  dir = {small.root}/.dvc/cache\n")
    reproduce(small, "HEAD", LUCK="1")
    reproduce(clone, "HEAD")

    clone.git("fetch", "--quiet", "origin", "refs/notes/wherefrom:refs/notes/theirs")
    clone.git("notes", "--ref=wherefrom", "merge", "--strategy=cat_sort_uniq", "theirs")

    assert [remark["verdict"] for remark in lines(clone)] == ["different", "identical"]
    assert trace(clone, "HEAD").found["reproduced"]["verdict"] == "identical"


def test_what_is_said_of_a_result_without_a_record_survives_a_lost_store(theirs: Sandbox) -> None:
    reproduce(theirs, "model.txt")
    theirs.run("wherefrom", "tag", "model.txt", "status=final")
    for file in theirs.root.glob("mlflow.db*"):
        file.unlink()

    found = trace(theirs, "model.txt").found
    assert (found["reproduced"]["verdict"], found["status"]) == ("identical", "final")
    assert trace(theirs, "other.txt").found["reproduced"] is None  # of the same lock
    listed = {entry["result"]["stage"]: entry for entry in ask(theirs, "ls")["results"]}
    assert listed["fit"]["reproduced"]["verdict"] == "identical"
    theirs.replace("dvc.yaml", "'1'", "'2'")
    theirs.dvc("repro", "other")
    theirs.commit("Another lock, which has the same model")
    assert trace(theirs, "model.txt").found["reproduced"]["verdict"] == "identical"


def test_a_line_that_is_no_remark_is_a_gap(small: Sandbox) -> None:
    reproduce(small, "HEAD")
    blob = small.git("rev-parse", f"HEAD:{RESULT}").strip()
    small.git("notes", "--ref=wherefrom", "append", "-m", "well done", blob)

    answer = trace(small, "HEAD")

    assert answer.found["reproduced"]["verdict"] == "identical"
    assert any(what.startswith("1 remarks on ") for what in answer.gaps)
