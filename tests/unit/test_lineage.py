"""What a tree holds -> its results, each with its stages, its raw data and its gaps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from trees import declared, held, lock, md5, record, stage, tracked, written

from wherefrom import lineage

if TYPE_CHECKING:
    from wherefrom.lineage import Lineage

TRAIN, EVALUATE = "train.wherefrom.json", "evaluate.wherefrom.json"
PIPELINE = {
    "prepare": stage(["data/raw.csv"], ["clean.csv"], params={"params.yaml": {"split": 0.2}}),
    "train": stage(
        ["clean.csv", "train.py"],
        ["model", "cv.json", TRAIN],
        params={"params.yaml": {"lr": 0.1}, "other.toml": {"deep": {"er": 1}}},
    ),
    "evaluate": stage(["clean.csv", "model", TRAIN], ["metrics.json", EVALUATE]),
}
METRICS = {"train": ["cv.json"], "evaluate": ["metrics.json"]}
RAW = {"data/raw.csv.dvc": tracked("raw.csv", md5("data/raw.csv"), size=5)}


def finals(texts: dict[str, str]) -> dict[str, list[str]]:
    """Map the last stages of results to all of their stages."""
    return {
        result.final.address: [one.address for one in result.stages]
        for result in lineage.results(held(texts))
    }


def project(**changes: dict[str, Any]) -> dict[str, str]:
    """Give the pipeline, with the records of its training and its evaluation."""
    texts = {"dvc.lock": lock(**{**PIPELINE, **changes}), "dvc.yaml": declared(METRICS), **RAW}
    stages = held(texts).stages
    own = record("train", stages["train"].fingerprint)
    last = record("evaluate", stages["evaluate"].fingerprint)
    return {**texts, TRAIN: written(own), EVALUATE: written(last)}


def only(texts: dict[str, str]) -> Lineage:
    (result,) = lineage.results(held(texts))
    return result


# -- which results there are


def test_stages_that_follow_each_other_are_one_result() -> None:
    assert finals(project()) == {"evaluate": ["prepare", "train", "evaluate"]}


def test_stages_that_nothing_connects_are_results_of_their_own() -> None:
    texts = {
        "dvc.lock": lock(
            a=stage(["raw"], ["a"]), b=stage(["raw"], ["b"]), b2=stage(["b"], ["b.json"])
        ),
        "dvc.yaml": declared({"a": ["a"], "b2": ["b.json"]}),
    }

    assert finals(texts) == {"a": ["a"], "b2": ["b", "b2"]}


def test_what_follows_the_metrics_without_any_of_its_own_is_no_result() -> None:
    texts = project(plot=stage(["metrics.json"], ["plot.png"]))

    assert finals(texts) == {"evaluate": ["prepare", "train", "evaluate"]}


def test_metrics_on_the_way_belong_to_the_result_at_the_end() -> None:
    result = only(project())

    assert result.metric_files == (
        ("cv.json", md5("cv.json")),
        ("metrics.json", md5("metrics.json")),
    )


def test_without_any_metric_every_stage_that_nothing_follows_is_a_result() -> None:
    texts = {
        "dvc.lock": lock(
            a=stage(["raw"], ["x"]), b=stage(["x"], ["y"]), c=stage(["x"], ["z"]), d=stage()
        )
    }

    assert finals(texts) == {"b": ["a", "b"], "c": ["a", "c"], "d": ["d"]}


def test_a_stage_that_keeps_a_record_counts_as_one_with_metrics() -> None:
    texts = {"dvc.lock": lock(a=stage(["raw"], [TRAIN]), b=stage([TRAIN], ["y"]), c=stage())}

    assert finals(texts) == {"a": ["a"]}


def test_two_evaluations_of_one_training_are_two_results() -> None:
    texts = project(second=stage(["model", TRAIN], ["second.json", "second.wherefrom.json"]))

    assert finals(texts) == {
        "evaluate": ["prepare", "train", "evaluate"],
        "second": ["prepare", "train", "second"],
    }


def test_a_tree_without_stages_has_no_result() -> None:
    assert lineage.results(held({})) == ()
    assert lineage.results(held(RAW)) == ()


def test_a_result_of_several_files_of_stages_is_one() -> None:
    texts = {
        "a/dvc.lock": lock(prepare=stage(["../raw"], ["clean.csv"])),
        "b/dvc.lock": lock(train=stage(["../a/clean.csv"], ["m.json"])),
        "b/dvc.yaml": declared({"train": ["m.json"]}),
    }

    assert finals(texts) == {"b/dvc.yaml:train": ["a/dvc.yaml:prepare", "b/dvc.yaml:train"]}


@pytest.mark.parametrize(
    ("left", "read"),
    [
        ("x", "x"),
        ("folder", "folder/in/a.csv"),
        ("folder/in/a.csv", "folder"),
        ("work/v1.0/a.csv", "work/v1.0"),
        ("a.csv", "a.csv"),
    ],
    ids=["same", "inside_a_folder", "folder_around", "folder_with_a_dot", "file"],
)
def test_a_stage_follows_the_one_that_left_what_it_read_or_a_part_of_it(
    left: str, read: str
) -> None:
    texts = {"dvc.lock": lock(a=stage([], [left]), b=stage([read], ["end"]))}

    assert finals(texts) == {"b": ["a", "b"]}


@pytest.mark.parametrize(
    ("left", "read"), [("data", "data2"), ("data/a.csv", "data/a"), ("a/b", "b"), ("x.csv", "x")]
)
def test_what_only_begins_alike_connects_nothing(left: str, read: str) -> None:
    texts = {"dvc.lock": lock(a=stage([], [left]), b=stage([read], ["end"]))}

    assert finals(texts) == {"a": ["a"], "b": ["b"]}


def test_stages_stand_in_the_order_of_the_data_whatever_their_names() -> None:
    texts = {
        "dvc.lock": lock(
            a=stage(["d", "c"], ["a"]),
            b=stage(["e"], ["d"]),
            c=stage(["d"], ["c"]),
            d=stage([], ["e"]),
        )
    }
    result = only(texts)

    assert [one.address for one in result.stages] == ["d", "b", "c", "a"]
    assert list(result.fingerprints) == [one.fingerprint for one in reversed(result.stages)]
    assert {a: set(before) for a, before in result.before.items()} == {
        "d": set(),
        "b": {"d"},
        "c": {"b"},
        "a": {"b", "c"},
    }


def test_stages_that_lead_in_a_circle_come_to_an_end() -> None:
    """DVC refuses them, but a lock may have been merged by hand."""
    texts = {
        "dvc.lock": lock(a=stage(["b"], ["a"]), b=stage(["a", "b"], ["b"]), c=stage(["a"], ["m"])),
        "dvc.yaml": declared({"c": ["m"]}),
    }

    assert {address: set(stages) for address, stages in finals(texts).items()} == {
        "c": {"a", "b", "c"}
    }


def test_the_result_of_one_stage_ends_with_it() -> None:
    holding = held(project())

    result = lineage.result_of(holding, holding.stages["train"].address)

    assert [one.address for one in result.stages] == ["prepare", "train"]
    assert result.record is not None
    assert result.record.stage == "train"
    assert result.training is None
    with pytest.raises(KeyError):
        lineage.result_of(holding, "nowhere")  # type: ignore[arg-type]


# -- what belongs to it


def test_a_result_is_known_by_its_record_else_by_its_last_stage() -> None:
    texts = project()
    result = only(texts)
    bare = only({path: text for path, text in texts.items() if path != EVALUATE})

    assert result.record is not None
    assert result.key == result.record.record_id
    assert bare.key == bare.final.fingerprint == result.fingerprints[0]


def test_parameters_are_those_that_its_stages_ran_with() -> None:
    texts = project(aside=stage(["x"], ["y"], params={"params.yaml": {"aside": 1}}))

    assert only(texts).params == {"split": 0.2, "lr": 0.1, "other.toml:deep.er": 1}


def test_the_training_is_the_record_that_the_last_stage_read() -> None:
    result = only(project())

    assert result.record is not None
    assert result.training is not None
    assert (result.record.stage, result.training.stage) == ("evaluate", "train")


def test_models_are_what_the_training_left_beside_its_record_and_its_metrics() -> None:
    assert only(project()).models == ("model",)
    assert only({"dvc.lock": lock(a=stage([], ["model"]))}).models == ()


@pytest.mark.parametrize(
    ("dvc_file", "raw", "dep"),
    [
        ("data/raw.csv.dvc", "raw.csv", "data/raw.csv"),
        ("data.dvc", "data", "data"),
        ("data.dvc", "data", "data/in/raw.csv"),
        ("data/raw.csv.dvc", "raw.csv", "data"),
        ("data/v.2/raw.csv.dvc", "raw.csv", "data/v.2"),
        ("raw.csv.dvc", "raw.csv", "raw.csv"),
    ],
    ids=["file", "folder", "inside_a_folder", "folder_around", "with_a_dot", "at_the_root"],
)
def test_raw_data_are_what_dvc_files_hold_of_what_was_read(
    dvc_file: str, raw: str, dep: str
) -> None:
    texts = {
        "dvc.lock": lock(a=stage({dep: md5("read")}, ["x"]), b=stage(["x", "code.py"], ["y"])),
        dvc_file: tracked(raw, md5("read"), size=3),
        "other.csv.dvc": tracked("other.csv"),
    }
    result = only(texts)

    assert [item.dvc_file for item in result.raw] == [dvc_file]
    assert result.used == {dep: md5("read")}
    assert result.gaps == ()


def test_raw_data_that_several_stages_read_are_there_once() -> None:
    texts = {
        "dvc.lock": lock(a=stage(["raw.csv"], ["x"]), b=stage(["x", "raw.csv", "more.csv"], ["y"])),
        "raw.csv.dvc": tracked("raw.csv"),
        "more.csv.dvc": tracked("more.csv"),
    }

    assert [item.path for item in only(texts).raw] == ["raw.csv", "more.csv"]


# -- what is amiss


def test_a_whole_result_has_no_gap() -> None:
    assert only(project()).gaps == ()


def whats(texts: dict[str, str]) -> list[str]:
    gaps = only(texts).gaps
    assert all(gap.why and gap.remedy for gap in gaps)
    return [gap.what for gap in gaps]


def test_a_record_that_is_not_there_is_a_gap() -> None:
    texts = project()
    del texts[EVALUATE]

    assert whats(texts) == ["the record of evaluate is not here"]
    assert EVALUATE in only(texts).gaps[0].why


def test_a_training_record_that_is_not_there_is_a_gap() -> None:
    texts = project()
    del texts[TRAIN]

    assert whats(texts) == [f"{TRAIN} is not here"]


@pytest.mark.parametrize(
    ("name", "path"), [("evaluate", EVALUATE), ("train", TRAIN)], ids=["evaluation", "training"]
)
def test_a_record_of_other_inputs_than_the_locks_is_a_gap(name: str, path: str) -> None:
    texts = project()
    texts[path] = written(record(name, "0" * 64))

    assert whats(texts) == [f"the inputs in dvc.lock are not those that {name} started with"]


def test_a_training_that_the_result_does_not_rest_on_is_a_gap() -> None:
    texts = project()
    fingerprint = held(texts).stages["train"].fingerprint
    texts[TRAIN] = written(record("train", fingerprint, record_id="9" * 32))

    evaluated, trained = lineage.results(held(texts))

    (gap,) = evaluated.gaps
    assert gap.what == "the training in this tree is not the one that this result rests on"
    assert "9" * 32 in gap.why
    assert (evaluated.key, trained.key) == (only(project()).key, "9" * 32)


def test_neither_of_a_result_and_another_training_has_numbers_or_models_of_the_other() -> None:
    texts = project()
    fingerprint = held(texts).stages["train"].fingerprint
    texts[TRAIN] = written(record("train", fingerprint, record_id="9" * 32))

    evaluated, trained = lineage.results(held(texts))

    assert only(project()).models
    assert evaluated.models == ()
    assert trained.models == only(project()).models
    both = {path for path, _ in only(project()).metric_files}
    assert {p for p, _ in (*evaluated.metric_files, *trained.metric_files)} == both
    assert not set(evaluated.metric_files) & set(trained.metric_files)


def test_a_derived_result_rests_on_the_training_that_its_record_names() -> None:
    texts = project()
    stages = held(texts).stages
    derived = record(
        "evaluate",
        stages["evaluate"].fingerprint,
        record_id="8" * 32,
        relation="derived",
        derived_from="a" * 32,
    )

    assert whats({**texts, EVALUATE: written(derived)}) == []


def test_what_a_stage_read_and_the_one_before_did_not_leave_is_a_gap() -> None:
    read = {"clean.csv": md5("another"), "model": md5("model"), TRAIN: md5(TRAIN)}
    texts = project(evaluate=stage(read, ["metrics.json", EVALUATE]))

    assert whats(texts) == ["evaluate did not read the clean.csv that prepare left"]
    why = only(texts).gaps[0].why
    assert md5("another") in why
    assert md5("clean.csv") in why


def test_a_dvc_file_at_another_version_than_was_read_is_a_gap() -> None:
    texts = project() | {"data/raw.csv.dvc": tracked("raw.csv", md5("newer"))}

    (what,) = whats(texts)
    assert what == "data/raw.csv.dvc is not at the data/raw.csv that this result was made from"
    assert only(texts).used == {"data/raw.csv": md5("data/raw.csv")}


@pytest.mark.parametrize(
    ("given", "locked", "same"),
    [
        ("python a.py", "python a.py", True),
        ("python a.py  --x", "python a.py --x", True),
        ("python a.py ${lr}", "python a.py 0.1", True),
        ("python b.py", "python a.py", False),
        (["a", "b"], ["a", "b"], True),
        (["a", "c"], ["a", "b"], False),
    ],
)
def test_a_command_in_dvc_yaml_that_did_not_run_is_a_gap(
    given: object, locked: object, *, same: bool
) -> None:
    texts = {
        "dvc.lock": lock(train=stage(["a"], ["b"], cmd=locked)),
        "dvc.yaml": json.dumps({"stages": {"train": {"cmd": given}}}),
    }

    expected = "the command of train in dvc.yaml is not the one that it ran with"
    assert whats(texts) == ([] if same else [expected])


def test_what_cannot_be_read_in_the_tree_is_a_gap_of_each_of_its_results() -> None:
    assert whats(project() | {"broken.dvc": "outs: x"}) == ["broken.dvc cannot be read here"]
