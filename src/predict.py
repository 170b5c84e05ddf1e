"""Predict a table with the fitted model: what `wherefrom predict` runs, as a commit has it."""

import sys
from pathlib import Path

from wherefrom import stage

stage.refuse_safe_path()  # PYTHONSAFEPATH would take `pipeline` from elsewhere than this workspace

from pipeline.chunks import read_chunks
from pipeline.errors import InputError, listed
from pipeline.params.evaluate import EvaluateParams
from pipeline.params.section import load_params
from pipeline.schema import read_schema
from pipeline.scoring import Scorer, columns_needed, header_of, read_model
from pipeline.threads import threads_limited


def main() -> None:
    """Write the predictions of the table that is asked for."""
    with stage.predicting() as asked:
        params = load_params(EvaluateParams, Path("params.yaml"))
        separator = params.data.separator
        with threads_limited(params.threads):
            schema = read_schema(stage.as_left("data/prepared/schema.json"))
            model = read_model(stage.as_left("models/model.joblib"))
            names = header_of(asked.table, separator, asked.name)
            needed = columns_needed(names, model, schema, asked.name)
            scorer = Scorer(model, schema, params.evaluate.threshold, asked.name)
            with asked.output.open("w", encoding="utf-8", newline="") as file:
                for rows in read_chunks(asked.table, needed, separator):
                    scorer.score(rows).to_csv(
                        file, index=False, header=not file.tell(), lineterminator="\n"
                    )
        scorer.check()
        for remark in scorer.remarks():
            print(f"predict: {remark}", file=sys.stderr)  # noqa: T201  # for whoever predicts
        ignored = [name for name in names if name not in needed]
        if ignored:
            print(f"predict: not used: {listed(ignored)}", file=sys.stderr)  # noqa: T201  # the same
        asked.rows = scorer.rows


if __name__ == "__main__":
    stage.run(main, user_errors=(InputError,))
