"""Cross-validate the chosen model, and fit it on all training rows."""

from pathlib import Path

from wherefrom import stage

stage.refuse_safe_path()  # PYTHONSAFEPATH would take `pipeline` from elsewhere than this workspace
stage.call_courier(model=True)  # MLflow is imported beside what follows

from pipeline.errors import InputError
from pipeline.estimators import build_estimator, fit_model
from pipeline.facts import facts
from pipeline.features import names_of
from pipeline.files import write_json
from pipeline.fitted import read_fitted, write_fitted
from pipeline.folds import split_folds
from pipeline.params.section import load_params
from pipeline.params.train import TrainParams
from pipeline.portable import needs
from pipeline.prepared import read_rows
from pipeline.progress import progress
from pipeline.scores import PRIMARY, summarise
from pipeline.steps import describe
from pipeline.threads import cores, threads_limited
from pipeline.validation import cross_validate


def main() -> None:
    """Write the fitted pipeline, which takes raw rows, and the scores of its folds."""
    with stage.tracked(record="results/train.wherefrom.json") as run:
        params = load_params(TrainParams, Path("params.yaml"))
        rows = read_rows(Path("data/prepared"), "train")
        train, task = params.train, rows.schema.task
        estimator = build_estimator(train, task, params.threads)
        folds = split_folds(rows, train.folds, train.seed)
        scores: list[dict[str, float]] = []
        with threads_limited(params.threads), progress("train", len(folds) + 1) as shown:

            def learnt(iteration: int, loss: float) -> None:
                run.log_metric("loss", loss, iteration)
                shown.note(f"iteration {iteration}: loss {loss:.4g}")

            features = read_fitted(stage.as_left("models/features.joblib"))
            for fold in cross_validate(rows, features, estimator, folds, params.threads):
                scores.append(fold)
                metric = PRIMARY[task]
                shown.step(f"fold {len(scores)} of {len(folds)}: {metric} {fold[metric]:.4f}")
                if len(scores) < len(folds):
                    run.report({"cv": summarise(scores)}, step=len(scores))
            model = fit_model(
                features, estimator, rows.features, rows.target, cores=cores(), learnt=learnt
            )
            shown.step(f"fitted on {len(rows.frame)} rows")
        write_fitted(Path("models/model.joblib"), model)
        write_json(Path("results/cv.json"), {"cv": summarise(scores)})
        run.set_tags(facts(model, rows.schema))
        run.log_text("".join(f"{name}\n" for name in names_of(features)), "features.txt")
        run.log_text(describe(features), "steps.txt")
        run.log_model(model, **needs(model, rows))


if __name__ == "__main__":
    stage.run(main, user_errors=(InputError,))
