"""The index holds what the refs lead to now, reads only what is new, and mends itself."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ledger_repo
import pytest
from dvc.utils.serialize import dumps_yaml  # noqa: TID251 - what writes the locks
from ledger_repo import LedgerRepo, Result, md5, numbered

from wherefrom import index as indexes
from wherefrom import lineage, project, tree
from wherefrom.errors.index import IndexPlaceError
from wherefrom.errors.project import NotAProjectError
from wherefrom.index import database, refresh
from wherefrom.index.rows import Input
from wherefrom.lockfile import parse_lock
from wherefrom.project import Project
from wherefrom.sources.git_objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wherefrom.index.query import Index
    from wherefrom.index.rows import ResultRow
    from wherefrom.sources.git_refs import Refs

SRC = Path(__file__).parents[2] / "src"
ONE, TWO, THREE = (result.key for result in numbered(3))
RECORDED = Result(7, record_id="7" * 32, run_id="e" * 32, run_name="a run of seven")


@pytest.fixture
def repo(tmp_path: Path) -> LedgerRepo:
    """A repository with one result committed."""
    found = ledger_repo.build(tmp_path / "repo")
    found.committed(Result(1))
    return found


@contextmanager
def opened(repo: LedgerRepo) -> Iterator[Index]:
    index = repo.index()
    try:
        yield index
    finally:
        index.close()


def keys(rows: Iterable[ResultRow]) -> set[str]:
    return {row.key for row in rows}


class RefusedError(AssertionError):
    pass


def refuse(*_args: object) -> None:
    raise RefusedError


class Counting(Objects):
    """Reads objects, and notes which."""

    seen: list[str]

    def _read(self, shas: Iterable[str], kind: str) -> Iterator[tuple[str, bytes]]:
        wanted = list(shas)
        Counting.seen += wanted
        return super()._read(wanted, kind)


@pytest.fixture
def objects_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The objects that refreshes read."""
    Counting.seen = []
    monkeypatch.setattr(refresh, "Objects", Counting)
    return Counting.seen


# -- what it holds


def test_the_results_of_all_commits_and_experiments_are_there(repo: LedgerRepo) -> None:
    first = repo.git("rev-parse", "HEAD")
    alone = repo.experiment(Result(2), "alone")
    last = repo.committed(Result(3))

    assert repo.keys() == {ONE, TWO, THREE}
    assert [repo.holders(key) for key in (ONE, TWO, THREE)] == [{first}, {alone}, {last}]


def test_a_result_has_its_metrics_its_parameters_and_its_raw_data(repo: LedgerRepo) -> None:
    with opened(repo) as index:
        (row,) = index.results()
        inputs = index.inputs([row.number])

    assert (row.key, row.stage, row.fingerprint) == (ONE, "train", ONE)
    assert row.metrics == {"test.score": 0.001, "test.loss": -1.0}
    assert row.params == {"lr": 1}
    assert (row.record_id, row.training_id, row.gap_count) == (None, None, 0)
    assert row.fingerprints[0] == ONE
    assert len(row.fingerprints) == 2
    table = Input("data/raw.csv", md5("a,b\n1,2\n"), 8, "data/raw.csv.dvc")
    assert inputs == {row.number: [table]}


def test_a_metric_file_that_git_keeps_needs_no_extension(repo: LedgerRepo) -> None:
    for path in ("dvc.yaml", "dvc.lock"):
        text = (repo.root / path).read_text()
        repo.write(path, text.replace("metrics.json", "scores"))
    repo.git("mv", "metrics.json", "scores")
    sha = repo.commit()

    with opened(repo) as index:
        (row,) = index.of_commit(sha)  # type: ignore[arg-type]

    assert (row.metrics, row.gap_count) == ({"test.score": 0.001, "test.loss": -1.0}, 0)


def test_a_commit_that_changes_no_fact_holds_the_same_result(repo: LedgerRepo) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.write("README.md", "Read me.\n")
    second = repo.commit()
    third = repo.commit("nothing at all")

    with opened(repo) as index:
        held = {holder.commit_sha: holder for holder in index.holders(ONE)}

    assert [held[sha].unchanged for sha in (first, second, third)] == [False, True, True]
    assert [held[sha].time for sha in (first, second, third)] == [
        1_700_000_001,
        1_700_000_002,
        1_700_000_003,
    ]


def test_an_experiment_holds_a_result_by_its_name_and_baseline(repo: LedgerRepo) -> None:
    base = repo.git("rev-parse", "HEAD")
    same = repo.experiment(Result(1), "same")
    other = repo.experiment(Result(2), "other")

    with opened(repo) as index:
        held = {holder.commit_sha: holder for holder in index.holders(ONE)}
        (alone,) = index.holders(TWO)
        assert [commit.sha for commit in index.experiments("other")] == [other]
        assert index.experiments("none") == []
        assert index.all_holders() == {key: index.holders(key) for key in (ONE, TWO)}

    assert (alone.experiment, alone.baseline, alone.unchanged) == ("other", base, False)
    assert (held[same].experiment, held[same].baseline, held[same].unchanged) == (
        "same",
        base,
        True,
    )
    assert (held[base].experiment, held[base].unchanged) == (None, False)


