"""Lists of results: what they show, and the gaps that they name."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ledger_repo
import pytest
from click.testing import CliRunner
from ledger_repo import LedgerRepo, Result, numbered

import wherefrom
from wherefrom import cli, delivery, view
from wherefrom.commands import best, data, diff, ls, summary, sync, trace, ui
from wherefrom.errors.answers import NoResultError, UnknownMetricError
from wherefrom.record import Gap
from wherefrom.render import compared, listing
from wherefrom.runs import NoRuns, Run
from wherefrom.sources import local_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from wherefrom.view import View

DOWN = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}
ONE, TWO = (result.key for result in numbered(2))


@pytest.fixture
def repo(tmp_path: Path) -> LedgerRepo:
    """A repository with two results committed."""
    found = ledger_repo.build(tmp_path / "repo")
    for result in numbered(2):
        found.committed(result)
    return found


@contextmanager
def looking(repo: LedgerRepo, **environ: str) -> Iterator[View]:
    with view.look(repo.root, os.environ | environ) as found:
        yield found


# -- a params.yaml that means something else


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("experiment: baseline\nlr: 2\n", False),
        ("tracking: true\n", True),
        ("- a\n", True),
        ("<<<<<<< HEAD\nlr: 1\n=======\nlr: 2\n>>>>>>> b\n", True),
    ],
    ids=["experiment", "tracking", "list", "conflict"],
)
def test_a_foreign_params_file_leaves_every_answer(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch, text: str, *, doubtful: bool
) -> None:
    monkeypatch.setattr(local_store, "make_store", lambda *_args: None)
    repo.write("params.yaml", text)

    with looking(repo) as found:
        assert {entry.key for entry in ls.entries(found)} == {r.key for r in numbered(2)}
        assert len(found.gaps) == doubtful
    assert len(ui.plan(repo.root, os.environ, 5000).gaps) == doubtful


# -- gaps


def damage(repo: LedgerRepo) -> None:
    """Commit a lock that cannot be read, and go back to a good one."""
    repo.write("dvc.lock", "{")
    repo.commit("damaged")
    repo.committed(Result(2))


def whats(gaps: Iterable[Gap]) -> str:
    return "; ".join(gap.what for gap in gaps)


def test_the_best_and_the_versions_name_what_of_the_history_cannot_be_read(
    repo: LedgerRepo,
) -> None:
    damage(repo)

    with looking(repo) as found:
        assert "dvc.lock" in whats(best.best(found).gaps)
    with looking(repo) as found:
        assert "dvc.lock" in whats(data.data(found).gaps)


def test_a_damaged_history_hides_no_gap_of_a_result(repo: LedgerRepo) -> None:
    damage(repo)

    with looking(repo) as found:
        first = ls.entries(found)
        assert found.gaps
        again = ls.entries(found)

    assert [entry.gaps for entry in again] == [entry.gaps for entry in first] == [1, 1]


def test_a_store_that_is_down_is_a_gap_of_each_list(repo: LedgerRepo) -> None:
    with looking(repo, **DOWN) as found:
        assert "MLflow was not asked" in whats(best.best(found).gaps)
    with looking(repo, **DOWN) as found:
        one, two = (trace.trace(found, address, repo.root) for address in ("HEAD", "HEAD~1"))
    shown = diff.diff(one, two)
    assert whats(shown.gaps).count("MLflow was not asked") == 1
    assert "MLflow was not asked" in compared.diff(shown)
    assert whats(Gap(**gap) for gap in json.loads(compared.diff_json(shown))["gaps"])


def test_a_metric_that_only_a_silent_store_may_have_is_not_called_unknown_alone(
    repo: LedgerRepo,
) -> None:
    with looking(repo, **DOWN) as found, pytest.raises(UnknownMetricError, match="was not asked"):
        best.best(found, "acc")


def test_a_difference_from_code_that_was_edited_is_named_with_its_result(
    repo: LedgerRepo,
) -> None:
    repo.write("train.py", "print('edited')\n")

    with looking(repo) as found:
        one, two = (trace.trace(found, at, repo.root) for at in ("workspace", "HEAD"))
    shown = diff.diff(one, two)

    assert shown.is_empty
    assert f"{TWO[:12]}: train.py" in whats(shown.gaps)


def test_the_exit_status_says_that_a_list_has_gaps(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.root)
    ask = CliRunner().invoke

    assert [ask(cli.cli, [name]).exit_code for name in ("ls", "best")] == [0, 0]
    damage(repo)
    assert [ask(cli.cli, [name]).exit_code for name in ("ls", "best")] == [1, 1]
    written = ask(cli.cli, ["ls", "--csv"])
    assert "dvc.lock" in written.stderr
    assert "gap:" not in written.stdout


def test_one_form_at_a_time_can_be_asked_for() -> None:
    done = CliRunner().invoke(cli.cli, ["ls", "--csv", "--json"])

    assert (done.exit_code, "exclude each other" in done.output) == (2, True)


# -- by a metric


def test_which_values_are_better_can_be_said(repo: LedgerRepo) -> None:
    with looking(repo) as found:
        assert [e.key for e in best.best(found, "test.score").entries] == [TWO]
        assert [e.key for e in best.best(found, "test.score", "smaller").entries] == [ONE]
        sorted_ = ls.ranked(found, ls.entries(found), "test.score", "smaller")
        (version,) = data.data(found, "test.score", "smaller").versions

    assert [entry.key for entry in sorted_] == [ONE, TWO]
    assert [entry.key for entry in version.best] == [ONE]


class OfAnotherTable(Result):
    """A result that rests on other data."""

    def files(self) -> dict[str, str]:
        return {
            path.replace("raw", "other"): text.replace("raw", "other")
            for path, text in super().files().items()
        }


def test_the_best_of_several_tables_says_that_there_are_others(repo: LedgerRepo) -> None:
    with looking(repo) as found:
        assert "note" not in listing.best(best.best(found, "test.score"))
    repo.committed(OfAnotherTable(9))

    with looking(repo) as found:
        shown = listing.best(best.best(found, "test.score"))
        smallest = best.best(found, "test.score", "smaller")

    assert "note: results of other tables were compared too: data/raw.csv\n" in shown
    assert smallest.others == ("data/other.csv",)


class Bare(Result):
    """A result without a metric."""

    @property
    def metrics(self) -> dict[str, Any]:
        return {}


def test_versions_of_the_data_are_listed_where_no_result_has_a_metric(tmp_path: Path) -> None:
    bare = ledger_repo.build(tmp_path / "bare")
    bare.committed(Bare(1))

    with looking(bare) as found:
        versions = data.data(found)

    assert (versions.metric, [v.best for v in versions.versions]) == (None, [()])
    assert "data/raw.csv" in compared.data(versions)


def test_of_a_version_all_results_that_are_alike_are_the_best(repo: LedgerRepo) -> None:
    repo.committed(Result(2, code="print('other')\n"))

    with looking(repo) as found:
        versions = data.data(found, "test.score")

    (version,) = versions.versions
    assert len(version.best) == 2
    assert "(+1 alike)" in compared.data(versions)


# -- runs that nothing holds


class Runs(NoRuns):
    """A store with a run of this project, one of another, and one that says nothing."""

    def __init__(self, sha: str) -> None:
        places = {"a" * 32: sha, "b" * 32: "0" * 40, "c" * 32: None}
        self.runs = [Run(i, i[0], "FAILED", 1, 2, "x", commit=at) for i, at in places.items()]  # type: ignore[arg-type]

    def all_runs(self) -> list[Run]:
        return self.runs


@pytest.mark.parametrize(
    ("uri", "names"),
    [("", {"a", "b", "c"}), ("sqlite:////shared.db", {"a"})],
    ids=["own", "shared"],
)
def test_of_a_shared_store_the_runs_of_other_projects_are_left_out(
    repo: LedgerRepo, uri: str, names: set[str]
) -> None:
    with looking(repo, MLFLOW_TRACKING_URI=uri) as found:
        found.runs = Runs(repo.git("rev-parse", "HEAD~1"))

        assert {entry.name for entry in ls.entries(found) if not entry.held} == names


# -- in Python


def test_an_index_that_lost_a_table_is_made_anew_for_the_answer(repo: LedgerRepo) -> None:
    repo.keys()
    repo.age()
    repo.keys()
    with sqlite3.connect(repo.database) as connection:
        connection.execute("DROP TABLE results")
    connection.close()

    assert set(wherefrom.results(repo.root)["key"]) == {ONE, TWO}


# -- without records


class EmptyStore:
    """A store that was lost: no run, and none that was deleted."""

    def end_dead_runs(self) -> None:
        """End none."""

    def deleted_records(self) -> set[str]:
        return set()


def test_a_rebuild_counts_the_results_whose_runs_no_record_tells(
    repo: LedgerRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "open_project_store", lambda *_args: EmptyStore())

    assert sync.sync(repo.root, os.environ).gaps == []
    (gap,) = sync.sync(repo.root, os.environ, rebuild=True).gaps

    assert gap.what == "results without a run that keep no record either: 2"


def test_a_project_without_records_has_no_summary_and_is_told_so(repo: LedgerRepo) -> None:
    with pytest.raises(NoResultError, match=r"no stage in dvc\.lock keeps a record"):
        summary.collect(repo.root)

    (repo.root / "dvc.lock").unlink()
    with pytest.raises(NoResultError, match=r"dvc\.lock does not exist"):
        summary.collect(repo.root)
