"""Read the raw table, split it, and learn from the training rows what each column is."""

import sys
from pathlib import Path

from wherefrom import stage

stage.refuse_safe_path()  # PYTHONSAFEPATH would take `pipeline` from elsewhere than this workspace
stage.expect_courier()  # MLflow is imported beside what follows, for the stages that log

from pipeline.errors import InputError
from pipeline.params.prepare import PrepareParams
from pipeline.params.section import load_params
from pipeline.preparation import prepare
from pipeline.prepared import write_prepared
from pipeline.profile import profile
from pipeline.tables import read_table


def main() -> None:
    """Write the training rows, the test rows, their schema and a profile of them."""
    params = load_params(PrepareParams, Path("params.yaml"))
    done = prepare(read_table(Path(), params.data), params)
    told = profile(done.train, done.test, done.table_rows, done.duplicates)
    write_prepared(Path("data/prepared"), done.train, done.test, told)
    for remark in done.train.schema.remarks:
        print(f"prepare: {remark}", file=sys.stderr)  # noqa: T201  # for whoever runs the stage


if __name__ == "__main__":
    stage.run(main, user_errors=(InputError,))
