"""What a run holds beside its links: what it is about, its data, its logs and its curves."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml
from small_project import TRAINING

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from sandbox import RunView, Sandbox

LOAD = """\
import sys
import mlflow
(experiment,) = [e for e in mlflow.search_experiments() if e.name != "Default"]
client = mlflow.MlflowClient()
run = client.get_run(sys.argv[1])
(given,) = run.inputs.dataset_inputs
print(given.dataset.name, given.dataset.digest, given.dataset.source_type)
print(mlflow.data.get_source(given).load(sys.argv[2]))
"""
MODEL = """\
import sys
import mlflow
client = mlflow.MlflowClient()
run = client.get_run(sys.argv[1])
(model,) = client.search_logged_models([run.info.experiment_id])
for metric in model.metrics:
    print(metric.key, metric.run_id, metric.dataset_name, metric.dataset_digest)
"""

PREDICT = """\
import sys
import mlflow, numpy as np, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
(output,) = mlflow.MlflowClient().get_run(sys.argv[2]).outputs.model_outputs
uri = f"models:/{output.model_id}"
expected = pd.read_csv(sys.argv[4])
shares = expected.filter(like="probability_").to_numpy()
for types in (None, str):
    rows = pd.read_csv(sys.argv[3], dtype=types).iloc[expected["row"]]
    predicted = mlflow.pyfunc.load_model(uri).predict(rows)
    np.testing.assert_array_equal(predicted, expected["predicted"])
    given = mlflow.sklearn.load_model(uri).predict_proba(rows)
    np.testing.assert_allclose(given, shares, rtol=0, atol=1e-12)
"""


CLEAN = """\
from pathlib import Path
from wherefrom import stage

def main():
    print("x" * 3)
    Path("clean.txt").touch()

stage.run(main)
"""
CLEAN_YAML = """\
stages:
  clean:
    cmd: python code/clean.py
    deps: [code/clean.py, data/rows.csv]
    outs: [clean.txt]
"""


def told(sandbox: Sandbox, script: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a script that lies outside of the project, in the project's folder."""
    path = sandbox.root.parent / "script.py"
    path.write_text(script)
    return sandbox.process("python", str(path), *args)


def the_run(sandbox: Sandbox, path: str = TRAINING) -> RunView:
    return sandbox.runs()[str(sandbox.record(path=path).mlflow_run_id)]


def curve(sandbox: Sandbox, run_id: str, key: str) -> list[tuple[int, float]]:
    """Give the points of a metric, which `runs` has only the last of."""
    database = sqlite3.connect(sandbox.root / "mlflow.db")
    query = "SELECT step, value FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY step"
    try:
        return database.execute(query, (run_id, key)).fetchall()
    finally:
        database.close()


def artifact(sandbox: Sandbox, run_id: str, name: str) -> str:
    (file,) = (sandbox.root / "mlruns").glob(f"*/{run_id}/artifacts/{name}")
    return file.read_text()


def test_what_the_parameters_and_the_stage_say_is_on_the_run_and_in_the_record(
    small: Sandbox,
) -> None:
    said = {
        "researcher": "Ada",
        "status": "draft",
        "mlflow.note.content": "of the sample",
        "n_features": "2",
    }

    found = the_run(small).tags
    notes, _, card = found["mlflow.note.content"].partition("\n\n<!-- wherefrom:")
    assert (found | {"mlflow.note.content": notes}).items() >= said.items()
    assert f"wherefrom trace {small.record(path=TRAINING).record_id}\n" in card
    assert small.record(path=TRAINING).tags == said


def test_the_name_of_a_run_is_made_from_the_template(small: Sandbox) -> None:
    small.replace("params.yaml", "name: first,", 'name: first, run_name: "{researcher} {model}",')

    small.dvc("repro", "--force")

    assert the_run(small).name == "Ada train"
    assert small.record(path=TRAINING).run_name == "Ada train"


def test_the_raw_table_of_a_run_is_loaded_from_it_byte_by_byte(
    small: Sandbox, tmp_path: Path
) -> None:
    run_id, value = the_run(small).run_id, small.text("data/rows.csv.dvc").split("md5: ")[1][:32]
    whole = small.text("data/rows.csv")
    (small.root / "data" / "rows.csv").unlink()
    (small.root / "data" / "rows.csv").write_text("of today")

    done = told(small, LOAD, run_id, str(tmp_path / "cached"))

    assert done.stdout.splitlines()[0] == f"data/rows.csv {value} dvc"
    assert (tmp_path / "cached" / "rows.csv").read_text() == whole


def test_a_table_that_the_cache_lacks_comes_from_the_remote_or_is_named(
    small: Sandbox, tmp_path: Path
) -> None:
    small.dvc("remote", "add", "-d", "there", str(tmp_path / "remote"))
    small.commit("Have a remote")
    small.dvc("push", "--quiet")
    run_id, whole = the_run(small).run_id, small.text("data/rows.csv")
    for item in (small.root / ".dvc" / "cache" / "files").rglob("*"):
        item.unlink() if item.is_file() else None

    told(small, LOAD, run_id, str(tmp_path / "fetched"))

    assert (tmp_path / "fetched" / "rows.csv").read_text() == whole
    (tmp_path / "remote").rename(tmp_path / "gone")
    for item in (small.root / ".dvc" / "cache" / "files").rglob("*"):
        item.unlink() if item.is_file() else None
    lost = told(small, LOAD, run_id, str(tmp_path / "lost"))
    assert "DataNotFoundError: data/rows.csv with the hash" in lost.stderr


