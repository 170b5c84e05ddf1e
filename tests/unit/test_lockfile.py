"""Locks of every schema -> the same facts, and one fingerprint for what is the same."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from wherefrom import lockfile
from wherefrom.errors.project import LockfileError
from wherefrom.lockfile import FileFacts, StageFacts, TrackedFile

LOCK = """\
schema: '2.0'
stages:
  train:
    cmd: python src/train.py
    deps:
    - path: data/a.csv
      hash: md5
      md5: 11111111111111111111111111111111
      size: 10
    - path: src/train.py
      hash: md5
      md5: 22222222222222222222222222222222
      size: 20
    params:
      params.yaml:
        train.lr: 1e-07
        train.model: no
    outs:
    - path: models/model.joblib
      hash: md5
      md5: 33333333333333333333333333333333
      size: 30
    - path: results/train.wherefrom.json
      hash: md5
      md5: 44444444444444444444444444444444
      size: 40
"""
BASE = """\
train:
  cmd: python src/train.py
  deps:
  - {path: data/a.csv, md5: 11111111111111111111111111111111}
  - {path: src/train.py, md5: 22222222222222222222222222222222}
  params: {params.yaml: {train.lr: 1e-07, train.model: no}}
  outs:
  - {path: models/model.joblib, md5: 33333333333333333333333333333333}
"""
SAME = {
    "schema_1": BASE,
    "schema_2": "schema: '2.0'\nstages:\n" + "".join(f"  {x}\n" for x in BASE.splitlines()),
    "without_hash_names": LOCK.replace("      hash: md5\n", ""),
    "without_sizes": re.sub(r" +size: \d+\n", "", LOCK),
    "other_sizes": re.sub(r"size: \d+", "size: 9", LOCK),
    "with_counts_of_files": LOCK.replace("size: 10", "size: 10\n      nfiles: 3"),
    "executable": LOCK.replace("size: 20", "size: 20\n      isexec: true"),
    "other_hash_of_the_output": LOCK.replace("3" * 32, "5" * 32),
    "other_hash_of_the_record": LOCK.replace("4" * 32, "6" * 32),
    "outputs_not_hashed_yet": re.sub(r" +(md5: [34]{32}|hash: md5)\n", "", LOCK),
    "record_as_a_dependency": LOCK.replace(
        "    deps:\n", "    deps:\n    - {path: results/x.wherefrom.json, md5: 77}\n"
    ),
    "other_order": """\
schema: '2.0'
stages:
  train:
    outs:
    - {path: results/train.wherefrom.json}
    - {path: models/model.joblib}
    params: {params.yaml: {train.model: 'no', train.lr: 0.0000001}}
    deps:
    - {md5: 22222222222222222222222222222222, path: src/train.py}
    - {md5: 11111111111111111111111111111111, path: data/a.csv}
    cmd: python src/train.py