def test_an_experiment_that_a_branch_stands_at_holds_its_result_once(repo: LedgerRepo) -> None:
    sha = repo.experiment(Result(2), "two")
    repo.git("branch", "topic", sha)

    with opened(repo) as index:
        assert [(h.commit_sha, h.experiment) for h in index.holders(TWO)] == [(sha, "two")]


def test_a_merge_has_a_result_from_either_parent(repo: LedgerRepo) -> None:
    main = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "--quiet", "--orphan", "side")
    side = repo.committed(Result(2))
    tree = f"{side}^{{tree}}"
    merge = repo.git("commit-tree", tree, "-p", main, "-p", side, "-m", "merged")
    repo.git("branch", "merged", merge)

    with opened(repo) as index:
        held = {holder.commit_sha: holder.unchanged for holder in index.holders(TWO)}

    assert held == {side: False, merge: True}


def test_experiments_of_one_name_on_two_baselines_are_both_there(repo: LedgerRepo) -> None:
    first = repo.experiment(Result(2), "twin")
    repo.commit("another baseline")
    second = repo.experiment(Result(3), "twin")

    with opened(repo) as index:
        assert {commit.sha for commit in index.experiments("twin")} == {first, second}


def test_both_sides_of_a_merge_and_a_history_of_its_own_are_read(repo: LedgerRepo) -> None:
    repo.git("checkout", "--quiet", "-b", "side")
    repo.committed(Result(2))
    repo.git("checkout", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "--strategy=ours", "--message", "merged", "side")
    repo.git("branch", "--quiet", "-D", "side")
    repo.git("checkout", "--quiet", "--orphan", "alone")
    repo.committed(Result(3))

    assert repo.keys() == {ONE, TWO, THREE}
    with opened(repo) as index:
        merge = index.commit(repo.git("rev-parse", "main"))
        assert merge is not None
        assert list(merge.parents) == repo.git("rev-parse", "main^1", "main^2").split()
        assert (merge.subject, merge.live) == ("merged", True)
        assert index.commit("0" * 40) is None


def test_more_commits_than_are_read_at_a_time_are_all_there(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_PART", 3)
    told: list[tuple[int, int]] = []
    wanted = list(numbered(8))
    for result in wanted[1:]:
        repo.committed(result)

    indexes.open_index(repo.located(), lambda *state: told.append(state)).close()

    assert repo.keys() == {result.key for result in wanted}
    assert told == [(3, 8), (6, 8), (8, 8)]


def test_a_repository_without_a_commit_has_no_results(tmp_path: Path) -> None:
    assert ledger_repo.build(tmp_path / "empty").keys() == set()


def test_a_project_outside_of_git_has_no_index(tmp_path: Path) -> None:
    with pytest.raises(NotAProjectError, match="git"):
        indexes.open_index(Project(tmp_path, None, "", tmp_path))


def test_a_shallow_clone_has_what_its_commits_hold(repo: LedgerRepo, tmp_path: Path) -> None:
    repo.committed(Result(2))
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.git_root}", str(tmp_path / "clone"))

    assert LedgerRepo(tmp_path / "clone").keys() == {TWO}


def test_the_index_lies_where_git_ignores_it(repo: LedgerRepo) -> None:
    repo.write(".gitignore", "")
    repo.commit("nothing ignored")
    repo.keys()

    assert repo.database.is_file()
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("edited_first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("a run of seven", "another run"),
        lambda text: text.replace("7" * 32, "8" * 32),
        lambda _text: "{",
    ],
    ids=["name", "id", "damaged"],
)
def test_an_edited_copy_of_a_record_is_neither_the_record_nor_another_result(
    repo: LedgerRepo, edit: Callable[[str], str], *, edited_first: bool
) -> None:
    repo.put(RECORDED)
    whole = (repo.root / ledger_repo.RECORD_PATH).read_text()
    for text in (edit(whole), whole) if edited_first else (whole, edit(whole)):
        repo.write(ledger_repo.RECORD_PATH, text)
        repo.commit()
        repo.keys()

    assert repo.keys() == {ONE, RECORDED.key}
    with opened(repo) as index:
        assert keys(index.of_object(RECORDED.model)) == {RECORDED.key}
        found = index.record(RECORDED.key)
        assert found is not None
        assert found.run_name == "a run of seven"
        assert index.records().keys() >= {RECORDED.key}


def test_a_result_whose_record_no_commit_holds_whole_is_there(repo: LedgerRepo) -> None:
    repo.put(RECORDED)
    repo.write(ledger_repo.RECORD_PATH, "{")
    repo.commit()

    assert repo.keys() == {ONE, RECORDED.fingerprint}


# -- metric files that DVC keeps


