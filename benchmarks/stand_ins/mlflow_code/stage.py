"""What the stages call, with the tracking code that MLflow's and DVC's guides show.

It stands in for `wherefrom.stage` in the benchmark: parameters, metrics, plots and the model go to
MLflow by its fluent interface, and evaluate goes on with the run of train.
"""

import json
import sys
from contextlib import contextmanager
from pathlib import Path

import mlflow
import mlflow.sklearn
import yaml

METRICS = {"train": ["results/cv.json"], "evaluate": ["results/metrics.json"]}


class Run:
    """The run of a stage."""

    def log_model(self, model, example, **_described):
        """Log it as the guides do; skops would refuse a forest."""
        mlflow.sklearn.log_model(
            model, name="model", serialization_format="cloudpickle", input_example=example
        )

    def set_tags(self, values):
        """Set tags."""
        mlflow.set_tags(values)

    def log_text(self, text, name):
        """Log a text."""
        mlflow.log_text(text, name)

    def log_metric(self, name, value, step):
        """Log a point of a curve."""
        mlflow.log_metric(name, value, step=step)

    def report(self, _scores, step):
        """Nothing of the kind by hand: it is for sweeps."""

    def log_artifact(self, path, folder=""):
        """Log a file."""
        mlflow.log_artifact(str(path), folder or None)


@contextmanager
def tracked(record, of=None):
    """Track a stage, as one does by hand."""
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("customary")
    known = json.loads(Path(of).read_text())["run_id"] if of else None
    with mlflow.start_run(run_id=known) as active:
        if known is None:
            mlflow.log_params(_flat(yaml.safe_load(Path("params.yaml").read_text())))
        yield Run()
        for path in METRICS["evaluate" if of else "train"]:
            mlflow.log_metrics(_flat(json.loads(Path(path).read_text())))
        Path(record).write_text(json.dumps({"run_id": active.info.run_id}))


def _flat(values, prefix=""):
    found = {}
    for name, value in values.items():
        inner = isinstance(value, dict)
        found |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return found


def as_left(path):
    """Give the path: nothing is checked by hand."""
    return Path(path)


def refuse_safe_path():
    """Nothing of the kind by hand."""


def expect_courier():
    """Nothing of the kind by hand."""


def call_courier(**_described):
    """Nothing of the kind by hand."""


def check_experiment(_said, _metrics):
    """Nothing of the kind by hand."""


def require_tracked_by_dvc(_path):
    """Nothing of the kind by hand."""


def run(main, user_errors=()):
    """Run a stage."""
    try:
        main()
    except user_errors as error:
        sys.exit(str(error))
