"""The texts of a tree -> its stages, raw data and records, by their paths from the DVC root."""

from __future__ import annotations

import pytest
from test_record import BARE, RECORD
from trees import declared, held, lock, md5, stage, tracked, written

from wherefrom import holding
from wherefrom.holding import Holding, Raw

LOCK = lock(train=stage(["data/a.csv"], ["m.json", "model", "t.wherefrom.json"]))


@pytest.mark.parametrize(
    "path",
    [
        *("dvc.lock", "sub/dvc.lock", "dvc.yaml", "a/b/dvc.yaml", "a.csv.dvc", "x/.hidden.dvc"),
        *("train.wherefrom.json", "a b/é.wherefrom.json", "params.yaml"),
    ],
)
def test_what_says_how_results_were_made_is_a_fact(path: str) -> None:
    assert holding.is_fact(path)


@pytest.mark.parametrize(
    "path",
    [
        *(".dvc", "sub/.dvc", "dvc.lock.txt", "my-dvc.lock", "dvc.yml", "params.yml", "m.json"),
        *("dvc.yaml/x", "a.dvc/b", "wherefrom.json", "", "dvc"),
    ],
)
def test_other_files_are_none(path: str) -> None:
    assert not holding.is_fact(path)


def test_a_tree_without_facts_holds_nothing() -> None:
    assert held({}) == Holding()
    assert held({"dvc.yaml": "stages: {a: {cmd: x}}"}) == Holding()


def test_a_stage_has_its_files_its_metrics_and_its_record() -> None:
    found = held({"dvc.lock": LOCK, "dvc.yaml": declared({"train": ["m.json"]})})

    (train,) = found.stages.values()
    assert list(found.stages) == ["train"]
    assert (train.address, train.wdir) == ("train", ".")
    assert {path: file.hash for path, file in train.deps.items()} == {
        "data/a.csv": md5("data/a.csv")
    }
    assert list(train.outs) == ["m.json", "model", "t.wherefrom.json"]
    assert train.metrics == ("m.json",)
    assert train.record_path == "t.wherefrom.json"
    assert train.fingerprint == train.facts.fingerprint
    assert found.metric_files == (("m.json", md5("m.json")),)


def test_a_stage_without_a_record_has_no_path_of_one() -> None:
    (train,) = held({"dvc.lock": lock(train=stage(["a"], ["b"]))}).stages.values()

    assert train.record_path is None


@pytest.mark.parametrize(
    ("folder", "wdir", "path", "expected"),
    [
        ("", None, "a.csv", "a.csv"),
        ("", None, "./a//b/../c.csv", "a/c.csv"),
        ("", None, "folder/", "folder"),
        ("", None, ".hidden/a", ".hidden/a"),
        ("", "sub", "a.csv", "sub/a.csv"),
        ("", "sub", "../a.csv", "a.csv"),
        ("", "./sub/", "../other/a.csv", "other/a.csv"),
        ("", "sub", "../../a.csv", "../a.csv"),
        ("sub", None, "a.csv", "sub/a.csv"),
        ("sub", None, "../a.csv", "a.csv"),
        ("sub", ".", "a.csv", "sub/a.csv"),
        ("sub", "..", "a.csv", "a.csv"),
        ("sub", "..", "sub/a.csv", "sub/a.csv"),
        ("sub", "in", "../a b é.csv", "sub/a b é.csv"),
        ("a/b", "../c", "d/e.csv", "a/c/d/e.csv"),
        ("sub", "in", "s3://bucket/../a", "s3://bucket/../a"),
        ("sub", "in", "https://host/a.csv", "https://host/a.csv"),
        ("", None, "/mnt/a.csv", "/mnt/a.csv"),
    ],
)
def test_paths_are_seen_from_the_dvc_root(
    folder: str, wdir: str | None, path: str, expected: str
) -> None:
    place = f"{folder}/" if folder else ""
    texts = {
        f"{place}dvc.lock": lock(train=stage([path], [path])),
        f"{place}dvc.yaml": declared({"train": [path]}, {"train": wdir} if wdir else {}),
    }

    (train,) = held(texts).stages.values()

    assert list(train.deps) == list(train.outs) == list(train.metrics) == [expected]
    assert train.address == (f"{folder}/dvc.yaml:train" if folder else "train")


def test_stages_of_several_files_and_of_lists_have_addresses_of_their_own() -> None:
    texts = {
        "dvc.lock": lock(**{"train": stage(), "each@a": stage(), "grid@0.1-b": stage()}),
        "sub/dvc.lock": lock(train=stage()),
        "sub/deep/dvc.lock": lock(train=stage()),
    }

    assert set(held(texts).stages) == {
        *("train", "each@a", "grid@0.1-b"),
        *("sub/dvc.yaml:train", "sub/deep/dvc.yaml:train"),
    }


def test_a_stage_of_a_list_works_in_its_own_folder() -> None:
    texts = {
        "dvc.lock": lock(**{"each@a": stage(["in"], ["out"])}),
        "dvc.yaml": "stages: {each: {foreach: [a], do: {cmd: x, wdir: 'd/${item}'}}}",
    }

    (each,) = held(texts).stages.values()

    assert (each.wdir, list(each.deps), list(each.outs)) == ("d/a", ["d/a/in"], ["d/a/out"])


