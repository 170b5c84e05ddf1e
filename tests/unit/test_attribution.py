"""Whether a commit holds what its lock says was read and left: checked, not believed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from trees import declared, held, lock, stage, tracked

from wherefrom import attribution, lineage
from wherefrom.lockfile import folder_hash

if TYPE_CHECKING:
    from wherefrom.lineage import Lineage

CODE, TOOL = b"print('train')\n", b"import x\n"


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


FOLDER = {"src/a.py": b"a", "src/deep/b.py": b"b"}
WHOLE = folder_hash(
    {"md5": md5(content), "relpath": path.removeprefix("src/")} for path, content in FOLDER.items()
)
LOCK = {
    "prepare": stage(
        {"data/raw.csv": "1" * 32, "tool.py": md5(TOOL)}, {"clean": "2" * 32 + ".dir"}
    ),
    "train": stage(
        {
            "clean/a.csv": "3" * 32,
            "train.py": md5(CODE),
            "src": WHOLE,
            "x.wherefrom.json": "4" * 32,
            "s3://bucket/a": "5" * 32,
            "folder": "6" * 32,
        },
        {"model": "7" * 32, "m.json": md5(b"{}"), "plots": "8" * 32 + ".dir"},
        params={"params.yaml": {"lr": 0.1, "deep": {"er": [1, 2]}}},
    ),
}
GOOD = {"train.py": CODE, "tool.py": TOOL, **FOLDER}


def result(texts: dict[str, str] | None = None, **stages: dict[str, Any]) -> Lineage:
    given = {
        "dvc.lock": lock(**{**LOCK, **stages}),
        "dvc.yaml": declared({"train": ["m.json"]}),
        "data/raw.csv.dvc": tracked("raw.csv", "1" * 32),
        "folder/in/x.dvc": tracked("x", "9" * 32),
        **(texts or {}),
    }
    return lineage.results(held(given))[-1]


def test_code_is_what_neither_a_stage_nor_a_dvc_file_nor_another_host_gives() -> None:
    found = attribution.sources(result())

    assert {path: (stage.address, value) for path, (stage, value) in found.items()} == {
        "tool.py": ("prepare", md5(TOOL)),
        "train.py": ("train", md5(CODE)),
        "src": ("train", WHOLE),
    }


@pytest.mark.parametrize(
    "dep",
    [{"path": "a.py"}, {"path": "a.py", "etag": "1"}, {"path": "a.py", "checksum": "1"}],
    ids=["no_hash", "etag", "checksum"],
)
def test_a_dependency_whose_hash_is_no_md5_cannot_be_compared(dep: dict[str, str]) -> None:
    text = json.dumps({"schema": "2.0", "stages": {"a": {"cmd": "x", "deps": [dep]}}})

    assert attribution.sources(result({"dvc.lock": text, "dvc.yaml": ""})) == {}


def checked(contents: dict[str, bytes]) -> list[str]:
    wanted = attribution.sources(result())
    found = list(attribution.check(wanted, attribution.hashes_of(wanted, contents), "abc1234"))
    assert all(gap.why.startswith("dvc.lock says ") and gap.remedy for gap in found)
    return [gap.what for gap in found]


def test_a_commit_that_holds_what_was_read_has_no_gap() -> None:
    assert checked(GOOD) == []
    assert checked({**GOOD, "src2/c.py": b"c", "srca": b"x"}) == []


def test_text_with_the_line_ends_of_windows_is_what_older_dvcs_hashed() -> None:
    assert checked({**GOOD, "train.py": CODE.replace(b"\n", b"\r\n")}) == []


@pytest.mark.parametrize(
    ("path", "content"),
    [("train.py", CODE + b" "), ("src/deep/b.py", b"B"), ("src/new.py", b"")],
    ids=["file", "file_in_a_folder", "more_in_a_folder"],
)
def test_other_bytes_than_were_read_are_a_gap(path: str, content: bytes) -> None:
    name = "src" if path.startswith("src") else path

    assert checked({**GOOD, path: content}) == [f"{name} in abc1234 is not what train read"]


def test_less_in_a_folder_than_was_read_is_a_gap() -> None:
    assert checked({path: c for path, c in GOOD.items() if path != "src/a.py"}) == [
        "src in abc1234 is not what train read"
    ]


def test_a_folder_that_was_hashed_with_its_caches_is_told_how_to_be_hashed_without() -> None:
    cached = {**FOLDER, "src/__pycache__/a.cpython-311.pyc": b"c"}
    files = [{"md5": md5(c), "relpath": path.removeprefix("src/")} for path, c in cached.items()]
    train = stage({"src": folder_hash(files), "train.py": md5(b"another")}, {"model": "7" * 32})
    wanted = attribution.sources(result(train=train))

    gaps = attribution.check(wanted, attribution.hashes_of(wanted, GOOD), "abc1234")

    told = {gap.what.split(" ")[0]: "`__pycache__/`, `*.pyc`" in gap.remedy for gap in gaps}
    assert told == {"src": True, "train.py": False}


def test_what_is_not_in_the_commit_is_a_gap() -> None:
    assert checked({"tool.py": TOOL, **FOLDER}) == ["train.py, which train read, is not in abc1234"]
    assert checked({"tool.py": TOOL, "train.py": CODE}) == [
        "src, which train read, is not in abc1234"
    ]
    assert len(checked({})) == 3


def test_outputs_that_git_keeps_are_those_of_single_files() -> None:
    found = attribution.kept(result())

    assert {path: value for path, (_, value) in found.items()} == {
        "model": "7" * 32,
        "m.json": md5(b"{}"),
    }


def test_an_output_that_was_edited_is_a_gap_and_one_that_git_does_not_keep_is_none() -> None:
    kept = attribution.kept(result())

    assert list(attribution.edited(kept, {"m.json": b"{}"}, "here")) == []
    assert list(attribution.edited(kept, {}, "here")) == []
    (gap,) = attribution.edited(kept, {"m.json": b'{"a": 1}', "plots": b"x"}, "here")
    assert gap.what == "m.json in here is not what train left"
    assert "--force train" in gap.remedy


PARAMS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "same": ({"lr": 0.1, "deep": {"er": [1, 2]}, "unused": 1}, []),
    "key_with_a_dot": ({"lr": 0.1, "deep": {"er": [1, 2]}, "a.b": 1}, []),
    "another_value": ({"lr": 0.2, "deep": {"er": [1, 2]}}, ["lr"]),
    "another_value_below": ({"lr": 0.1, "deep": {"er": [2, 1]}}, ["deep"]),
    "gone": ({"deep": {"er": [1, 2]}}, ["lr"]),
    "all": ({}, ["lr", "deep"]),
}


@pytest.mark.parametrize(("params", "wrong"), PARAMS.values(), ids=PARAMS.keys())
def test_parameters_that_no_stage_ran_with_are_a_gap(
    params: dict[str, Any], wrong: list[str]
) -> None:
    contents = {"params.yaml": json.dumps(params).encode()}
    found = list(attribution.other_params(result(), contents, "here"))

    named = f"{', '.join(wrong)} in here is not what train ran with"
    assert [gap.what for gap in found] == ([named] if wrong else [])


@pytest.mark.parametrize(
    ("key", "params", "same"),
    [
        ("a.b", {"a": {"b": 1}}, True),
        ("a.b", {"a.b": 1}, True),
        ("a.b", {"a": 1}, False),
        ("a.b.c", {"a": {"b": 1}}, False),
        ("a.b", {"a": {"b": 2}}, False),
    ],
)
def test_a_key_of_a_lock_may_lie_deeper_in_the_file(
    key: str, params: dict[str, Any], *, same: bool
) -> None:
    stages = {"train": stage(["x"], ["m.json"], params={"params.yaml": {key: 1}})}

    contents = {"params.yaml": json.dumps(params).encode()}
    found = list(attribution.other_params(result(**stages), contents, "here"))

    assert (found == []) is same


FILES = {
    "other.yaml": "lr: {v}\n",
    "conf/a.json": '{{"lr": {v}}}',
    "a.toml": "lr = {v}\n",
    "a.py": "import os\nlr = {v}\nhome = os.sep\n",
    "noname": "lr: {v}\n",
}


@pytest.mark.parametrize("wdir", [".", "sub"])
@pytest.mark.parametrize(("file", "text"), FILES.items(), ids=FILES.keys())
def test_parameters_of_any_file_that_no_stage_ran_with_are_a_gap(
    file: str, text: str, wdir: str
) -> None:
    stages = {"train": stage(["x"], ["m.json"], params={file: {"lr": 1}})}
    path = file if wdir == "." else f"{wdir}/{file}"
    found = result({"dvc.yaml": declared({"train": ["m.json"]}, {"train": wdir})}, **stages)

    def gaps(**contents: str) -> list[str]:
        given = {path: content.encode() for path, content in contents.items()}
        return [gap.why for gap in attribution.other_params(found, given, "here")]

    edited = f"{path} was edited, and the stage did not run again"
    assert gaps(**{path: text.format(v=1), "params.yaml": "lr: 2"}) == []
    assert gaps(**{path: text.format(v=2)}) == [edited]
    assert gaps(**{path: "{"}) == gaps() == [edited]


def test_parameters_of_python_are_literals_of_the_module_its_classes_and_their_objects() -> None:
    text = """\
rates: list = [1, 2]
class Train:
    depth = 3
    def __init__(self):
        self.seed = (4, 5)
        seed = 6
"""
    keys = {"rates": [1, 2], "Train.depth": 3, "Train.seed": [4, 5], "rates.1": 2}
    stages = {"train": stage(["x"], ["m.json"], params={"a.py": keys})}

    assert list(attribution.other_params(result(**stages), {"a.py": text.encode()}, "here")) == []
