"""The stage scripts: what they write, what they leave alone, and what they depend on."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import yaml
from pipeline_projects import OF_MIXED, ROOT, SRC, STAGES, Project

from pipeline.fitted import read_fitted
from pipeline.params.evaluate import EvaluateParams
from pipeline.params.featurize import FeaturizeParams
from pipeline.params.prepare import PrepareParams
from pipeline.params.train import MODELS_OF_TASK, TrainParams

if TYPE_CHECKING:
    from collections.abc import Iterator

DVC_STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


@pytest.fixture
def mixed(project: Project, tables: dict[str, pd.DataFrame]) -> Project:
    """Give a project on the mixed table."""
    project.write({"data.path": project.table(tables["mixed"]), **OF_MIXED})
    return project


def _paths(outputs: list[Any]) -> set[str]:
    return {
        path for output in outputs for path in (output if isinstance(output, dict) else [output])
    }


def test_the_stages_write_what_dvc_yaml_says_and_use_no_module_but_those_it_says(
    mixed: Project,
) -> None:
    for stage in STAGES:
        before = {path for path in mixed.root.rglob("*") if path.is_file()}
        program = (
            "import runpy, sys; sys.path.insert(0, 'src'); "
            f"runpy.run_path('src/{stage}.py', run_name='__main__'); "
            "print(*(m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)), "
            "sep='\\n')"
        )
        done = subprocess.run(
            [sys.executable, "-B", "-c", program],
            cwd=mixed.root,
            env={"PYTHONPATH": str(mixed.root / "stand_in")},
            capture_output=True,
            text=True,
            check=True,
        )
        after = {path for path in mixed.root.rglob("*") if path.is_file()}
        written = {str(path.relative_to(mixed.root)) for path in after - before}
        declared = DVC_STAGES[stage]
        outputs = _paths(declared["outs"]) | _paths(declared.get("metrics", []))
        assert {
            next((out for out in outputs if path.startswith(f"{out}/")), path) for path in written
        } == outputs
        files = {Path(name).resolve() for name in done.stdout.split()}
        own = {f.relative_to(mixed.root) for f in files if f.is_relative_to(mixed.root / "src")}
        code = {dep for dep in declared["deps"] if dep.startswith("src/")} - {f"src/{stage}.py"}
        assert {str(path) for path in own} == code


def _imported(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    skipped = {id(inner) for node in for_types for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(module: str) -> Iterator[Path]:
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        base = SRC.joinpath(*parts[:length])
        yield from (p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file())


@pytest.mark.parametrize("stage", STAGES)
def test_dependencies_are_the_import_closure_of_the_script(stage: str) -> None:
    closure: set[Path] = set()
    waiting = [SRC / f"{stage}.py"]
    while waiting:
        path = waiting.pop()
        if path not in closure:
            closure.add(path)
            names = (name for name in _imported(path) if name.split(".")[0] != "wherefrom")
            waiting.extend(file for name in names for file in _files(name))
    declared = {dep for dep in DVC_STAGES[stage]["deps"] if dep.startswith("src/")}
    assert declared == {str(path.relative_to(ROOT)) for path in closure}


def test_a_change_of_model_code_does_not_concern_prepare() -> None:
    early = {*DVC_STAGES["prepare"]["deps"], *DVC_STAGES["featurize"]["deps"]}
    late = {
        "estimators",
        "validation",
        "scores",
        "predictions",
        "threshold",
        "folds",
        "params/train",
    }
    assert not early & {f"src/pipeline/{name}.py" for name in late}


@pytest.mark.parametrize(
    ("stage", "model"),
    [
        ("prepare", PrepareParams),
        ("featurize", FeaturizeParams),
        ("train", TrainParams),
        ("evaluate", EvaluateParams),
    ],
)
def test_parameters_of_a_stage_in_dvc_yaml_are_those_that_it_reads(stage: str, model: Any) -> None:
    declared = {name.split(".")[0] for name in DVC_STAGES[stage]["params"]}
    assert declared == set(model.model_fields)


def test_of_all_models_only_the_chosen_ones_parameters_concern_train() -> None:
    declared = [name for name in DVC_STAGES["train"]["params"] if name.startswith("train.")]
    assert sorted(declared) == ["train.${train.model}", "train.folds", "train.model", "train.seed"]
    simple = {name for name, field in _train_fields().items() if not hasattr(field, "model_fields")}
    assert simple == {"folds", "model", "seed"}


def _train_fields() -> dict[str, Any]:
    train: Any = TrainParams.model_fields["train"].annotation
    return {name: field.annotation for name, field in train.model_fields.items()}


def test_check_imports_nothing_heavy(mixed: Project) -> None:
    program = (
        "import runpy, sys; sys.path.insert(0, 'src'); "
        "runpy.run_path('src/check.py', run_name='__main__'); "
        "print(*sorted({'numpy', 'pandas', 'pyarrow', 'sklearn', 'joblib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=mixed.root,
        env={"PYTHONPATH": str(mixed.root / "stand_in")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_the_output_of_check_does_not_change_with_the_parameters(mixed: Project) -> None:
    path = mixed.root / "data/params.checked"
    contents = []
    for seed in (1, 2):
        mixed.write({"train.seed": seed})
        assert mixed.run("check").returncode == 0
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_unlabelled_rows_need_only_the_columns_that_are_learnt_from(mixed: Project) -> None:
    rows = pd.DataFrame({"key": ["r1"], "age": ["30"]})
    new = {"data.unlabelled": mixed.table(rows, "data/raw/new.csv")}
    mixed.write(new)
    assert "no column is called 'height'" in mixed.run("check").stderr
    mixed.write(new | {"featurize.columns": ["age"]})
    assert mixed.run("check").returncode == 0


WRONG = [
    pytest.param({"train.folds": 0}, "check", "train.folds: got 0", id="parameter"),
    pytest.param({"tracking.required": 1}, "check", "tracking.required", id="no stage's section"),
    pytest.param({"data.target": "anser"}, "check", "did you mean 'answer'?", id="target"),
    pytest.param({"data.path": "data/raw/no.csv"}, "check", "dvc add", id="no table"),
    pytest.param({"data.unlabelled": "data/no.csv"}, "check", "data.unlabelled in", id="no rows"),
    pytest.param({"featurize.columns": ["agee"]}, "check", "did you mean 'age'?", id="no feature"),
    pytest.param(
        {"data.target": "unused", "data.drop": []}, "prepare", "one value only", id="one class"
    ),
    pytest.param({"data.target": "age"}, "prepare", "lacks 35 values", id="no target"),
    pytest.param({"train.folds": 97}, "train", "set train.folds in params.yaml to", id="folds"),
    pytest.param(
        {"train.model": "linear_regression"}, "train", "not for classification", id="task"
    ),
]


@pytest.mark.parametrize(("changes", "stage", "said"), WRONG)
def test_a_wrong_input_ends_with_2_and_one_message_and_touches_no_output(
    finished: Project, changes: dict[str, Any], stage: str, said: str
) -> None:
    before = finished.outputs()
    finished.write(changes)
    done = finished.run(stage)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert finished.outputs() == before


FEW = {
    "train.folds": 3,
    "train.random_forest.n_estimators": 4,
    "train.hist_gradient_boosting.max_iter": 5,
    "train.mlp.max_iter": 20,
    "train.xgboost.n_estimators": 5,
    "evaluate.importance_repeats": 2,
}
"""As little work as still is divided among CPUs: folds, trees and repeats."""
MODEL = re.compile("kept/[^/]+/models/model.joblib")
OF_CLASSES = {"data.task": "classification", **OF_MIXED}
OF_NUMBERS = {"data.task": "regression", "data.target": "answer"}


def test_one_and_two_cpus_and_any_order_of_hashes_give_the_same_bytes(
    project: Project, tables: dict[str, pd.DataFrame]
) -> None:
    numbers = _stages_of_all_models(project, tables["diabetes"], OF_NUMBERS)
    classes = _stages_of_all_models(project, tables["mixed"], OF_CLASSES)
    outputs = []
    for cpus, seed in ((2, "1"), (1, "2")):
        done = project.run(*numbers, *classes, cpus=cpus, PYTHONHASHSEED=seed)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        outputs.append(project.outputs())
        shutil.rmtree(project.root / "kept")
    models = [content for path, content in outputs[0].items() if MODEL.fullmatch(path)]
    assert len(set(models)) == len(models) == sum(map(len, MODELS_OF_TASK.values()))
    digests = [
        {path: hashlib.sha256(content).hexdigest() for path, content in output.items()}
        for output in outputs
    ]
    assert digests[0] == digests[1]
    assert not [
        path for path, content in outputs[0].items() if str(project.root).encode() in content
    ]


def _stages_of_all_models(
    project: Project, table: pd.DataFrame, changes: dict[str, Any]
) -> list[str]:
    """Give what is to be run for all models of a table; what comes of each is kept."""
    task = changes["data.task"]
    path = project.table(table, f"data/raw/{task}.csv")
    for model in MODELS_OF_TASK[task]:
        project.write({"data.path": path, "train.model": model, **changes, **FEW})
        (project.root / "params.yaml").rename(project.root / f"{task}-{model}.yaml")
    names = [f"{task}-{model}" for model in MODELS_OF_TASK[task]]
    each = [
        word for name in names for word in (f"use:{name}.yaml", "train", "evaluate", f"keep:{name}")
    ]
    return [f"use:{names[0]}.yaml", "check", "prepare", "featurize", *each]


def test_progress_is_a_line_for_each_fold_where_there_is_no_terminal(finished: Project) -> None:
    done = finished.run("train")
    folds = [
        line for line in done.stderr.splitlines() if re.match(r"train: fold \d of 5: acc", line)
    ]
    assert [line.split()[2] for line in folds] == ["1", "2", "3", "4", "5"]
    assert done.stderr.splitlines()[-1] == "train: fitted on 192 rows"


def test_progress_is_a_bar_on_a_terminal(finished: Project) -> None:
    shown = finished.run_on_a_terminal("train")
    assert "train:   0%" in shown
    assert "0/6" in shown
    assert "\n" not in shown


def test_the_written_model_predicts_the_raw_table_as_the_written_predictions_say(
    finished: Project, tables: dict[str, pd.DataFrame]
) -> None:
    written = pd.read_csv(finished.root / "results/predictions.csv")
    names = ["row", "id", "actual", "predicted", "probability_no", "probability_yes"]
    assert list(written.columns) == names
    assert [f"r{row}" for row in written["row"]] == written["id"].tolist()
    raw = tables["mixed"].iloc[written["row"]]
    assert raw["answer"].tolist() == written["actual"].tolist()
    model = read_fitted(finished.root / "models/model.joblib")
    assert model.predict(raw).tolist() == written["predicted"].tolist()
    metrics = json.loads((finished.root / "results/metrics.json").read_text())
    assert metrics["test"]["accuracy"] == (written["actual"] == written["predicted"]).mean()
    assert set(metrics) == {"test", "train", "gap"}


def test_remarks_are_written_and_said(project: Project, tables: dict[str, pd.DataFrame]) -> None:
    table = tables["sample"].assign(void="")
    project.write({"data.path": project.table(table), "data.target": "answer"})
    done = project.run("check", "prepare")
    schema = json.loads((project.root / "data/prepared/schema.json").read_text())
    assert schema["remarks"] == ["column 'void' is left out: no training row has a value in it"]
    assert done.stderr == f"prepare: {schema['remarks'][0]}\n"


def test_the_pipeline_folder_alone_is_enough_to_load_a_model(
    finished: Project, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (finished.root / "src/pipeline").rename(code / "pipeline")
    tables["mixed"].head(3).to_csv(code / "rows.csv", index=False)
    program = (
        f"import sys; sys.path.insert(0, {str(code)!r}); import joblib, pandas; "
        f"model = joblib.load({str(finished.root / 'models/model.joblib')!r}); "
        "print(*model.predict(pandas.read_csv('rows.csv')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=code,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.split()) == 3


def test_the_sample_is_recreated_byte_by_byte(tmp_path: Path) -> None:
    path = tmp_path / "raw/table.csv"
    script = ROOT / "scripts/make_sample.py"
    subprocess.run([sys.executable, script, path], check=True, capture_output=True)
    recorded = yaml.safe_load((ROOT / "data/raw/breast_cancer.csv.dvc").read_text())["outs"][0]
    content = path.read_bytes()
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == recorded["md5"]
    frame = pd.read_csv(path)
    assert frame.shape == (569, 31)
    assert frame["diagnosis"].value_counts().to_dict() == {"benign": 357, "malignant": 212}