def without_metrics(repo: LedgerRepo, result: Result, *, kept: bool) -> Path:
    """Commit a result whose metric file is in DVC's cache alone, if it is `kept` there."""
    repo.put(result)
    (repo.root / "metrics.json").unlink()
    repo.commit("its metrics are DVC's")
    place = cached(repo, result)
    if kept:
        keep(place, result)
    return place


def cached(repo: LedgerRepo, result: Result) -> Path:
    value = md5(json.dumps(result.metrics))
    return repo.root / ".dvc" / "cache" / "files" / "md5" / value[:2] / value[2:]


def keep(place: Path, result: Result) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(result.metrics))


def measured(repo: LedgerRepo) -> dict[str, tuple[float | None, int]]:
    """Map results to their scores and how many gaps they have."""
    with opened(repo) as index:
        return {r.key: (r.metrics.get("test.score"), r.gap_count) for r in index.results()}


def test_metrics_that_dvc_keeps_are_read_from_its_cache_and_stay(repo: LedgerRepo) -> None:
    place = without_metrics(repo, Result(2), kept=True)
    assert measured(repo) == {ONE: (0.001, 0), TWO: (0.002, 0)}

    place.unlink()

    assert measured(repo) == {ONE: (0.001, 0), TWO: (0.002, 0)}


def test_metrics_that_the_cache_lacked_are_read_as_soon_as_it_has_them(
    repo: LedgerRepo, objects_read: list[str]
) -> None:
    place = without_metrics(repo, Result(2), kept=False)
    without_metrics(repo, Result(3), kept=False)
    repo.age()
    assert measured(repo) == {ONE: (0.001, 0), TWO: (None, 1), THREE: (None, 1)}

    keep(place, Result(2))

    assert measured(repo) == {ONE: (0.001, 0), TWO: (0.002, 0), THREE: (None, 1)}
    objects_read.clear()
    assert measured(repo) == {ONE: (0.001, 0), TWO: (0.002, 0), THREE: (None, 1)}
    assert objects_read == []  # what is still missing costs a look into the cache alone


def test_a_metric_file_of_several_is_read_late_beside_those_that_were_there(
    repo: LedgerRepo,
) -> None:
    result = Result(2, record_id="2" * 32)
    place = without_metrics(repo, result, kept=False)
    repo.write(
        "dvc.yaml",
        ledger_repo.DVC_YAML.replace(
            "[clean.csv]\n", "[clean.csv]\n    metrics: [rows.json: {cache: false}]\n", 1
        ),
    )
    lock = result.lock()
    rows = json.dumps({"rows": 5})
    out = {"path": "rows.json", "hash": "md5", "md5": md5(rows)}
    lock["stages"]["prepare"]["outs"].append(out)
    repo.write("dvc.lock", dumps_yaml(lock))
    repo.write("rows.json", rows)
    repo.commit("amended", "--amend")
    with opened(repo) as index:
        (before,) = index.of_key(result.key)

    keep(place, result)

    with opened(repo) as index:
        (after,) = index.of_key(result.key)
    assert before.metrics == {"rows": 5.0}
    assert after.metrics == {"rows": 5.0, "test.score": 0.002, "test.loss": -2.0}
    assert replace(before, metrics={}, gap_count=0) == replace(after, metrics={})


# -- in a subdirectory of git, and beside what is no file


@pytest.mark.parametrize("prefix", ["sub", "a b/é"])
def test_a_project_in_a_subdirectory_sees_its_own_files_alone(tmp_path: Path, prefix: str) -> None:
    repo = ledger_repo.build(tmp_path / "repo", prefix)
    for path, text in Result(5).files().items():
        LedgerRepo(repo.git_root).write(path, text)
    repo.git("add", "dvc.lock", "dvc.yaml", "metrics.json")
    repo.git("commit", "--quiet", "--message", "the folder is not there yet")
    before = repo.git("rev-parse", "HEAD")
    repo.committed(Result(1))

    with opened(repo) as index:
        (row,) = index.results()
        assert (row.key, row.stage, row.metrics["test.score"]) == (ONE, "train", 0.001)
        assert index.inputs([row.number])[row.number][0].dvc_file == "data/raw.csv.dvc"
        assert {"dvc.lock", "metrics.json", "data/raw.csv.dvc"} <= set(index.files(row.snapshot))
        commit = index.commit(before)
        assert commit is not None
        assert index.of_snapshot(commit.snapshot) == []


def test_a_dvc_yaml_in_a_subdirectory_is_part_of_the_project(repo: LedgerRepo) -> None:
    for path, text in Result(2).files().items():
        repo.write(f"below/{path}", text)
    repo.commit()

    with opened(repo) as index:
        stages = {row.key: row.stage for row in index.results()}

    assert stages == {ONE: "train", TWO: "below/dvc.yaml:train"}