def test_metrics_are_those_of_the_stage_and_those_of_the_whole_file() -> None:
    texts = {
        "sub/dvc.lock": lock(
            train=stage([], ["a.json", "b.json", "c.json", "d_1.json", "r.wherefrom.json"])
        ),
        "sub/dvc.yaml": """\
metrics: [in/b.json, elsewhere.json]
stages:
  train:
    wdir: in
    metrics: [a.json: {cache: false}, 'd_${item}.json', r.wherefrom.json]
""",
    }

    (train,) = held(texts).stages.values()

    assert train.metrics == ("sub/in/a.json", "sub/in/b.json", "sub/in/d_1.json")


@pytest.mark.parametrize("folder", ["", "sub/"])
def test_templates_take_the_parameters_beside_their_dvc_yaml(folder: str) -> None:
    yaml = "stages: {a: {wdir: '${base}', metrics: ['${m}']}}"
    texts = {
        f"{folder}dvc.lock": lock(a=stage([], ["m.json", "model.bin", "data.csv"])),
        f"{folder}dvc.yaml": yaml,
        f"{folder}params.yaml": "base: in\nm: m.json\n",
    }

    (found,) = held(texts).stages.values()
    assert found.metrics == (f"{folder}in/m.json",)

    (found,) = held(texts | {f"{folder}params.yaml": "["}).stages.values()
    assert len(found.metrics) == 3


def test_a_record_is_no_metric_however_metrics_are_declared() -> None:
    texts = {
        "dvc.lock": lock(train=stage([], ["a.json", "r.wherefrom.json"])),
        "dvc.yaml": "{stages: {train: {metrics: ['${x}.json']}}, metrics: [r.wherefrom.json]}",
    }

    (train,) = held(texts).stages.values()

    assert train.metrics == ("a.json",)


def test_raw_data_have_the_paths_hashes_and_sizes_of_their_dvc_files() -> None:
    texts = {
        "data/a.csv.dvc": tracked("a.csv", size=7, hash="md5", remote="far"),
        "data/folder.dvc": tracked("folder", f"{md5('f')}.dir", size=9, nfiles=2),
        "root.csv.dvc": tracked("root.csv"),
        "deep/er/x.dvc": "wdir: ..\n" + tracked("x.csv"),
        "many.dvc": "outs:\n- {md5: '1', path: one}\n- {md5: '2', path: two}\n",
        "empty.dvc": "outs: []\n",
    }

    assert held(texts).raw == {
        "data/a.csv": Raw("data/a.csv", md5("a.csv"), 7, "data/a.csv.dvc", "far"),
        "data/folder": Raw("data/folder", f"{md5('f')}.dir", 9, "data/folder.dvc"),
        "root.csv": Raw("root.csv", md5("root.csv"), None, "root.csv.dvc"),
        "deep/x.csv": Raw("deep/x.csv", md5("x.csv"), None, "deep/er/x.dvc"),
        "one": Raw("one", "1", None, "many.dvc"),
        "two": Raw("two", "2", None, "many.dvc"),
    }


def test_records_are_read_by_their_paths() -> None:
    texts = {"a.wherefrom.json": written(RECORD), "sub/b.wherefrom.json": written(BARE)}

    assert held(texts).records == {"a.wherefrom.json": RECORD, "sub/b.wherefrom.json": BARE}


DAMAGED = {
    "dvc.lock": "stages: [",
    "sub/dvc.lock": "a: b",
    "data/b.csv.dvc": "outs: x",
    "data/c.csv.dvc": "<<<<<<< HEAD\nouts: []\n",
    "b.wherefrom.json": "{",
    "c.wherefrom.json": '{"record": [{"schema": 99}]}',
}


@pytest.mark.parametrize(("path", "text"), DAMAGED.items(), ids=DAMAGED.keys())
def test_a_text_that_is_damaged_is_a_gap_and_the_rest_is_answered(path: str, text: str) -> None:
    good = {
        "good/dvc.lock": LOCK,
        "data/a.csv.dvc": tracked("a.csv"),
        "a.wherefrom.json": written(BARE),
    }
    whole = held(good)

    found = held({**good, path: text})

    (gap,) = found.gaps
    assert gap.what == f"{path} cannot be read here"
    assert gap.why
    assert gap.remedy
    assert (found.stages, found.raw, found.records) == (whole.stages, whole.raw, whole.records)
    assert whole.gaps == ()


def test_a_dvc_yaml_that_is_damaged_is_named_and_takes_its_stages_alone() -> None:
    found = held({"dvc.lock": LOCK, "dvc.yaml": "a: [", "sub/dvc.lock": LOCK})

    assert [gap.what for gap in found.gaps] == ["dvc.yaml cannot be read here"]
    assert list(found.stages) == ["sub/dvc.yaml:train"]


def test_all_damage_is_named() -> None:
    assert len(held(DAMAGED).gaps) == len(DAMAGED)


def test_the_order_of_the_texts_makes_no_difference() -> None:
    texts = {**DAMAGED, "x/dvc.lock": LOCK, "a.dvc": tracked("a"), "b.dvc": tracked("b")}

    assert held(dict(reversed(texts.items()))) == held(texts)
