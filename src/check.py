"""Check params.yaml, and the header and the size of the table, before any stage touches an output.

Its output never changes, so a changed parameter re-runs only the stages that use it. With
`--dry-run` it writes none: so `make run` calls it before DVC, which reads `data.path` and
`train.model` ahead of any stage, and where one is missing names dvc.yaml.
"""

import sys
from pathlib import Path

from wherefrom import stage

stage.refuse_safe_path()  # PYTHONSAFEPATH would take `pipeline` from elsewhere than this workspace
stage.expect_courier()  # MLflow is imported beside what follows, for the stages that log

from pipeline.errors import InputError
from pipeline.files import write_text
from pipeline.header import check_columns, check_unlabelled, feature_names, is_empty, read_header
from pipeline.memory import check_memory, machine_memory
from pipeline.metric_names import metric_names
from pipeline.params.whole import check_params

# The tags that the stages set (pipeline/facts.py, evaluate.py): nobody else may.
SAID = ("model_type", "n_features", "feature_cols", "rows.train", "rows.test", "submission")


def main() -> None:
    """Check the parameters, and the columns that they name."""
    params = check_params(Path("params.yaml"))
    data = params.data
    names = read_header(Path(data.path), data.separator)
    check_columns(names, data)
    learnt = params.featurize.chosen(feature_names(names, data))
    stage.require_tracked_by_dvc(data.path)
    unlabelled = Path(data.unlabelled)
    if not is_empty(unlabelled):
        header = read_header(unlabelled, data.separator, "data.unlabelled")
        check_unlabelled(header, learnt, data)
        stage.require_tracked_by_dvc(data.unlabelled)
    check_memory(Path(data.path), names, params, machine_memory())
    stage.check_experiment(SAID, metric_names(data.task, params.train.folds))
    if "--dry-run" not in sys.argv[1:]:
        write_text(Path("data/params.checked"), "params.yaml was checked\n")


if __name__ == "__main__":
    stage.run(main, user_errors=(InputError,))
