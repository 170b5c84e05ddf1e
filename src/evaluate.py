"""Predict training and test rows with the fitted model, score both, and show how it errs."""

import sys
from pathlib import Path

from wherefrom import stage

stage.refuse_safe_path()  # PYTHONSAFEPATH would take `pipeline` from elsewhere than this workspace
stage.call_courier()  # MLflow is imported beside what follows

from pipeline.columns import strange_cells
from pipeline.curves import draw_curves
from pipeline.errors import InputError
from pipeline.facts import facts
from pipeline.files import write_json
from pipeline.fitted import read_fitted
from pipeline.frames import write_csv
from pipeline.importances import native_importances, permutation_importances
from pipeline.losses import losses
from pipeline.params.evaluate import NEUTRAL_THRESHOLD, EvaluateParams
from pipeline.params.section import load_params
from pipeline.pictures import write_pictures
from pipeline.portable import needs
from pipeline.predictions import predict, tabulate
from pipeline.prepared import read_rows
from pipeline.scores import gaps, score
from pipeline.submission import predict_unlabelled
from pipeline.tables import read_unlabelled
from pipeline.threads import threads_limited
from pipeline.threshold import apply_threshold, with_threshold

TRAIN_RECORD = "results/train.wherefrom.json"
SUBMISSION = "results/submission.csv"


def main() -> None:
    """Write predictions of the test rows, scores of test and training rows, plots and pictures."""
    with stage.tracked(record="results/evaluate.wherefrom.json", of=TRAIN_RECORD) as run:
        params = load_params(EvaluateParams, Path("params.yaml"))
        data, evaluate = params.data, params.evaluate
        sides = {side: read_rows(Path("data/prepared"), side) for side in ("test", "train")}
        test, schema = sides["test"], sides["test"].schema
        unlabelled = read_unlabelled(Path(data.unlabelled), data.separator)
        with threads_limited(params.threads):
            model = read_fitted(stage.as_left("models/model.joblib"))
            predicted = {
                side: apply_threshold(predict(model, rows.features), schema, evaluate.threshold)
                for side, rows in sides.items()
            }
            if evaluate.threshold != NEUTRAL_THRESHOLD:  # else it decides so itself
                decided = with_threshold(model, schema, evaluate.threshold)
                run.log_model(decided, **needs(model, sides["train"]), name="decided")
            scores = {side: score(rows.target, predicted[side]) for side, rows in sides.items()}
            submission = predict_unlabelled(model, unlabelled, schema, evaluate, data.unlabelled)
            if unlabelled is not None:
                for remark in strange_cells(unlabelled, model[0].kinds, "unlabelled"):
                    print(f"evaluate: {remark}", file=sys.stderr)  # noqa: T201  # for whoever runs the stage
            permutation = permutation_importances(model, test, evaluate)
        curves = draw_curves(
            test.target, predicted["test"], schema, evaluate.plot_points, evaluate.seed
        )
        native = native_importances(model)
        write_csv(Path("results/predictions.csv"), tabulate(test, predicted["test"]))
        write_csv(Path(SUBMISSION), submission)
        for name, table in {
            "loss": losses(model),
            **vars(curves),
            "permutation_importances": permutation,
            "native_importances": native,
        }.items():
            write_csv(Path(f"results/plots/{name}.csv"), table)
        write_pictures(Path("results/pictures"), curves, permutation, native)
        gap = gaps(train=scores["train"], test=scores["test"])
        write_json(Path("results/metrics.json"), {**scores, "gap": gap})
        run.set_tags(facts(model, schema))
        for folder in ("plots", "pictures"):
            for file in sorted(Path("results", folder).iterdir()):
                run.log_artifact(file, folder)
        if unlabelled is not None:
            run.set_tags({"submission": f"{SUBMISSION} ({len(submission)} rows)"})
            run.log_artifact(SUBMISSION)
            print(f"evaluate: {len(submission)} rows predicted: {SUBMISSION}", file=sys.stderr)  # noqa: T201  # for whoever runs the stage


if __name__ == "__main__":
    stage.run(main, user_errors=(InputError,))