""",
}
OTHER = {
    "command": ("cmd: python src/train.py", "cmd: python src/train.py --fast"),
    "dependency_hash": ("1" * 32, "9" * 32),
    "dependency_path": ("data/a.csv", "data/b.csv"),
    "parameter_value": ("1e-07", "2e-07"),
    "parameter_type": ("train.model: no", "train.model: false"),
    "parameter_name": ("train.lr", "train.learning_rate"),
    "parameter_file": ("params.yaml:", "other.yaml:"),
    "output_path": ("models/model.joblib", "models/other.joblib"),
    "command_as_a_list": ("cmd: python src/train.py", "cmd: [python src/train.py]"),
}
BROKEN = {
    "merge_conflict": LOCK.replace("  train:\n", "<<<<<<< HEAD\n  train:\n"),
    "list": "- a\n- b\n",
    "text": "nothing here",
    "stages_are_a_list": "schema: '2.0'\nstages: [a]\n",
    "stage_is_a_text": "schema: '2.0'\nstages: {train: x}\n",
    "no_command": "schema: '2.0'\nstages: {train: {deps: []}}\n",
    "deps_are_a_text": "schema: '2.0'\nstages: {train: {cmd: x, deps: y}}\n",
    "dep_without_path": "schema: '2.0'\nstages: {train: {cmd: x, deps: [{md5: a}]}}\n",
    "dep_is_a_text": "schema: '2.0'\nstages: {train: {cmd: x, deps: [a]}}\n",
    "params_are_a_list": "schema: '2.0'\nstages: {train: {cmd: x, params: [a]}}\n",
    "params_of_a_file_are_a_list": "schema: '2.0'\nstages: {t: {cmd: x, params: {p.yaml: [a]}}}\n",
    "files_are_texts": "schema: '2.0'\nstages: {t: {cmd: x, deps: [{path: d, files: [a]}]}}\n",
    "files_without_hashes": (
        "schema: '2.0'\nstages: {t: {cmd: x, deps: [{path: d, files: [{relpath: a}]}]}}\n"
    ),
    "stage_twice": "schema: '2.0'\nstages: {t: {cmd: x}, t: {cmd: y}}\n",
    "cut_off": LOCK[:300] + '"',
}

PINNED = "36a6f260da71a56eadea495ea724a952ffacc13e7ddf5702d1b6adaeba7fd862"
"""What is stored in records and tags of the past."""


def only(text: str) -> StageFacts:
    (facts,) = lockfile.parse_lock(text).values()
    return facts


def entry(**fields: object) -> StageFacts:
    return lockfile.parse_stage("s", {"cmd": "x", **fields}, "dvc.lock")


def test_a_lock_gives_the_facts_of_its_stages() -> None:
    expected = StageFacts(
        name="train",
        cmd="python src/train.py",
        deps=(FileFacts("data/a.csv", "1" * 32, 10), FileFacts("src/train.py", "2" * 32, 20)),
        outs=(
            FileFacts("models/model.joblib", "3" * 32, 30),
            FileFacts("results/train.wherefrom.json", "4" * 32, 40),
        ),
        params={"params.yaml": {"train.lr": 1e-07, "train.model": "no"}},
    )

    assert lockfile.parse_lock(LOCK) == {"train": expected}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_locks_that_say_the_same_have_one_fingerprint(text: str) -> None:
    assert lockfile.fingerprint(only(text)) == lockfile.fingerprint(only(LOCK))


@pytest.mark.parametrize(("old", "new"), OTHER.values(), ids=OTHER.keys())
def test_what_dvcs_run_cache_takes_as_its_key_changes_the_fingerprint(old: str, new: str) -> None:
    assert old in LOCK
    assert lockfile.fingerprint(only(LOCK.replace(old, new))) != lockfile.fingerprint(only(LOCK))


def test_a_fingerprint_never_changes_from_one_version_to_the_next() -> None:
    assert lockfile.fingerprint(only(LOCK)) == PINNED


def test_the_name_of_a_stage_is_no_part_of_its_fingerprint() -> None:
    renamed = LOCK.replace("  train:\n", "  fit@0:\n")

    assert lockfile.fingerprint(only(renamed)) == lockfile.fingerprint(only(LOCK))


@pytest.mark.parametrize(
    "kind",
    [{"etag": "1" * 32}, {"checksum": "1" * 32}, {"db": {"md5": "1" * 32}}],
    ids=["etag", "checksum", "fields"],
)
def test_a_hash_of_another_kind_is_another_dependency(kind: dict[str, Any]) -> None:
    base = entry(deps=[{"path": "a", "md5": "1" * 32}])

    assert lockfile.fingerprint(entry(deps=[{"path": "a", **kind}])) != lockfile.fingerprint(base)


def test_fields_of_an_unknown_kind_of_dependency_are_its_identity() -> None:
    one, two, three = (
        entry(deps=[{"path": "ds", "dataset": {"name": n, "rev": r}}])
        for n, r in [("a", "v1"), ("a", "v2"), ("a", "v1")]
    )

    assert lockfile.fingerprint(one) != lockfile.fingerprint(two)
    assert lockfile.fingerprint(one) == lockfile.fingerprint(three)


def test_a_command_may_be_a_list() -> None:
    assert entry(cmd=["a", "b"]).cmd == ("a", "b")
    assert lockfile.fingerprint(entry(cmd=["a", "b"])) != lockfile.fingerprint(entry(cmd="a b"))


@pytest.mark.parametrize("name", ["same@a", "same@0", "grid@a-0.1", "x-y_z", "1"])
def test_the_names_of_foreach_and_matrix_stages_are_kept(name: str) -> None:
    assert set(lockfile.parse_lock(f"schema: '2.0'\nstages:\n  {name}: {{cmd: x}}\n")) == {name}


@pytest.mark.parametrize("text", ["", "schema: '2.0'\n", "schema: '2.0'\nstages: {}\n", "# c\n"])
def test_a_lock_without_stages_is_empty(text: str) -> None:
    assert lockfile.parse_lock(text) == {}


def test_the_datasets_of_a_lock_are_no_stages() -> None:
    text = "schema: '2.0'\nstages: {a: {cmd: x}}\ndatasets: [{name: d, type: url}]\n"

    assert set(lockfile.parse_lock(text)) == {"a"}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_text_is_a_lockfile_error_that_names_the_file(text: str) -> None:
    with pytest.raises(LockfileError, match=r"^sub/dvc\.lock cannot be read: .+") as caught:
        lockfile.parse_lock(text, "sub/dvc.lock")

    assert caught.value.hint


def test_a_date_in_the_parameters_has_a_fingerprint() -> None:
    one = entry(params={"params.yaml": lockfile.yaml12.load("day: 2020-01-31")})

    assert lockfile.fingerprint(one) == lockfile.fingerprint(
        entry(params={"params.yaml": {"day": "2020-01-31"}})
    )


def test_parameters_with_keys_that_are_no_text_have_a_fingerprint() -> None:
    params = lockfile.yaml12.load("m: {2: a, true: b, null: c, x: d}")

    assert len(lockfile.fingerprint(entry(params={"params.yaml": params}))) == 64


@pytest.fixture(scope="module")
def folder_hash(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, str]], str]:
    """Give the files of a folder and the hash that `dvc add` gives it."""
    root = tmp_path_factory.mktemp("folder")
    names = ("a.txt", "a/b.txt", "a-b", "a b", "é.txt", "Z", "sub/deep/x", 'q"\\')
    for number, name in enumerate(names):
        (root / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "data" / name).write_text(str(number))
    for command in (["dvc", "init", "--quiet", "--no-scm"], ["dvc", "add", "--quiet", "data"]):
        subprocess.run(command, cwd=root, check=True, capture_output=True)
    (out,) = YAML(typ="safe").load((root / "data.dvc").read_text())["outs"]
    listed = YAML(typ="safe").load(next(root.glob(".dvc/cache/**/*.dir")).read_text())
    assert {item["relpath"] for item in listed} == set(names)
    return listed[::-1], out["md5"]


def test_a_folders_files_give_the_hash_that_dvc_add_gives(
    folder_hash: tuple[list[dict[str, str]], str],
) -> None:
    files, expected = folder_hash
    versions = [{**file, "size": 1, "version_id": "x"} for file in files]

    facts = entry(deps=[{"path": "data", "files": versions}])
    plain = entry(deps=[{"path": "data", "hash": "md5", "md5": expected, "nfiles": 8}])

    assert facts.deps == (FileFacts("data", expected),)
    assert lockfile.fingerprint(facts) == lockfile.fingerprint(plain)


def test_the_raw_files_of_a_dvc_file_are_read() -> None:
    text = """\