def test_a_dvc_project_inside_another_is_one_of_its_own(repo: LedgerRepo) -> None:
    inner = LedgerRepo(repo.git_root, "examples/demo")
    inner.write(".dvc/config", "")
    inner.put(Result(2))
    repo.commit()

    assert repo.keys() == {ONE}
    assert {r.key for r in lineage.results(tree.of_workspace(repo.root).holding)} == {ONE}
    assert inner.keys() == {TWO}
    assert {r.key for r in lineage.results(tree.of_workspace(inner.root).holding)} == {TWO}


def test_links_and_submodules_do_no_harm(repo: LedgerRepo, tmp_path: Path) -> None:
    other = ledger_repo.build(tmp_path / "other")
    other.committed(Result(2))
    for name, target in {
        "link.json": "train.py",
        "up": "..",
        "gone": "x",
        "deep/l": "../data",
    }.items():
        (repo.root / name).parent.mkdir(exist_ok=True)
        (repo.root / name).symlink_to(target)
    protocol = ("-c", "protocol.file.allow=always")
    repo.git(*protocol, "submodule", "--quiet", "add", str(other.git_root), "module")
    repo.git(*protocol, "submodule", "--quiet", "add", str(other.git_root), "odd.json")
    repo.commit()

    assert repo.keys() == {ONE}
    assert len(repo.holders(ONE)) == 2


def test_a_fact_that_is_a_link_is_named_and_the_rest_answered(repo: LedgerRepo) -> None:
    (repo.root / "other.dvc").symlink_to("data/raw.csv.dvc")
    repo.commit()

    with opened(repo) as index:
        (problem,) = index.problems()
        assert problem.what.startswith("other.dvc cannot be read here (")

    assert repo.keys() == {ONE}


def test_names_and_texts_of_all_kinds_are_read(repo: LedgerRepo) -> None:
    for name in ("a b.dvc", "é☺.dvc", 'q"\\.dvc', "new\nline.dvc", "-dash.dvc", "%41.dvc"):
        repo.write(name, "outs:\n- path: x\n  md5: '1'\n")
    repo.write("latin.json", "x")
    (repo.root / "latin.json").write_bytes(b"caf\xe9")
    repo.commit("é☺\n\nmore")

    with opened(repo) as index:
        commit = index.commit(repo.git("rev-parse", "HEAD"))
        assert commit is not None
        assert commit.subject == "é☺"
        assert keys(index.of_snapshot(commit.snapshot)) == {ONE}
        assert {"a b.dvc", "é☺.dvc", 'q"\\.dvc', "new\nline.dvc"} <= set(
            index.files(commit.snapshot)
        )


# -- what a stage read and left


def test_the_raw_data_of_a_result_is_what_was_read_whatever_its_dvc_file_says(
    repo: LedgerRepo,
) -> None:
    text = (repo.root / "data/raw.csv.dvc").read_text()
    repo.write("data/raw.csv.dvc", text.replace(md5("a,b\n1,2\n"), "9" * 32))
    later = repo.commit()

    with opened(repo) as index:
        commit = index.commit(later)
        assert commit is not None
        (row,) = index.of_snapshot(commit.snapshot)
        assert [item.hash for item in index.inputs([row.number])[row.number]] == [md5("a,b\n1,2\n")]
        assert index.of_input("9" * 32) == []


def test_the_same_inputs_that_left_another_model_are_told_apart_by_it(repo: LedgerRepo) -> None:
    text = (repo.root / "dvc.lock").read_text()
    repo.write("dvc.lock", text.replace(Result(1).model, "9" * 32))
    later = repo.commit()

    with opened(repo) as index:
        commit = index.commit(later)
        assert commit is not None
        (there,) = index.of_object("9" * 32)
        (first,) = index.of_object(Result(1).model)

    assert (there.key, there.snapshot) == (ONE, commit.snapshot)
    assert (first.key, first.snapshot != there.snapshot) == (ONE, True)


EVALUATE = """\
  evaluate:
    cmd: python evaluate.py
    deps:
    - path: train.wherefrom.json
      md5: '1'
    outs:
    - path: evaluate.wherefrom.json
      md5: '2'
"""


def test_an_evaluation_is_found_by_the_record_of_its_training(repo: LedgerRepo) -> None:
    repo.put(RECORDED)
    repo.write("dvc.lock", RECORDED.files()["dvc.lock"] + EVALUATE)
    derived = replace(
        RECORDED.record(),
        record_id="8" * 32,  # type: ignore[arg-type]
        stage="evaluate",
        relation="derived",
        derived_from="7" * 32,  # type: ignore[arg-type]
    )
    text = ledger_repo.record.to_text(derived, names_result=True)
    repo.write("evaluate.wherefrom.json", text)
    repo.commit()

    with opened(repo) as index:
        (row,) = index.of_record("777777")
        assert (row.key, row.record_id, row.training_id) == ("8" * 32, "8" * 32, "7" * 32)
        assert index.of_record("8" * 32) == [row]
        assert index.records().keys() == {"7" * 32, "8" * 32}


# -- what cannot be read


