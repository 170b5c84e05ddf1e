"""The tags that every run carries from the moment it starts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wherefrom import tags
from wherefrom.lockfile import StageFacts, fingerprint
from wherefrom.record import EnvironmentFacts, Gap, GitFacts
from wherefrom.sources.dvc_running import RawInput, RunningStage

FACTS = StageFacts("train", "python src/train.py")
RAW = RawInput("data/a.csv", "1" * 32, "data/a.csv.dvc", None)
STAGE = RunningStage(
    address="train",
    facts=FACTS,
    deps={"data/a.csv": "1" * 32, "src/train.py": "2" * 32, "x.wherefrom.json": "3", "gone": None},
    outs=(),
    raw=(RAW,),
    params_of=(),
    metrics_before=(),
    outputs_of_all=frozenset(),
    inputs_of_all=frozenset(),
    gaps=(),
)
GIT = GitFacts("4" * 40, "main", False)
ENVIRONMENT = EnvironmentFacts("5" * 64, "6" * 64, True, "3.11", "linux", "CPU", None)
EXPERIMENT = ("exp-1", "7" * 40)


def test_a_run_carries_the_tags_of_the_contract() -> None:
    given = tags.stage_tags("a" * 32, tags.running(STAGE), GIT, ENVIRONMENT, EXPERIMENT)

    assert given == {
        "wherefrom.record_id": "a" * 32,
        "dvc.stage": "train",
        "dvc.stage.fingerprint": fingerprint(FACTS),
        "dvc.exp.name": "exp-1",
        "dvc.exp.baseline": "7" * 40,
        "dvc.data.data/a.csv": "1" * 32,
        "dvc.dep.data/a.csv": "1" * 32,
        "dvc.dep.src/train.py": "2" * 32,
        "git.commit": "4" * 40,
        "git.branch": "main",
        "git.dirty": "false",
        "mlflow.source.git.commit": "4" * 40,
        "env.lock": "6" * 64,
        "env.matches_lock": "true",
        "env.digest": "5" * 64,
        "env.python": "3.11",
        "env.platform": "linux",
        "env.cpu": "CPU",
    }


def test_what_is_not_known_has_no_tag() -> None:
    bare = replace(ENVIRONMENT, lock=None, matches_lock=None, cpu=None)
    given = tags.stage_tags(
        "a" * 32, tags.running(STAGE), GitFacts(None, None, True), bare, (None, None)
    )

    unknown = {"dvc.exp.name", "dvc.exp.baseline", "git.commit", "git.branch", "env.lock"}
    assert not unknown & set(given)
    assert not {value for value in given.values() if value in {"None", "unknown", ""}}


def test_an_odd_path_is_escaped_and_kept() -> None:
    odd = replace(STAGE, raw=(replace(RAW, path="data/a (1)+é.csv"),), deps={})
    given = tags.stage_tags("a" * 32, tags.running(odd), GIT, ENVIRONMENT, (None, None))

    assert given["dvc.data.data/a _x28_1_x29__x2B__xE9_.csv"] == "1" * 32


def hashes(raws: tuple[RawInput, ...]) -> dict[str, str | None]:
    return {raw.path: raw.hash for raw in raws}


FOLDER = RawInput("data/folder", "8" * 32 + ".dir", "data/folder.dvc", None)


@pytest.mark.parametrize(
    ("raws", "path", "expected"),
    [
        ((RAW, FOLDER), "data/a.csv", "1" * 32),
        ((RAW, FOLDER), "data/folder", "8" * 32 + ".dir"),
        ((RAW, FOLDER), "data/folder/x.csv", "8" * 32 + ".dir"),
        ((RAW,), None, "1" * 32),
        ((RAW,), "./data/../data/a.csv", "1" * 32),
    ],
    ids=["file", "folder", "in_a_folder", "the_only_one", "not_normal"],
)
def test_the_data_hash_is_dvcs_of_the_raw_table(
    raws: tuple[RawInput, ...], path: str | None, expected: str
) -> None:
    assert tags.data_hash(hashes(raws), path) == ({"data_hash": expected}, ())


def test_of_several_raw_inputs_none_is_guessed() -> None:
    assert tags.data_hash(hashes((RAW, FOLDER)), None) == ({}, ())


@pytest.mark.parametrize("raws", [(), (FOLDER,), (replace(RAW, hash=None),)])
def test_a_table_that_dvc_does_not_track_is_a_gap_that_says_dvc_add(
    raws: tuple[RawInput, ...],
) -> None:
    found, (gap,) = tags.data_hash(hashes(raws), "data/a.csv")

    assert found == {}
    assert "dvc add data/a.csv" in gap.remedy


def test_gaps_are_one_tag_and_no_gaps_are_none() -> None:
    one, two = Gap("a", "b", "c"), Gap("d", "e", "f")

    assert tags.gaps_tag([one, two]) == {"wherefrom.gaps": "a: b; c\nd: e; f"}
    assert tags.gaps_tag([]) == {}
    assert len(tags.gaps_tag([one] * 9_000)["wherefrom.gaps"]) == 8_000
