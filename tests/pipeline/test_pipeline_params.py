"""params.yaml: what is accepted, and what is said about what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pipeline_projects import ROOT, change
from pydantic import ValidationError

from pipeline.errors import InputError
from pipeline.params.evaluate import EvaluateParams
from pipeline.params.featurize import FeaturizeParams
from pipeline.params.prepare import PrepareParams
from pipeline.params.section import ParamsError, load_params
from pipeline.params.train import TrainParams
from pipeline.params.whole import Params, check_params

if TYPE_CHECKING:
    from pathlib import Path

NOT_FOR_REGRESSION = {"data.task": "regression", "data.positive": None}
PATH = "allowed is the path of a .csv, .tsv or .parquet file below the project; put it there"

WRONG = [
    ("prepare.sed", 1, "unknown key (did you mean 'seed'?); allowed: test_size, seed"),
    ("dat", {}, "unknown key (did you mean 'data'?); allowed: data, prepare, featurize"),
    ("train.random_forest.depth", 3, "unknown key (did you mean 'max_depth'?); allowed: n_est"),
    ("prepare.test_size", 1, "got 1; allowed is a share of the rows, above 0 and below 1"),
    ("prepare.test_size", 0.0, "got 0.0; allowed is a share"),
    ("prepare.test_size", "0.2", "got '0.2'; allowed is a share"),
    ("prepare.seed", -1, "got -1; allowed is an integer from 0 to 4294967295"),
    ("prepare.seed", 2**32, "got 4294967296; allowed is an integer from 0"),
    ("prepare.seed", 1.0, "got 1.0; allowed is an integer"),
    ("train.seed", None, "got None; allowed is an integer"),
    ("train.folds", 1, "got 1; allowed is an integer of at least 2"),
    ("train.model", "random_forrest", "got 'random_forrest' (did you mean 'random_forest'?)"),
    ("train.model", "svm", "got 'svm'; allowed is random_forest, logistic_regression, linear"),
    ("train.random_forest", None, "got None; allowed is a section with the keys n_estimators"),
    ("train.random_forest.max_features", 0, "got 0; allowed is sqrt, log2, or a share"),
    ("train.random_forest.max_features", "sqr", "got 'sqr' (did you mean 'sqrt'?); allowed is"),
    ("train.logistic_regression.C", 0, "got 0; allowed is a number above 0"),
    ("train.logistic_regression.C", float("inf"), "got inf; allowed is a number above 0"),
    ("train.random_forest.max_depth", 10**30, f"got {10**30}; allowed is an integer from 1 to 21"),
    ("train.xgboost.max_depth", 10**12, f"got {10**12}; allowed is an integer from 1 to 2147483"),
    ("train.xgboost.learning_rate", 1e40, "got 1e+40; allowed is a number above 0, at most 1e+38"),
    ("train.linear_regression.fit_intercept", "no", "got 'no'; allowed is true or false"),
    ("data.task", "clasification", "got 'clasification' (did you mean 'classification'?)"),
    ("data.path", "/srv/t.csv", f"got '/srv/t.csv'; {PATH}"),
    ("data.path", "../t.csv", f"got '../t.csv'; {PATH}"),
    ("data.path", "data/../../t.csv", f"got 'data/../../t.csv'; {PATH}"),
    ("data.path", "..", f"got '..'; {PATH}"),
    ("data.path", "s3://b/t.csv", f"got 's3://b/t.csv'; {PATH}"),
    ("data.path", "", f"got ''; {PATH}"),
    ("data.path", None, f"got None; {PATH}"),
    ("data.target", "", "got ''; allowed is the name of the column to predict"),
    ("data.target", 3, "got 3; allowed is the name of the column to predict"),
    ("data.drop", "id", "got 'id'; allowed is a list of names"),
    ("data.drop", ["a", 3], "got ['a', 3]; allowed is a list of names"),
    ("data.separator", ";;", "got ';;'; allowed is one character"),
    ("data.positive", [1], "got [1]; allowed is one of the two classes"),
    ("featurize.numeric_impute", "medan", "got 'medan' (did you mean 'median'?); allowed is"),
    ("featurize.max_categories", 1, "got 1; allowed is an integer of at least 2, or null"),
    ("data.unlabelled", None, "got None; allowed is the path of a table below the project whose"),
    ("prepare.train_size", 0, "got 0; allowed is a share of the training rows, above 0 and at"),
    ("prepare.duplicates", "dorp", "got 'dorp' (did you mean 'drop'?); allowed is keep or drop"),
    ("featurize.columns", [], "got []; allowed is a list of names of columns to learn from"),
    ("train.mlp.hidden_layer_sizes", [10, 0], "got [10, 0]; allowed is a list with the number"),
    ("evaluate.threshold", 1.0, "got 1.0; allowed is a probability above 0 and below 1"),
    ("evaluate.threshold", float("nan"), "got nan; allowed is a probability"),
    ("threads", 0, "got 0; allowed is an integer of at least 1"),
    ("threads", True, "got True; allowed is an integer of at least 1"),
    ("experiment.notes", 3, "got 3; allowed is a text"),
    ("tracking.required", "yes", "got 'yes'; allowed is true or false"),
    ("tracking.url", "x", "unknown key (did you mean 'uri'?); allowed: required, uri"),
]

CONTRADICTIONS = [
    ({"train.model": "linear_regression"}, "train.model", "random_forest or logistic_regression"),
    (
        NOT_FOR_REGRESSION | {"train.model": "logistic_regression"},
        "train.model",
        "not for regression; allowed is random_forest or linear_regression",
    ),
    (NOT_FOR_REGRESSION | {"evaluate.threshold": 0.3}, "evaluate.threshold", "allowed is 0.5"),
    (NOT_FOR_REGRESSION | {"data.positive": "a"}, "data.positive", "allowed is null"),
    (NOT_FOR_REGRESSION | {"evaluate.submit": "probability"}, "evaluate.submit", "no probabil"),
    ({"data.id": "diagnosis"}, "data.id", "which is the target"),
    ({"data.drop": ["diagnosis"]}, "data.drop", "holds data.target, 'diagnosis'"),
    ({"data.id": "a", "data.drop": ["a"]}, "data.drop", "holds data.id, 'a'"),
    ({"data.group": "a", "data.drop": ["a"]}, "data.drop", "holds data.group, 'a'"),
    ({"data.time": "a", "data.drop": ["a"]}, "data.drop", "holds data.time, 'a'"),
    ({"data.group": "a", "data.time": "b"}, "data.time", "split by data.group already"),
    ({"data.time": "diagnosis"}, "data.time", "which is the target"),
    ({"data.id": "a", "data.numeric": ["a"]}, "data.numeric", "which is not learnt from"),
    (
        {"data.numeric": ["a"], "data.categorical": ["a"]},
        "data.categorical",
        "which is in data.numeric too",
    ),
]


def _written(folder: Path, document: object) -> Path:
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def _problems(path: Path) -> dict[str, str]:
    with pytest.raises(ParamsError) as raised:
        check_params(path)
    return {problem.key: problem.what for problem in raised.value.problems}


def test_params_of_this_repository_are_accepted() -> None:
    params = check_params(ROOT / "params.yaml")
    assert (params.data.positive, params.train.random_forest.max_features) == ("malignant", "sqrt")


@pytest.mark.parametrize(
    ("key", "given", "said"), WRONG, ids=[f"{key}={given}" for key, given, _ in WRONG]
)
def test_a_wrong_value_is_refused_with_key_value_and_what_is_allowed(
    tmp_path: Path, document: dict[str, Any], key: str, given: object, said: str
) -> None:
    problems = _problems(_written(tmp_path, change(document, {key: given})))
    assert list(problems) == [key]
    assert problems[key].startswith(said)


@pytest.mark.parametrize(
    ("changes", "key", "said"), CONTRADICTIONS, ids=[key for _, key, _ in CONTRADICTIONS]
)
def test_sections_that_contradict_each_other_are_refused(
    tmp_path: Path, document: dict[str, Any], changes: dict[str, Any], key: str, said: str
) -> None:
    problems = _problems(_written(tmp_path, change(document, changes)))
    assert list(problems) == [key]
    assert said in problems[key]


@pytest.mark.parametrize("key", ["data", "prepare.seed", "train.linear_regression", "threads"])
def test_a_missing_key_is_named(tmp_path: Path, document: dict[str, Any], key: str) -> None:
    changed = change(document, {})
    *sections, name = key.split(".")
    del (changed[sections[0]] if sections else changed)[name]
    problems = _problems(_written(tmp_path, changed))
    assert list(problems) == [key]
    assert problems[key].startswith("missing; allowed is")


@pytest.mark.parametrize("path", ["t.csv", "./data/t.csv", "data/../t.csv", "..data/t..csv", "~/t"])
def test_a_path_below_the_project_is_accepted(
    tmp_path: Path, document: dict[str, Any], path: str
) -> None:
    written = _written(tmp_path, change(document, {"data.path": path}))
    assert check_params(written).data.path == path


def test_all_problems_are_in_one_message_a_line_each(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    wrong = {"prepare.seed": -1, "train.folds": 1, "threads": 0}
    with pytest.raises(ParamsError) as raised:
        check_params(_written(tmp_path, change(document, wrong)))
    assert str(raised.value).splitlines() == [
        "params.yaml: 3 problems",
        "  prepare.seed: got -1; allowed is an integer from 0 to 4294967295",
        "  train.folds: got 1; allowed is an integer of at least 2",
        "  threads: got 0; allowed is an integer of at least 1",
        "  To do: correct params.yaml; no stage was run with it",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "no sections in it", id="empty"),
        pytest.param(b"- a\n- b\n", "no sections in it", id="a list"),
        pytest.param(b"threads: 1\nthreads: 2\n", "'threads' stands twice", id="a key twice"),
        pytest.param(b"a: {b: 1, b: 2}\n", "line 1, column 11", id="an inner key twice"),
        pytest.param(b"a: [1\nb: 2", "not valid YAML", id="no YAML"),
        pytest.param(b"a: \xff\xfe", "not UTF-8 text (byte 3)", id="another encoding"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^params\.yaml|/params\.yaml") as raised:
        check_params(path)
    assert said in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        check_params(tmp_path / "params.yaml")


def test_parameters_cannot_be_changed(tmp_path: Path, document: dict[str, Any]) -> None:
    params = check_params(_written(tmp_path, document))
    with pytest.raises(ValidationError):
        params.train.seed = 3  # type: ignore[misc]


def test_a_stage_minds_only_its_own_sections(tmp_path: Path, document: dict[str, Any]) -> None:
    path = _written(tmp_path, change(document, {"train.folds": 0, "extra": 1}))
    assert load_params(PrepareParams, path).prepare.seed == 42
    with pytest.raises(ParamsError):
        load_params(TrainParams, path)


def test_every_section_belongs_to_a_stage_or_to_none_by_name() -> None:
    stages = (PrepareParams, FeaturizeParams, TrainParams, EvaluateParams)
    used = {name for stage in stages for name in stage.model_fields}
    assert set(Params.model_fields) - used == {"experiment", "tracking"}