def test_what_cannot_be_read_is_named_once_with_its_commits(repo: LedgerRepo) -> None:
    repo.write("dvc.lock", "stages: [\n")
    bad = [repo.commit(), repo.commit("again")]
    repo.write(ledger_repo.RECORD_PATH, "{}")
    bad.append(repo.commit())
    repo.committed(Result(2))

    with opened(repo) as index:
        problems = index.problems()

    assert repo.keys() == {ONE, TWO}
    assert [problem.what.partition(" (")[0] for problem in problems] == [
        "dvc.lock cannot be read here",
        "train.wherefrom.json cannot be read here",
    ]
    assert problems[0].what.endswith(f"({min(bad)[:7]} and 2 more)")
    assert problems[1].what.endswith(f"({bad[2][:7]})")
    assert all(problem.why and problem.remedy for problem in problems)


def test_what_no_ref_leads_to_any_more_is_no_problem(repo: LedgerRepo) -> None:
    repo.write("dvc.lock", "stages: [\n")
    repo.commit()
    with opened(repo) as index:
        assert len(index.problems()) == 1
    repo.git("reset", "--quiet", "--hard", "HEAD~1")

    with opened(repo) as index:
        assert index.problems() == []


def test_a_record_of_another_result_is_a_gap_of_the_result(repo: LedgerRepo) -> None:
    repo.committed(RECORDED)
    repo.put(replace(RECORDED, number=8))
    repo.write(ledger_repo.RECORD_PATH, RECORDED.record_text())
    other = repo.commit()

    with opened(repo) as index:
        counts = {row.snapshot: row.gap_count for row in index.of_key("7" * 32)}
        commit = index.commit(other)

    assert commit is not None
    assert counts.pop(commit.snapshot) > 0
    assert list(counts.values()) == [0]


# -- only what is new is read