outs:
- {md5: 0123456789abcdef0123456789abcdef, size: 7, hash: md5, path: a.csv, remote: sample}
- {md5: 0123456789abcdef0123456789abcdef.dir, size: 8, nfiles: 2, path: folder}
"""
    digest = "0123456789abcdef0123456789abcdef"

    assert lockfile.parse_dvc_file(text, "x.dvc") == (
        TrackedFile("a.csv", digest, 7, "sample"),
        TrackedFile("folder", f"{digest}.dir", 8),
    )


def test_an_import_is_a_raw_file_too_and_its_working_directory_counts() -> None:
    text = """\
md5: 99
frozen: true
wdir: ..
deps: [{path: https://host/a.csv, etag: '"x"', size: 7}]
outs: [{md5: '11', path: a.csv}]
"""

    assert lockfile.parse_dvc_file(text, "x.dvc") == (TrackedFile("../a.csv", "11", None),)


@pytest.mark.parametrize("text", ["outs: x", "outs: [x]", "[]", "outs: [{md5: x}]", "a: [", "- a"])
def test_a_broken_dvc_file_is_a_lockfile_error(text: str) -> None:
    with pytest.raises(LockfileError, match=r"^x\.dvc cannot be read"):
        lockfile.parse_dvc_file(text, "x.dvc")


def test_parameters_of_several_stages_become_one_flat_sorted_map() -> None:
    one = entry(params={"params.yaml": {"train": {"lr": 0.1, "rf": {"n": 5}}, "seed": 1}})
    two = entry(params={"params.yaml": {"train.lr": 0.1, "evaluate.cut": [1, {"a": 2}]}})

    flat = lockfile.flat_params([(".", one), (".", two)])

    assert flat == {"evaluate.cut": [1, {"a": 2}], "seed": 1, "train.lr": 0.1, "train.rf.n": 5}
    assert list(flat) == sorted(flat)


@pytest.mark.parametrize(
    ("wdir", "file", "name"),
    [
        (".", "params.yaml", "lr"),
        ("sub", "../params.yaml", "lr"),
        ("sub", "params.yaml", "sub/params.yaml:lr"),
        (".", "config/a.toml", "config/a.toml:lr"),
        ("sub", "../config/a.toml", "config/a.toml:lr"),
        (".", "./params.yaml", "lr"),
    ],
)
def test_a_key_of_another_file_has_that_file_before_it(wdir: str, file: str, name: str) -> None:
    assert lockfile.flat_params([(wdir, entry(params={file: {"lr": 1}}))]) == {name: 1}


def test_nested_keys_of_another_file_are_joined_with_dots_after_the_file() -> None:
    facts = entry(params={"a.toml": {"x": {"y": 1}}})

    assert lockfile.flat_params([(".", facts)]) == {"a.toml:x.y": 1}


def test_an_empty_mapping_has_no_parameters_and_none_is_a_value() -> None:
    assert lockfile.flatten({"a": {}, "b": None, "c": []}) == {"b": None, "c": []}


def test_record_files_are_known_by_their_ending() -> None:
    assert lockfile.is_record("a/b.wherefrom.json")
    assert not lockfile.is_record("a/b.json")
    assert not lockfile.is_record("wherefrom.json")


def test_facts_are_frozen() -> None:
    facts = only(LOCK)

    assert replace(facts, cmd="other") != facts
    with pytest.raises(AttributeError):
        facts.cmd = "other"  # type: ignore[misc]
