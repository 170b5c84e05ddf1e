"""What the stages call, with DVCLive's logger as its guides show it.

It stands in for `wherefrom.stage` in the benchmark: parameters, metrics, plots and the model go to
DVCLive, a folder for each stage.
"""

import json
import sys
from contextlib import contextmanager
from pathlib import Path

import yaml
from dvclive import Live

METRICS = {"train": ["results/cv.json"], "evaluate": ["results/metrics.json"]}


class Run:
    """The logger of a stage."""

    def __init__(self, live):
        self._live = live

    def log_model(self, _model, **_described):
        """Name the model file as an artifact; DVC keeps its bytes."""
        self._live.log_artifact("models/model.joblib", type="model", copy=False)

    def set_tags(self, values):
        """Log facts as parameters: it knows no tags."""
        self._live.log_params(values)

    def log_text(self, text, name):
        """Write a text into its folder."""
        Path(self._live.dir, name).write_text(text)

    def log_metric(self, name, value, step):
        """Log a point of a curve."""
        self._live.step = step
        self._live.log_metric(name, value)

    def report(self, _scores, step):
        """Nothing of the kind by hand: it is for sweeps."""

    def log_artifact(self, path, folder=""):
        """Show a picture; other files are DVC's outputs anyway."""
        if folder == "pictures":
            self._live.log_image(Path(path).name, path)


@contextmanager
def tracked(record, of=None):
    """Track a stage."""
    name = "evaluate" if of else "train"
    with Live(dir=f"dvclive/{name}", save_dvc_exp=False, dvcyaml=None) as live:
        live.log_params(_flat(yaml.safe_load(Path("params.yaml").read_text())))
        yield Run(live)
        for path in METRICS[name]:
            for metric, value in _flat(json.loads(Path(path).read_text())).items():
                live.log_metric(metric, value, plot=False)
        Path(record).write_text("{}")


def _flat(values, prefix=""):
    found = {}
    for name, value in values.items():
        inner = isinstance(value, dict)
        plain = value if isinstance(value, int | float | str | bool) else str(value)
        found |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": plain}
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