def test_an_unchanged_history_is_not_read_again(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = repo.keys()
    monkeypatch.setattr(refresh, "Objects", refuse)

    assert repo.keys() == before == {ONE}
    repo.committed(Result(2))
    with pytest.raises(RefusedError):
        repo.keys()


def test_when_git_changed_nothing_for_a_while_not_even_its_refs_are_read(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.experiment(Result(2), "two")
    repo.age()
    before = repo.keys()
    monkeypatch.setattr(refresh.git_refs, "read", refuse)

    assert repo.keys() == before == {ONE, TWO}


def test_right_after_a_change_the_refs_are_read_each_time(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.keys()
    monkeypatch.setattr(refresh.git_refs, "read", refuse)

    with pytest.raises(RefusedError):
        repo.keys()


def test_one_more_commit_costs_its_own_objects(repo: LedgerRepo, objects_read: list[str]) -> None:
    for result in list(numbered(30))[1:]:
        repo.committed(result)
    repo.keys()
    first = set(objects_read)
    objects_read.clear()

    sha = repo.committed(Result(31))
    repo.keys()

    changed = ("HEAD", "HEAD^{tree}", "HEAD:dvc.lock", "HEAD:metrics.json")
    assert set(repo.git("rev-parse", *changed).split()) <= set(objects_read)
    assert objects_read[0] == sha
    assert len(objects_read) < 10
    assert len(first) > 90


def test_a_commit_with_the_same_files_reads_no_file(
    repo: LedgerRepo, objects_read: list[str]
) -> None:
    repo.keys()
    objects_read.clear()

    sha = repo.commit("empty")
    repo.keys()

    assert objects_read == [sha]


def test_a_ref_that_moves_while_refs_are_read_is_seen_the_next_time(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = refresh.git_refs.read

    def read_and_move(root: Path) -> Refs:
        found = read(root)
        repo.committed(Result(2))
        repo.age()
        return found

    repo.age()
    monkeypatch.setattr(refresh.git_refs, "read", read_and_move)
    assert repo.keys() == {ONE}
    monkeypatch.undo()

    assert repo.keys() == {ONE, TWO}


# -- refs that come, go and move


def test_a_ref_that_is_gone_leaves_its_result_unheld(repo: LedgerRepo) -> None:
    repo.experiment(Result(2), "two")
    assert repo.keys() == {ONE, TWO}
    (ref,) = repo.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    repo.git("update-ref", "-d", ref)

    assert repo.keys() == {ONE}
    with opened(repo) as index:
        assert index.experiments("two") == []
        assert index.holders(TWO) == []
        assert (
            index.of_key(TWO) == index.of_fingerprint(TWO) == index.of_object(Result(2).model) == []
        )
        assert "two" not in index.names()


def test_a_ref_that_comes_back_holds_its_result_again(repo: LedgerRepo) -> None:
    sha = repo.committed(Result(2))
    repo.keys()
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    assert repo.keys() == {ONE}

    repo.git("branch", "again", sha)

    assert repo.keys() == {ONE, TWO}


def test_a_commit_that_was_amended_away_holds_nothing(repo: LedgerRepo) -> None:
    repo.committed(Result(2))
    repo.keys()

    sha = repo.committed(Result(3), "amended", "--amend")

    assert repo.keys() == {ONE, THREE}
    assert repo.holders(THREE) == {sha}


def commit_on_main(repo: LedgerRepo) -> None:
    repo.committed(Result(2))


def add_a_branch(repo: LedgerRepo) -> None:
    repo.git("checkout", "--quiet", "-b", "folder/deep/branch")
    repo.committed(Result(2))
    repo.git("checkout", "--quiet", "main")


def add_a_lightweight_tag(repo: LedgerRepo) -> None:
    add_a_branch(repo)
    repo.git("tag", "v1", "folder/deep/branch")
    repo.git("branch", "--quiet", "-D", "folder/deep/branch")


def add_an_annotated_tag(repo: LedgerRepo) -> None:
    add_a_branch(repo)
    repo.git("tag", "--annotate", "--message", "v1", "v1", "folder/deep/branch")
    repo.git("branch", "--quiet", "-D", "folder/deep/branch")


def fetch(repo: LedgerRepo) -> None:
    clone = LedgerRepo(repo.git_root.parent / "clone", seconds=repo.seconds)
    repo.git("clone", "--quiet", str(repo.git_root), str(clone.git_root))
    clone.committed(Result(2))
    repo.git("fetch", "--quiet", str(clone.git_root), "main:refs/remotes/origin/main")


def add_an_experiment(repo: LedgerRepo) -> None:
    repo.experiment(Result(2), "exp")


def pack(repo: LedgerRepo) -> None:
    add_an_experiment(repo)
    repo.git("pack-refs", "--all", "--prune")


def commit_on_a_detached_head(repo: LedgerRepo) -> None:
    repo.git("checkout", "--quiet", "--detach")
    repo.committed(Result(2))


def commit_in_a_linked_worktree(repo: LedgerRepo) -> None:
    folder = repo.git_root.parent / "linked tree"
    repo.git("worktree", "add", "--quiet", "--detach", str(folder))
    LedgerRepo(folder, seconds=repo.seconds).committed(Result(2))


MOVES: dict[str, Callable[[LedgerRepo], None]] = {
    "commit": commit_on_main,
    "branch": add_a_branch,
    "lightweight_tag": add_a_lightweight_tag,
    "annotated_tag": add_an_annotated_tag,
    "fetch": fetch,
    "experiment": add_an_experiment,
    "packed_refs": pack,
    "detached_head": commit_on_a_detached_head,
    "linked_worktree": commit_in_a_linked_worktree,
}


@pytest.mark.parametrize("aged", [True, False], ids=["after_a_while", "at_once"])
@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
def test_whatever_a_new_ref_leads_to_is_seen(
    repo: LedgerRepo, move: Callable[[LedgerRepo], None], *, aged: bool
) -> None:
    """Within two seconds, a second change may bear the same time as the first."""
    if aged:
        repo.age()
    assert repo.keys() == {ONE}
    assert repo.keys() == {ONE}

    move(repo)

    assert repo.keys() == {ONE, TWO}
    repo.age()
    assert repo.keys() == {ONE, TWO}


@pytest.mark.parametrize("aged", [True, False], ids=["after_a_while", "at_once"])
def test_packing_the_refs_changes_no_answer_and_reads_no_object(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch, *, aged: bool
) -> None:
    repo.experiment(Result(2), "two")
    if aged:
        repo.age()
    repo.keys()
    repo.git("pack-refs", "--all", "--prune")
    monkeypatch.setattr(refresh, "Objects", refuse)

    assert repo.keys() == {ONE, TWO}
    monkeypatch.undo()
    (ref,) = repo.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    repo.git("update-ref", "-d", ref)
    assert repo.keys() == {ONE}


def test_the_head_of_a_worktree_that_is_removed_holds_nothing(repo: LedgerRepo) -> None:
    commit_in_a_linked_worktree(repo)
    assert repo.keys() == {ONE, TWO}
    repo.git("worktree", "remove", "--force", str(repo.git_root.parent / "linked tree"))

    assert repo.keys() == {ONE}


def test_a_linked_worktree_has_the_same_index(repo: LedgerRepo) -> None:
    commit_in_a_linked_worktree(repo)
    linked = LedgerRepo(repo.git_root.parent / "linked tree")

    assert linked.keys() == repo.keys() == {ONE, TWO}
    assert repo.database.is_file()
    assert not linked.database.exists()


def test_a_temporary_copy_asks_the_main_projects_refs(repo: LedgerRepo) -> None:
    repo.experiment(Result(2), "two")
    copy = LedgerRepo(repo.root / ".dvc" / "tmp" / "copy", seconds=repo.seconds)
    repo.git("clone", "--quiet", str(repo.git_root), str(copy.git_root))
    copy.committed(Result(3))

    with closing(indexes.open_index(project.locate(copy.root, {"DVC_ROOT": str(repo.root)}))) as at:
        assert keys(at.results()) == {ONE, TWO}
    with closing(sqlite3.connect(repo.database)) as connection:
        refs = connection.execute("SELECT ref FROM refs WHERE ref LIKE 'HEAD %'").fetchall()
    assert refs == [(f"HEAD {repo.git_root}",)]


# -- that cannot be written to


def test_an_index_that_cannot_be_written_to_answers_as_it_is_and_says_so(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repo.keys() == {ONE}
    repo.experiment(Result(2), "two")

    def read_only(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    monkeypatch.setattr(database, "connect", read_only)

    with opened(repo) as index:
        assert keys(index.results()) == {ONE}
        (gap,) = index.gaps
    assert "could not be written to" in gap.what
    monkeypatch.undo()
    with opened(repo) as index:
        assert (keys(index.results()), index.gaps) == ({ONE, TWO}, ())


def test_a_damaged_index_that_cannot_be_removed_is_named(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_args: object) -> None:
        raise sqlite3.DatabaseError

    def forbidden(_path: Path, *, missing_ok: bool) -> None:
        raise PermissionError(13, f"Permission denied, {missing_ok}")

    monkeypatch.setattr(refresh, "refresh", damaged)
    monkeypatch.setattr(Path, "unlink", forbidden)

    with pytest.raises(IndexPlaceError, match="cannot be written"):
        repo.index()


# -- interrupted, twice at once, damaged


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_refresh_that_is_interrupted_leaves_what_was_and_is_whole_the_next_time(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(refresh, "_PART", 2)
    repo.keys()
    wanted = list(numbered(7))
    for result in wanted[1:]:
        repo.committed(result)

    def stop(done: int, _all: int) -> None:
        if done > 2:
            raise error

    with pytest.raises(error):
        indexes.open_index(repo.located(), stop)

    with closing(sqlite3.connect(repo.database)) as connection:
        assert [key for (key,) in connection.execute("SELECT key FROM results")] == [ONE]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert repo.keys() == {result.key for result in wanted}


def test_an_interrupted_first_refresh_is_whole_the_next_time(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_PART", 1)
    repo.committed(Result(2))

    def stop(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexes.open_index(repo.located(), stop)

    assert repo.keys() == {ONE, TWO}


OPEN = """\
import sys
from pathlib import Path
from wherefrom import index, project
print("ready", flush=True)
sys.stdin.readline()
found = index.open_index(project.locate(Path(sys.argv[1]), {}))
print(*sorted({row.key for row in found.results()}))
"""


def test_processes_that_refresh_at_once_all_see_everything(repo: LedgerRepo) -> None:
    wanted = list(numbered(25))
    for result in wanted[1:]:
        repo.committed(result)
    env = os.environ | {"PYTHONPATH": str(SRC)}
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-c", OPEN, str(repo.root)]
    processes = [subprocess.Popen(command, env=env, text=True, **pipes) for _ in range(3)]
    for one in processes:
        assert one.stdout.readline() == "ready\n"
    for one in processes:
        one.stdin.write("go\n")
        one.stdin.flush()

    said = [one.communicate(timeout=60) for one in processes]

    assert [one.returncode for one in processes] == [0] * 3, said
    assert {out for out, _ in said} == {" ".join(sorted(r.key for r in wanted)) + "\n"}
    assert repo.keys() == {result.key for result in wanted}


def versioned(number: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE results")
            connection.execute("CREATE TABLE results (another TEXT)")
            connection.execute(f"PRAGMA user_version = {number}")

    return damage


def without_its_notes(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE meta")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (other TEXT)")
        connection.execute("CREATE VIEW refs AS SELECT * FROM meta")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(b"garbage" * 3000),
    "text": lambda path: path.write_text("no database"),
    "empty": lambda path: path.write_bytes(b""),
    "garbage_behind_the_head": lambda p: p.write_bytes(p.read_bytes()[:100] + b"x" * 9000),
    "head_alone": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "cut_off": lambda path: os.truncate(path, path.stat().st_size // 2),
    "deleted": lambda path: path.unlink(),
    "older_version": versioned(database.VERSION - 1),
    "newer_version": versioned(database.VERSION + 1),
    "no_version": versioned(0),
    "without_its_notes": without_its_notes,
    "another_database": foreign,
    "leftovers_of_a_write": lambda path: Path(f"{path}-journal").write_bytes(b"x" * 2000),
}


def test_a_folder_in_the_place_of_the_index_is_named(repo: LedgerRepo) -> None:
    repo.database.mkdir(parents=True)

    with pytest.raises(IndexPlaceError, match=re.escape(str(repo.database))):
        repo.index()

    assert repo.database.is_dir()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_index_is_made_anew(repo: LedgerRepo, damage: Callable[[Path], object]) -> None:
    repo.experiment(Result(2), "two")
    repo.age()
    before = repo.keys()
    damage(repo.database)

    assert repo.keys() == before == {ONE, TWO}
    with opened(repo) as index:
        assert index.of_object(Result(2).model)[0].key == TWO
        assert [commit.subject for commit in index.experiments("two")] == ["dvc: two"]


# -- questions


@pytest.fixture
def asked(repo: LedgerRepo) -> Iterator[Index]:
    """An index with a plain result, an experiment, and one with a record."""
    repo.experiment(Result(2), "two")
    repo.committed(RECORDED)
    with opened(repo) as index:
        yield index


def test_a_result_is_found_by_the_beginning_of_its_record(asked: Index) -> None:
    assert keys(asked.of_record("7777777")) == keys(asked.of_record("7" * 32)) == {"7" * 32}
    assert asked.of_record("77777778") == asked.of_record("6") == asked.of_record("7" * 33) == []


def test_a_result_is_found_by_its_run_and_by_the_runs_name(asked: Index) -> None:
    assert keys(asked.of_run("eeeeee")) == keys(asked.of_run("e" * 32)) == {"7" * 32}
    assert keys(asked.of_run_name("a run of seven")) == {"7" * 32}
    assert asked.of_run("d") == asked.of_run_name("a run") == asked.of_run_name("") == []


@pytest.mark.parametrize("digits", [6, 32])
def test_a_result_is_found_by_what_its_stages_read_and_left(asked: Index, digits: int) -> None:
    found = {
        "model": keys(asked.of_object(Result(2).model[:digits])),
        "folder": keys(asked.of_object(f"{md5('folder 2')}.dir"[: digits + 4])),
        "code": keys(asked.of_object(md5(Result().code)[:digits])),
        "table": keys(asked.of_object(md5(Result().table)[:digits])),
        "clean": keys(asked.of_object(md5(f"clean {Result().table}")[:digits])),
        "record": keys(asked.of_object(md5(RECORDED.record_text())[:digits])),
    }
    every = {ONE, TWO, "7" * 32}

    assert found == {
        "model": {TWO},
        "folder": {TWO},
        "code": every,
        "table": every,
        "clean": every,
        "record": set(),
    }


def test_a_result_is_found_by_the_hash_of_its_raw_data(asked: Index) -> None:
    value = md5(Result().table)

    assert asked.input_hashes(value[:6]) == asked.input_hashes(value) == [value]
    assert keys(asked.of_input(value)) == {ONE, TWO, "7" * 32}
    assert asked.of_input(value[:6]) == asked.of_input("") == []
    assert asked.input_hashes("0" * 32) == []


def test_a_result_is_found_by_the_fingerprint_of_any_of_its_stages(asked: Index) -> None:
    prepared = asked.of_key(TWO)[0].fingerprints[1]

    assert keys(asked.of_fingerprint(TWO[:8])) == {TWO}
    assert keys(asked.of_fingerprint(prepared)) == {ONE, TWO, "7" * 32}
    assert asked.of_fingerprint("0" * 64) == []


def test_a_stage_that_no_result_rests_on_leads_to_none(repo: LedgerRepo) -> None:
    text = repo.root.joinpath("dvc.lock").read_text()
    aside = "  aside:\n    cmd: x\n    outs:\n    - path: aside.bin\n      md5: " + "5" * 32 + "\n"
    repo.write("dvc.lock", text + aside)
    repo.commit()

    aside = parse_lock(f"schema: '2.0'\nstages:\n{aside}")["aside"].fingerprint
    with opened(repo) as index:
        assert index.of_object("5" * 32) == index.of_fingerprint(aside) == []
        assert len(index.of_object(Result(1).model)) == 2


def test_a_record_is_given_with_what_joins_it(asked: Index) -> None:
    record = asked.record("7" * 32)

    assert record is not None
    assert asked.records() == {"7" * 32: record}
    assert asked.record("7" * 31) is None
    assert (record.stage, record.relation, record.derived_from) == ("train", "own", None)
    assert (record.mlflow_run_id, record.run_name) == ("e" * 32, "a run of seven")
    assert record.ended - record.started == 1_000
    assert record.fingerprint == RECORDED.fingerprint


def test_of_a_training_and_its_evaluation_the_record_is_the_latter(repo: LedgerRepo) -> None:
    repo.put(RECORDED)
    before = replace(RECORDED.record(), stage="earlier", ended=1_600_000_000_000)
    repo.write("other.wherefrom.json", ledger_repo.record.to_text(before, names_result=False))
    repo.commit()

    with opened(repo) as index:
        record = index.record("7" * 32)
        assert record is not None
        assert record.stage == index.records()["7" * 32].stage == "train"


def test_names_are_those_of_experiments_runs_branches_and_tags(
    repo: LedgerRepo, asked: Index
) -> None:
    assert asked.names() == {"two", "a run of seven", "main"}
    repo.git("branch", "topic/a")
    repo.git("tag", "v1")

    assert repo.index().names() == {"two", "a run of seven", "main", "topic/a", "v1"}


def test_the_inputs_of_many_results_are_those_of_each(asked: Index) -> None:
    numbers = [row.number for row in asked.results()]

    many = asked.inputs([*numbers, *range(1_000, 2_000)])

    assert {number: many[number] for number in numbers} == asked.inputs(numbers)
    assert all(len(many[number]) == 1 for number in numbers)
    assert many[1_500] == []
    assert asked.inputs([]) == {}
