"""An address -> exactly one result, whoever holds it; several or none are errors that say so."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ledger_repo
import pytest
from dvc.utils.serialize import dumps_yaml  # noqa: TID251 - what writes the locks
from ledger_repo import LedgerRepo, Result, md5

from wherefrom import address, measured, view
from wherefrom.commands import ls
from wherefrom.errors.answers import (
    AmbiguousAddressError,
    NoResultsError,
    NoResultThereError,
    UnknownAddressError,
)
from wherefrom.errors.stores import StoreUnreachableError
from wherefrom.found import Found
from wherefrom.lockfile import parse_lock
from wherefrom.runs import Logged, NoRuns, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from wherefrom.view import View

TRACKED = Result(40, record_id="7" * 32, run_id="e" * 32, run_name="seven")
PLAIN, LAST, INSIDE, OTHER = Result(973), Result(974), Result(5), Result(6, table="c\n3\n")
LOOSE, STRAY = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


def run(run_id: str, name: str, **fields: Any) -> Run:
    return Run(run_id, name, "FINISHED", 1, 2, "x", **fields)  # type: ignore[arg-type]


@dataclass
class Runs(NoRuns):
    """A store of a few runs, in place of MLflow's."""

    runs: list[Run]
    models: dict[str, Run] = field(default_factory=dict)

    def all_runs(self) -> list[Run]:
        return self.runs

    def of_records(self, record_ids: Sequence[str]) -> list[Run]:
        return [one for one in self.runs if one.record_id in record_ids]

    def of_fingerprints(self, fingerprints: Sequence[str]) -> list[Run]:
        return [one for one in self.runs if one.fingerprint in fingerprints]

    def of_id(self, prefix: str) -> list[Run]:
        return [one for one in self.runs if one.mlflow_run_id.startswith(prefix)]

    def of_name(self, name: str) -> list[Run]:
        return [one for one in self.runs if one.name == name]

    def of_model(self, name: str) -> list[Run]:
        return [self.models[name]] if name in self.models else []

    def results_of_model(self, name: str) -> list[str]:
        return [INSIDE.key] if name == "m/5" else []


@dataclass
class Logging(Runs):
    """A store whose runs have metrics."""

    def logged(self, run_ids: Iterable[str]) -> dict[str, Logged]:
        return {run_id: Logged(metrics={"acc": 0.2}) for run_id in run_ids}


@dataclass(frozen=True)
class Bare(Result):
    """A result whose project leaves its metrics to MLflow."""

    def files(self) -> dict[str, str]:
        return super().files() | {"dvc.yaml": "stages: {train: {cmd: python train.py}}\n"}


