"""The run that the ledger tells of is the run that was: its tags, parameters, metrics and times."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from trees import declared, held, lock, md5, record, stage, tracked, written

from wherefrom import card, ledger_run, lineage, tags
from wherefrom import record as records
from wherefrom.ledger_run import REBUILT
from wherefrom.record import EnvironmentFacts, Gap, GitFacts
from wherefrom.sources.dvc_running import RawInput, RunningStage

if TYPE_CHECKING:
    from wherefrom.holding import Holding
    from wherefrom.ledger_run import LedgerRun
    from wherefrom.lineage import Lineage
    from wherefrom.record import Record

TRAIN, EVALUATE = "results/train.wherefrom.json", "results/evaluate.wherefrom.json"
RAW = {"data/raw (1).csv": md5("raw"), "data/more": md5("more") + ".dir"}
TEXTS = {
    "dvc.lock": lock(
        prepare=stage(RAW, ["clean"], params={"params.yaml": {"split": 0.2}}),
        train=stage(
            ["clean", "src/train.py"],
            ["model", "cv.json", TRAIN],
            params={"params.yaml": {"train.lr": 1e-07, "on": True, "none": None, "list": [1, "a"]}},
        ),
        evaluate=stage(["clean", "model", TRAIN, "src/evaluate.py"], ["metrics.json", EVALUATE]),
    ),
    "dvc.yaml": declared({"train": ["cv.json"], "evaluate": ["metrics.json"]}),
    "data/raw (1).csv.dvc": tracked("raw (1).csv", md5("raw"), size=3),
    "data/more.dvc": tracked("more", md5("more") + ".dir"),
}
GIT = GitFacts("1" * 40, "main", True, "2" * 40)
LATER = GitFacts("3" * 40, None, False)
ENVIRONMENT = EnvironmentFacts("4" * 64, "5" * 64, True, "3.11.7", "linux", "CPU", "openblas")
OTHER = replace(ENVIRONMENT, digest="6" * 64, lock=None, matches_lock=None, blas=None)
GAP = Gap("what", "why", "remedy")
METRICS = {"test.f1": 0.5, "odd (name)": 1.0}


def running(holding: Holding, address: str) -> RunningStage:
    """Give a stage as DVC told it while it ran, from what its lock told afterwards."""
    told = holding.stages[address]  # type: ignore[index]
    raw = (RawInput(item.path, item.hash, item.dvc_file, None) for item in holding.raw.values())
    return RunningStage(
        address=told.address,
        facts=told.facts,
        deps={path: dep.hash for path, dep in told.deps.items()},
        outs=(),
        raw=tuple(raw),
        params_of=(),
        metrics_before=(),
        outputs_of_all=frozenset(),
        inputs_of_all=frozenset(),
        gaps=(),
    )


def print_of(address: str) -> str:
    return held(TEXTS).stages[address].fingerprint  # type: ignore[index]


TRAINED = record(
    "train",
    print_of("train"),
    git=GIT,
    environment=ENVIRONMENT,
    started=1_000,
    ended=2_000,
    experiment="exp-1",
    baseline="7" * 40,
    gaps=(GAP,),
)
EVALUATED = replace(TRAINED, stage="evaluate", started=3_000, ended=4_000, git=LATER, gaps=())
OWN = replace(EVALUATED, fingerprint=print_of("evaluate"))  # type: ignore[arg-type]
DERIVED = replace(
    OWN,
    record_id="8" * 32,  # type: ignore[arg-type]
    relation="derived",
    derived_from=TRAINED.record_id,
    environment=OTHER,
    experiment=None,
    baseline=None,
)


def tree(last: Record | None) -> Holding:
    kept = {EVALUATE: written(last)} if last else {}
    return held({**TEXTS, TRAIN: written(TRAINED), **kept})


def rebuilt(last: Record, data_path: str | None = None) -> LedgerRun:
    """Give the run of an evaluation, as `wherefrom sync` asks for it."""
    holding = tree(last)
    (result,) = lineage.results(holding)
    training = lineage.result_of(holding, "train") if last.relation == "own" else None  # type: ignore[arg-type]
    return ledger_run.of_result(result, training, METRICS, data_path)


def live(address: str, one: Record) -> dict[str, str]:
    """Give the tags that a tracked stage sets as it starts (see `wherefrom.tracking`)."""
    subject = tags.running(running(tree(OWN), address))
    inside = (one.experiment, one.baseline)
    named = tags.stage_tags(one.record_id, subject, one.git, one.environment, inside)
    return named | tags.of_source(subject)


def test_the_stage_that_a_lock_tells_of_is_the_one_that_ran() -> None:
    holding = tree(OWN)
    result: Lineage = lineage.results(holding)[0]

    assert tags.recorded(result) == tags.running(running(holding, "evaluate"))


def test_an_own_result_has_the_tags_of_its_training_and_of_its_evaluation() -> None:
    expected = live("train", TRAINED)
    expected |= {"wherefrom.relation": "own"} | tags.gaps_tag([GAP])
    expected |= tags.of_evaluation(live("evaluate", OWN))

    assert rebuilt(OWN).tags == expected | card.described(expected) | REBUILT
    assert expected["dvc.stage"] == "train"
    assert expected["git.snapshot"] == "2" * 40
    assert expected["wherefrom.evaluate.stage"] == "evaluate"
    assert expected["wherefrom.evaluate.git.commit"] == "3" * 40
    assert expected["dvc.exp.name"] == "exp-1"


def test_the_gaps_of_an_evaluation_come_before_those_of_its_training() -> None:
    other = Gap("another", "why", "remedy")

    found = rebuilt(replace(OWN, gaps=(other,))).tags["wherefrom.gaps"]

    assert found == tags.gaps_tag([other])["wherefrom.gaps"]


def test_a_derived_result_has_the_tags_of_its_evaluation_alone() -> None:
    expected = live("evaluate", DERIVED)
    expected |= {"wherefrom.relation": "derived", "wherefrom.derived_from": TRAINED.record_id}

    assert rebuilt(DERIVED).tags == expected | card.described(expected) | REBUILT
    assert not {name for name in expected if name.startswith(("wherefrom.evaluate", "dvc.exp"))}
    assert not {"env.lock", "env.blas", "git.branch"} & set(expected)


@pytest.mark.parametrize("path", ["data/raw (1).csv", "./data/raw (1).csv"])
def test_the_data_hash_is_that_of_the_table_that_the_parameters_name(path: str) -> None:
    for last in (OWN, DERIVED):
        found = rebuilt(last, path).tags
        assert found["data_hash"] == md5("raw")
        assert found["dvc.data.data/raw _x28_1_x29_.csv"] == md5("raw")
        assert found["dvc.data.data/more"] == md5("more") + ".dir"


@pytest.mark.parametrize("path", [None, "elsewhere.csv"])
def test_of_several_tables_none_is_guessed(path: str | None) -> None:
    assert "data_hash" not in rebuilt(OWN, path).tags


def test_a_run_lasts_from_the_start_of_the_training_to_the_end_of_the_evaluation() -> None:
    assert (rebuilt(OWN).started, rebuilt(OWN).ended) == (1_000, 4_000)
    assert (rebuilt(DERIVED).started, rebuilt(DERIVED).ended) == (3_000, 4_000)


def test_parameters_and_metrics_are_in_the_form_that_mlflow_takes() -> None:
    run = rebuilt(OWN)

    assert run.params == {
        "split": "0.2",
        "train.lr": "1e-07",
        "on": "True",
        "none": "None",
        "list": '[1, "a"]',
    }
    assert run.metrics == {"test.f1": 0.5, "odd _x28_name_x29_": 1.0}


def test_parameters_and_records_are_files_of_the_run() -> None:
    files = rebuilt(OWN).files

    assert json.loads(files["params.json"])["train.lr"] == 1e-07
    assert set(files) == {"params.json", "train.wherefrom.json", "evaluate.wherefrom.json"}
    assert records.from_text(files["train.wherefrom.json"], "x") == TRAINED
    assert records.from_text(files["evaluate.wherefrom.json"], "x") == OWN
    assert "mlflow_run_id" not in json.loads(files["train.wherefrom.json"])


def test_a_derived_run_keeps_its_own_record() -> None:
    assert set(rebuilt(DERIVED).files) == {"params.json", "evaluate.wherefrom.json"}
    assert rebuilt(DERIVED).record == DERIVED


def test_a_training_that_was_not_evaluated_is_a_run_of_its_own() -> None:
    result = lineage.result_of(tree(OWN), "train")  # type: ignore[arg-type]

    run = ledger_run.of_result(result, None, {}, None)

    assert run.record == TRAINED
    expected = live("train", TRAINED) | {"wherefrom.relation": "own"} | tags.gaps_tag([GAP])
    assert run.tags == expected | card.described(expected) | REBUILT
    assert (run.started, run.ended) == (1_000, 2_000)


def test_a_result_without_a_record_has_no_run_in_the_ledger() -> None:
    (result,) = lineage.results(tree(None))

    with pytest.raises(LookupError):
        ledger_run.of_result(result, None, {}, None)


def test_odd_values_are_kept() -> None:
    odd: dict[str, Any] = {"params.yaml": {"a b": {"c": float("inf")}, "day": "2020-01-01"}}
    texts = {"dvc.lock": lock(train=stage(["x"], [TRAIN], params=odd))}
    fingerprint = held(texts).stages["train"].fingerprint  # type: ignore[index]
    (result,) = lineage.results(held({**texts, TRAIN: written(record("train", fingerprint))}))

    run = ledger_run.of_result(result, None, {}, None)

    assert run.params == {"a b.c": "inf", "day": "2020-01-01"}
