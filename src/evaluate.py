"""Predict the training and the test rows with the fitted model, and score both."""

from pathlib import Path

from wherefrom import stage

stage.refuse_safe_path()  # PYTHONSAFEPATH would take `pipeline` from elsewhere than this workspace

from pipeline.errors import InputError
from pipeline.files import write_json
from pipeline.fitted import read_fitted
from pipeline.frames import write_csv
from pipeline.params.evaluate import EvaluateParams
from pipeline.params.section import load_params
from pipeline.predictions import predict, tabulate
from pipeline.prepared import read_rows
from pipeline.scores import gaps, score
from pipeline.threads import threads_limited
from pipeline.threshold import apply_threshold

TRAIN_RECORD = "results/train.wherefrom.json"


def main() -> None:
    """Write the predictions of the test rows, and the scores on test and training rows."""
    with stage.tracked(record="results/evaluate.wherefrom.json", of=TRAIN_RECORD):
        params = load_params(EvaluateParams, Path("params.yaml"))
        sides = {side: read_rows(Path("data/prepared"), side) for side in ("test", "train")}
        with threads_limited(params.threads):
            model = read_fitted(Path("models/model.joblib"))
            predicted = {
                side: apply_threshold(
                    predict(model, rows.features), rows.schema, params.evaluate.threshold
                )
                for side, rows in sides.items()
            }
            scores = {side: score(rows.target, predicted[side]) for side, rows in sides.items()}
        write_csv(Path("results/predictions.csv"), tabulate(sides["test"], predicted["test"]))
        gap = gaps(train=scores["train"], test=scores["test"])
        write_json(Path("results/metrics.json"), {**scores, "gap": gap})


if __name__ == "__main__":
    stage.run(main, user_errors=(InputError,))