OF_TRACKED = run("e" * 32, "seven", record_id="7" * 32, relation="own")
OF_INSIDE = run("a1" * 16, "plain MLflow", fingerprint=INSIDE.fingerprint)
OF_NOBODY = run(LOOSE, "nobody's", record_id="9" * 32, relation="own")
OF_NEIGHBOUR = run(STRAY, "same inputs", relation="own", fingerprint=LAST.fingerprint)
STORE = Runs(
    [OF_TRACKED, OF_INSIDE, OF_NOBODY, OF_NEIGHBOUR],
    {"m/1": OF_TRACKED, "m@champion": OF_INSIDE, "m/2": OF_NOBODY},
)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> LedgerRepo:
    """A history with a result each on a branch, in experiments, and in the workspace alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        found = ledger_repo.build(tmp_path_factory.mktemp("address") / "repo")
        found.committed(PLAIN)
        found.git("tag", "v1")
        found.experiment(INSIDE, "inside")
        found.experiment(TRACKED, "tracked")
        found.committed(OTHER)
        found.commit("nothing changed")
        found.git("branch", "topic/a")
        found.committed(LAST)
        found.git("branch", "inside", "v1")
        return found


@contextmanager
def looking(repo: LedgerRepo, runs: NoRuns = STORE) -> Iterator[View]:
    with view.look(repo.root, os.environ) as found:
        found.__dict__["runs"] = runs
        yield found


def resolve(repo: LedgerRepo, text: str, folder: Path | None = None) -> Found:
    with looking(repo) as found:
        return address.resolve(found, text, folder or repo.root)


def sha(repo: LedgerRepo, rev: str) -> str:
    return repo.git("rev-parse", rev)


def inside(repo: LedgerRepo, name: str) -> str:
    (ref,) = [
        ref
        for ref in repo.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
        if ref.endswith(f"/{name}")
    ]
    return sha(repo, ref)


# -- what is no address


@pytest.mark.parametrize(
    "text",
    [
        "test.score=1e-40",
        "test.score=0.9730000000000000000000000000000001",
        "test.score=1e-999999",
        "test.score=1e999999",
        "a" * 5000,
        "a/" * 3000,
    ],
    ids=["tiny", "exact", "no_number", "huge", "long", "deep"],
)
def test_what_no_result_can_have_is_unknown(repo: LedgerRepo, text: str) -> None:
    with pytest.raises(UnknownAddressError):
        resolve(repo, text)


def test_a_value_is_found_by_all_of_its_digits(repo: LedgerRepo) -> None:
    exact = Decimal(PLAIN.metrics["test"]["score"])

    assert len(exact.as_tuple().digits) > 28
    assert resolve(repo, f"test.score={exact}").key == PLAIN.key


# -- ids, hashes and names


@pytest.mark.parametrize("digits", [6, 12, 32])
@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("7" * 32, TRACKED),
        ("e" * 32, TRACKED),
        ("a1" * 16, INSIDE),
        (INSIDE.model, INSIDE),
        (md5("folder 974"), LAST),
        (md5(OTHER.table), OTHER),
        (md5(f"clean {OTHER.table}"), OTHER),
        (LAST.fingerprint, LAST),
    ],
    ids=["record", "run", "foreign_run", "model", "folder", "table", "between", "fingerprint"],
)
def test_the_beginning_of_an_id_or_a_hash_leads_to_its_result(
    repo: LedgerRepo, value: str, result: Result, digits: int
) -> None:
    assert resolve(repo, value[:digits]) == Found(result.key)


def test_the_hash_of_a_folder_may_have_its_ending(repo: LedgerRepo) -> None:
    assert resolve(repo, f"{md5('folder 974')}.dir") == Found(LAST.key)


@pytest.mark.parametrize("name", ["seven", "plain MLflow"])
def test_the_name_of_a_run_leads_to_its_result(repo: LedgerRepo, name: str) -> None:
    expected = TRACKED if name == "seven" else INSIDE

    assert resolve(repo, name) == Found(expected.key)


@pytest.mark.parametrize(
    ("text", "result"),
    [("models:/m/1", TRACKED), ("models:/m@champion", INSIDE), ("models:/m/5", INSIDE)],
    ids=["a version", "an alias", "a version whose run was deleted"],
)
def test_a_model_leads_to_the_result_of_its_run(
    repo: LedgerRepo, text: str, result: Result
) -> None:
    assert resolve(repo, text) == Found(result.key)


@pytest.mark.parametrize("text", [LOOSE, LOOSE[:6], "nobody's", "models:/m/2", "9" * 32, "999999"])
def test_a_run_that_nothing_holds_is_found_as_that(repo: LedgerRepo, text: str) -> None:
    assert resolve(repo, text) == Found(LOOSE, run=OF_NOBODY)


@pytest.mark.parametrize("text", [STRAY, "same inputs"])
def test_a_run_of_the_same_inputs_is_no_neighbours(repo: LedgerRepo, text: str) -> None:
    assert resolve(repo, text) == Found(STRAY, run=OF_NEIGHBOUR)


def test_a_run_that_is_nested_in_that_of_a_result_is_part_of_it(repo: LedgerRepo) -> None:
    inner = run(STRAY, "inner", fingerprint=INSIDE.fingerprint, parent=OF_INSIDE.mlflow_run_id)

    with looking(repo, Runs([OF_INSIDE, inner])) as looked:
        assert address.resolve(looked, STRAY, repo.root) == Found(INSIDE.key)
        assert address.resolve(looked, INSIDE.key, repo.root) == Found(INSIDE.key)
        assert [entry.run for entry in ls.entries(looked) if not entry.held] == []


def test_a_run_of_an_earlier_stage_leads_to_the_result_that_rests_on_it(repo: LedgerRepo) -> None:
    prepare = parse_lock(dumps_yaml(OTHER.lock()))["prepare"].fingerprint
    other = Runs([run(STRAY, "prepared", fingerprint=prepare, experiment="elsewhere")])

    with looking(repo, other) as looked:
        assert address.resolve(looked, STRAY, repo.root) == Found(OTHER.key)


@pytest.mark.parametrize("text", ["7" * 5, "7" * 33, "E" * 32, "zzzzzz", "e" * 31 + "f"])
def test_what_is_too_short_too_long_or_no_id_is_none(repo: LedgerRepo, text: str) -> None:
    with pytest.raises(UnknownAddressError):
        resolve(repo, text)


# -- experiments and revisions


def test_an_experiment_is_found_by_its_name_with_the_commit_that_it_is(repo: LedgerRepo) -> None:
    assert resolve(repo, "tracked") == Found(TRACKED.key, inside(repo, "tracked"))  # type: ignore[arg-type]


def test_an_experiment_and_a_branch_of_one_name_are_ambiguous(repo: LedgerRepo) -> None:
    with pytest.raises(AmbiguousAddressError) as caught:
        resolve(repo, "inside")

    assert set(caught.value.keys) == {INSIDE.key, PLAIN.key}


def test_the_experiment_is_meant_where_a_branch_of_its_name_holds_the_same(tmp_path: Path) -> None:
    found = ledger_repo.build(tmp_path / "repo")
    found.committed(PLAIN)
    held = found.experiment(PLAIN, "same")
    found.git("branch", "same")

    assert resolve(found, "same") == Found(PLAIN.key, held)  # type: ignore[arg-type]


def test_an_experiment_comes_before_a_run_of_its_name(repo: LedgerRepo) -> None:
    other = Runs([run(LOOSE, "tracked", record_id="9" * 32)])

    with looking(repo, other) as looked:
        assert address.resolve(looked, "tracked", repo.root).key == TRACKED.key


@pytest.mark.parametrize(
    ("rev", "result"),
    [
        ("main", LAST),
        ("HEAD", LAST),
        ("HEAD~1", OTHER),
        ("HEAD~2", OTHER),
        ("HEAD^^^", PLAIN),
        ("v1", PLAIN),
        ("topic/a", OTHER),
        ("refs/heads/main", LAST),
        ("tags/v1^{commit}", PLAIN),
    ],
)
def test_a_revision_leads_to_what_its_commit_holds(
    repo: LedgerRepo, rev: str, result: Result
) -> None:
    assert resolve(repo, rev) == Found(result.key, sha(repo, rev))  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", [7, 12, 40])
def test_the_beginning_of_a_commits_id_leads_to_what_it_holds(
    repo: LedgerRepo, digits: int
) -> None:
    for rev, result in (("HEAD~1", OTHER), (inside(repo, "tracked"), TRACKED)):
        commit = sha(repo, rev)
        assert resolve(repo, commit[:digits]) == Found(result.key, commit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rev", ["HEAD~9", "HEAD^{tree}", "--all", "-1", "main..HEAD", "HEAD:dvc.lock"]
)
def test_what_is_no_commit_is_unknown(repo: LedgerRepo, rev: str) -> None:
    with pytest.raises(UnknownAddressError):
        resolve(repo, rev)


def test_a_commit_that_only_gits_log_of_a_ref_has_leads_to_what_it_holds(tmp_path: Path) -> None:
    found = ledger_repo.build(tmp_path / "repo")
    found.committed(PLAIN)
    amended = found.committed(LAST)
    found.committed(OTHER, "better", "--amend")

    assert resolve(found, "HEAD@{1}") == Found(LAST.key, amended)  # type: ignore[arg-type]
    assert resolve(found, amended[:8]) == Found(LAST.key, amended)  # type: ignore[arg-type]
    assert resolve(found, "HEAD").key == OTHER.key
    assert found.keys() == {PLAIN.key, OTHER.key}


# -- metrics


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("test.score=0.974", LAST),
        ("test.score=0.9740", LAST),
        ("test.score=.974", LAST),
        ("test.score=9.74e-1", LAST),
        ("test.score=974e-3", LAST),
        ("test.score=+0.974", LAST),
        ("test.score= 0.974", LAST),
        ("test.score=0.04", TRACKED),
        ("test.score=4e-2", TRACKED),
        ("test.score=0.005", INSIDE),
        ("test.score=5e-3", INSIDE),
        ("test.loss=-974", LAST),
        ("test.loss=-974.00", LAST),
        ("test.loss=-9.74e2", LAST),
        ("test.loss=-4e1", TRACKED),
    ],
)
def test_a_value_of_a_metric_leads_to_the_result_at_the_digits_given(
    repo: LedgerRepo, text: str, result: Result
) -> None:
    assert resolve(repo, text) == Found(result.key)


@pytest.mark.parametrize(
    "text",
    [
        *("test.score=0.9741", "test.score=0.98", "test.score=-0.974", "test.score=97.4"),
        *("test.score=", "=0.974", "test.score", "score=0.974", "test.score==0.974", "lr=974"),
        *("test.score=nan", "test.score=inf", "test.score=x", "test.score=0.974x", "test.loss=974"),
        *("TEST.SCORE=0.974", "test.score=0,974"),
    ],
)
def test_another_value_is_unknown(repo: LedgerRepo, text: str) -> None:
    with pytest.raises(UnknownAddressError):
        resolve(repo, text)


@pytest.mark.parametrize(
    ("text", "results"),
    [("test.score=0.97", {PLAIN, LAST}), ("test.loss=-1e3", {PLAIN, LAST})],
)
def test_a_value_that_several_results_have_is_ambiguous(
    repo: LedgerRepo, text: str, results: set[Result]
) -> None:
    with pytest.raises(AmbiguousAddressError) as caught:
        resolve(repo, text)

    assert set(caught.value.keys) == {result.key for result in results}
    assert len(caught.value.keys) == len(results)


@pytest.mark.parametrize(
    ("value", "given", "equal"),
    [
        (0.9736842105263158, "0.97", True),
        (0.9736842105263158, "0.9737", True),
        (0.9736842105263158, "0.9736", False),
        (0.9736842105263158, "0.9736842105263158", True),
        (0.9736842105263158, "0.974", True),
        (0.9736842105263158, "1", True),
        (0.1, "0.1", True),
        (0.3, "0.30", True),
        (1e-3, "0.001", True),
        (0.00123, "1e-3", True),
        (0.0016, "1e-3", False),
        (1234.5, "1.2e3", True),
        (1234.5, "1.3e3", False),
        (3.0, "3", True),
        (3.0, "3.000", True),
        (3.4, "3", True),
        (-0.5, "-0.50", True),
        (-0.5, "0.5", False),
        (0.0, "-0", True),
        (1e20, "1e20", True),
    ],
)
def test_a_value_is_equal_at_the_digits_given(value: float, given: str, *, equal: bool) -> None:
    assert measured._equal(value, Decimal(given)) is equal


@dataclass(frozen=True)
class Folded(Result):
    """A result with a score of cross-validation."""

    @property
    def metrics(self) -> dict[str, Any]:
        return {"cv": {"score": {"mean": 0.25, "std": 0.5}}}


def test_a_score_of_cross_validation_is_found_by_its_mean(tmp_path: Path) -> None:
    repo = ledger_repo.build(tmp_path / "repo")
    repo.committed(Folded(1))

    for text in ("cv.score=0.25", "cv.score.mean=0.25"):
        assert resolve(repo, text).key == Folded(1).key
    with pytest.raises(UnknownAddressError):
        resolve(repo, "cv.score=0.5")


def test_the_hash_of_a_raw_folder_leads_to_the_result_that_read_a_file_of_it(
    tmp_path: Path,
) -> None:
    found = ledger_repo.build(tmp_path / "repo")
    found.put(PLAIN)
    (found.root / "data/raw.csv.dvc").unlink()
    found.write("data.dvc", "outs:\n- md5: abcdefabcdef.dir\n  path: data\n")
    found.commit()

    assert resolve(found, "abcdefab") == resolve(found, "abcdefabcdef.dir") == Found(PLAIN.key)


# -- what several results have


@pytest.mark.parametrize(
    ("text", "results"),
    [
        (md5(Result().code), {PLAIN, LAST, INSIDE, OTHER, TRACKED}),
        (md5(Result().table)[:8], {PLAIN, LAST, INSIDE, TRACKED}),
    ],
    ids=["code", "table"],
)
def test_an_object_that_several_results_rest_on_is_ambiguous(
    repo: LedgerRepo, text: str, results: set[Result]
) -> None:
    with pytest.raises(AmbiguousAddressError) as caught:
        resolve(repo, text)

    assert set(caught.value.keys) == {result.key for result in results}
    assert caught.value.address == text
    assert caught.value.exit_code == 2


# -- files and the workspace


@pytest.fixture
def worked(tmp_path: Path) -> LedgerRepo:
    """A workspace with a result of its own, that no commit holds yet, and its outputs."""
    found = ledger_repo.build(tmp_path / "repo")
    found.committed(PLAIN)
    found.committed(LAST)
    found.put(replace(TRACKED, number=41))
    found.write("model.bin", f"model 41 {TRACKED.table}")
    found.write("folder/a.txt", "a")
    found.write("data/raw.csv", TRACKED.table)
    return found


def test_the_workspace_is_what_its_files_say_now(worked: LedgerRepo) -> None:
    assert resolve(worked, "workspace") == Found("7" * 32, in_workspace=True)
    worked.git("checkout", "--quiet", "--", ".")
    assert resolve(worked, "workspace") == Found(LAST.key, in_workspace=True)


@pytest.mark.parametrize(
    "path",
    ["model.bin", "./model.bin", "metrics.json", "train.wherefrom.json", "folder", "folder/"],
)
def test_an_output_on_disk_leads_to_the_workspaces_result(worked: LedgerRepo, path: str) -> None:
    expected = Found("7" * 32, in_workspace=True)

    assert resolve(worked, path) == expected
    assert resolve(worked, f"../{path}", worked.root / "data") == expected
    assert resolve(worked, str(worked.root / path)) == expected


def test_an_output_that_is_a_link_into_the_cache_is_the_workspaces(worked: LedgerRepo) -> None:
    model, kept = worked.root / "model.bin", worked.root / ".dvc" / "object"
    model.rename(kept)
    model.symlink_to(kept)

    assert resolve(worked, "model.bin") == Found("7" * 32, in_workspace=True)


def test_a_file_with_the_bytes_of_another_result_leads_to_that(worked: LedgerRepo) -> None:
    worked.write("model.bin", f"model 973 {PLAIN.table}")

    assert resolve(worked, "model.bin") == Found(PLAIN.key)


def test_a_file_elsewhere_leads_to_the_result_that_left_its_bytes(
    worked: LedgerRepo, tmp_path: Path
) -> None:
    for name in ("copy.bin", "é ☺"):
        (tmp_path / name).write_text(f"model 974 {LAST.table}")
        assert resolve(worked, name, tmp_path) == Found(LAST.key)
    (tmp_path / "link").symlink_to(tmp_path / "copy.bin")
    assert resolve(worked, str(tmp_path / "link")) == Found(LAST.key)


def test_the_code_or_the_table_that_one_result_read_leads_to_it(worked: LedgerRepo) -> None:
    other = Result(8, table="z\n9\n", code="print('eight')\n")
    worked.git("checkout", "--quiet", "--", ".")
    worked.committed(other)
    worked.write("raw copy.csv", other.table)

    assert resolve(worked, "train.py") == resolve(worked, "raw copy.csv") == Found(other.key)


def test_a_file_that_several_results_read_is_ambiguous(worked: LedgerRepo) -> None:
    with pytest.raises(AmbiguousAddressError) as caught:
        resolve(worked, "data/raw.csv")

    assert set(caught.value.keys) == {PLAIN.key, LAST.key}


@pytest.mark.parametrize(
    "path",
    [
        "model.bin",
        "none.bin",
        "data",
        "params.yaml",
        "train.wherefrom.json",
        "..",
        "/",
        "folder/a.txt",
    ],
)
def test_a_file_that_no_result_left_or_read_is_unknown(worked: LedgerRepo, path: str) -> None:
    worked.write("model.bin", "other bytes")
    worked.write("train.wherefrom.json", "{}")

    with pytest.raises(UnknownAddressError):
        resolve(worked, path)


def test_a_result_that_only_the_workspace_has_is_found_by_its_ids(worked: LedgerRepo) -> None:
    expected = Found("7" * 32, in_workspace=True)
    here = replace(TRACKED, number=41)

    for text in ("7" * 32, "777777", "e" * 32, here.fingerprint, here.fingerprint[:8]):
        assert resolve(worked, text) == expected


@pytest.mark.parametrize(
    "text", ["test.score=0.041", md5(f"model 41 {TRACKED.table}"), md5("folder 41")[:8]]
)
def test_a_result_that_only_the_workspace_has_is_found_by_its_values_and_hashes(
    worked: LedgerRepo, text: str
) -> None:
    assert resolve(worked, text) == Found("7" * 32, in_workspace=True)


def test_a_value_that_only_mlflow_has_leads_to_the_result_of_its_run(repo: LedgerRepo) -> None:
    bare = Bare(7)
    with looking(repo, Logging([run(LOOSE, "bare", fingerprint=bare.fingerprint)])) as looked:
        repo.put(bare)
        assert address.resolve(looked, "acc=0.2", repo.root) == Found(bare.key, in_workspace=True)
        repo.git("checkout", "--quiet", "--", ".")


def test_a_name_that_several_files_have_is_found_with_its_file_and_without(tmp_path: Path) -> None:
    repo = ledger_repo.build(tmp_path / "repo")
    yaml = ledger_repo.DVC_YAML + "    - more.json: {cache: false}\n"
    repo.put(PLAIN)
    repo.write("dvc.yaml", yaml)
    repo.write("more.json", '{"test": {"score": 0.5}}')
    more = {"path": "more.json", "md5": md5('{"test": {"score": 0.5}}')}
    lock = PLAIN.lock()
    lock["stages"]["train"]["outs"].append(more)
    repo.write("dvc.lock", dumps_yaml(lock))
    repo.commit()

    key = resolve(repo, "HEAD").key
    for text in ("test.score=0.5", "more.json:test.score=0.5", "test.score=0.973"):
        assert resolve(repo, text) == Found(key)  # type: ignore[arg-type]


def test_a_project_in_a_subdirectory_finds_its_outputs(tmp_path: Path) -> None:
    found = ledger_repo.build(tmp_path / "repo", "sub")
    found.committed(PLAIN)
    found.write("model.bin", f"model 973 {PLAIN.table}")
    expected = Found(PLAIN.key, in_workspace=True)

    assert (
        resolve(found, "model.bin") == resolve(found, "sub/model.bin", found.git_root) == expected
    )
    assert resolve(found, "metrics.json") == resolve(found, "workspace") == expected


# -- nothing there


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("tracket", "tracked"),
        ("seve", "seven"),
        ("topic/b", "topic/a"),
        ("mian", "main"),
        ("test.scor=0.97400000000000000001", "test.score"),
        ("test.score=0.5", "test.score"),
    ],
)
def test_an_unknown_address_comes_with_names_like_it(
    repo: LedgerRepo, text: str, near: str
) -> None:
    with pytest.raises(UnknownAddressError) as caught:
        resolve(repo, text)

    assert caught.value.address == text
    assert caught.value.exit_code == 2
    assert near in caught.value.nearest
    assert near in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "-", "\n", "é☺", "'; DROP TABLE results; --", "%", "*", "models:/"]
)
def test_what_is_like_nothing_is_unknown_too(repo: LedgerRepo, text: str) -> None:
    with pytest.raises(UnknownAddressError):
        resolve(repo, text)


def test_a_commit_that_holds_no_result_says_why(tmp_path: Path) -> None:
    found = ledger_repo.build(tmp_path / "repo")
    found.commit("nothing yet")
    found.committed(PLAIN)
    found.write("dvc.lock", "stages: [")
    found.commit("damaged")

    for rev, why in (("HEAD~2", "no dvc.lock"), ("HEAD", "dvc.lock cannot be read here")):
        with pytest.raises(NoResultThereError, match=why) as said:
            resolve(found, rev)
        assert ("dvc repro" in str(said.value.hint)) == (rev == "HEAD~2")
    with pytest.raises(NoResultThereError, match="the workspace holds no result"):
        resolve(found, "workspace")


@pytest.mark.parametrize("text", ["HEAD", "workspace", "x", "abcdef", "metrics.json", "a=1"])
def test_without_any_result_that_is_said(tmp_path: Path, text: str) -> None:
    found = ledger_repo.build(tmp_path / "repo")
    found.commit("nothing yet")

    with looking(found, NoRuns()) as looked, pytest.raises(NoResultsError):
        address.resolve(looked, text, found.root)


class Down(NoRuns):
    def of_id(self, prefix: str) -> list[Run]:
        raise StoreUnreachableError("http://store", f"no answer for {prefix}")

    def of_name(self, name: str) -> list[Run]:
        raise StoreUnreachableError("http://store", f"no answer for {name}")


def test_a_store_that_does_not_answer_is_a_gap_and_the_ledger_answers(repo: LedgerRepo) -> None:
    with looking(repo, Down()) as looked:
        assert address.resolve(looked, "7" * 32, repo.root) == Found("7" * 32)
        assert address.resolve(looked, "seven", repo.root) == Found("7" * 32)
        assert len(looked.gaps) == 1

    with looking(repo, Down()) as looked, pytest.raises(UnknownAddressError) as caught:
        address.resolve(looked, "nobody's", repo.root)
    assert "no answer" in str(caught.value)