def test_what_stages_print_is_kept_with_the_run_also_of_stages_before_it(small: Sandbox) -> None:
    small.replace(
        "code/train.py", "        lr = stage", "        print('learning')\n        lr = stage"
    )
    small.replace("code/train.py", "import json", "import sys, json")
    small.replace(
        "code/train.py",
        "        lr = stage",
        "        sys.stderr.write('1 of 2\\r2 of 2\\n')\n        lr = stage",
    )

    small.dvc("repro")

    log = artifact(small, the_run(small).run_id, "logs/train.log")
    assert log.startswith("learning\n2 of 2\n")


def test_the_log_of_a_stage_without_a_run_is_with_the_run_of_its_results(small: Sandbox) -> None:
    (small.root / "code" / "clean.py").write_text(CLEAN)
    small.replace("dvc.yaml", "stages:\n", CLEAN_YAML)
    small.replace("dvc.yaml", "train.py, data/rows.csv", "train.py, clean.txt")

    small.dvc("repro")

    run_id = str(small.record().mlflow_run_id)
    assert artifact(small, run_id, "logs/clean.log") == "xxx\n"


def test_what_an_evaluation_says_of_its_predictions_is_with_its_run(sandbox: Sandbox) -> None:
    lines = sandbox.text("data/raw/breast_cancer.csv").splitlines(keepends=True)
    (sandbox.root / "data/raw/more.csv").write_text("".join(lines[:4]))
    sandbox.dvc("add", "data/raw/more.csv")
    params = yaml.safe_load(sandbox.text("params.yaml"))
    params["data"]["unlabelled"] = "data/raw/more.csv"
    (sandbox.root / "params.yaml").write_text(yaml.safe_dump(params))

    sandbox.dvc("repro")

    log = artifact(sandbox, str(sandbox.record().mlflow_run_id), "logs/evaluate.log")
    assert log == "evaluate: 3 rows predicted: results/submission.csv\n"


LEARN = (
    "        for step in range(3): run.log_metric('loss', 1 / (step + 1), step)\n        lr = stage"
)


def test_a_curve_is_in_the_store_point_by_point(small: Sandbox) -> None:
    small.replace("code/train.py", "        lr = stage", LEARN)

    small.dvc("repro")

    assert curve(small, the_run(small).run_id, "loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]


def test_a_curve_is_shown_while_the_stage_runs(small: Sandbox) -> None:
    look = (
        "        import sqlite3, time\n"
        "        run.log_metric('loss', 1.0, 0)\n"
        "        time.sleep(1.1)  # the pause between two deliveries\n"
        "        run.log_metric('loss', 0.5, 1)\n"
        "        rows = sqlite3.connect('mlflow.db').execute("
        "'SELECT COUNT(*) FROM metrics WHERE key = \"loss\"').fetchone()\n"
        "        print(f'seen: {rows[0]}')\n"
        "        lr = stage"
    )
    small.replace("code/train.py", "        lr = stage", look)

    assert "seen: 2" in small.dvc("repro")


def test_the_metrics_of_an_evaluation_are_those_of_the_model_and_of_the_table(
    sandbox: Sandbox,
) -> None:
    run = the_run(sandbox, "results/train.wherefrom.json")
    table = sandbox.text("data/raw/breast_cancer.csv.dvc").split("md5: ")[1][:32]

    done = told(sandbox, MODEL, run.run_id)

    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert set(lines) == set(sandbox.metrics())
    assert lines["test.roc_auc"] == [run.run_id, "data/raw/breast_cancer.csv", table]


def check_logged_model(sandbox: Sandbox, run_id: str, elsewhere: Path) -> None:
    """Load the logged model where the project's code is not, and predict raw rows as `evaluate`."""
    store, root = f"sqlite:///{sandbox.root / 'mlflow.db'}", sandbox.root
    table, predictions = root / "data/raw/breast_cancer.csv", root / "results/predictions.csv"
    (elsewhere / "empty").mkdir()
    asking = replace(sandbox, root=elsewhere / "empty")
    done = told(asking, PREDICT, store, run_id, str(table), str(predictions))
    assert done.returncode == 0, done.stderr


def test_the_logged_model_predicts_raw_rows_as_the_evaluation_did(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    check_logged_model(sandbox, str(sandbox.record().mlflow_run_id), tmp_path)


def test_a_model_of_a_package_that_is_not_pinned_names_it_in_its_environment(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.replace("params.yaml", "model: random_forest", "model: xgboost")
    training = "results/train.wherefrom.json"
    before = sandbox.record(path=training).environment

    said = sandbox.dvc("repro")

    run, record = the_run(sandbox, training), sandbox.record(path=training)
    result = sandbox.record()
    version = record.environment.unpinned["xgboost-cpu"]
    assert result.relation == "own"
    assert result.environment.digest == record.environment.digest != before.digest
    assert run.tags["env.digest"] == record.environment.digest
    assert run.tags["env.matches_lock"] == "false"
    assert f"packages that no lock file pins: xgboost-cpu {version}" in said
    lists = [file.read_text() for file in (sandbox.root / "mlruns").rglob("requirements.txt")]
    assert len([text for text in lists if f"xgboost-cpu=={version}" in text]) == 1
    check_logged_model(sandbox, run.run_id, tmp_path)

    package = tmp_path / "packages" / "xgboost_cpu-99.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Name: xgboost-cpu\nVersion: 99\n")
    sandbox.dvc("repro", "--force", "--single-item", "evaluate", PYTHONPATH=str(package.parent))
    assert sandbox.record().relation == "derived"
    assert sandbox.record().environment.unpinned == {"xgboost-cpu": "99"}
