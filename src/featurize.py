"""Fit the steps before the model: cleaning, imputing, scaling, encoding."""

from pathlib import Path

from wherefrom import stage

stage.refuse_safe_path()  # PYTHONSAFEPATH would take `pipeline` from elsewhere than this workspace
stage.expect_courier()  # MLflow is imported beside what follows, for the stages that log

from pipeline.errors import InputError
from pipeline.features import build_features, names_of
from pipeline.files import write_text
from pipeline.fitted import write_fitted
from pipeline.params.featurize import FeaturizeParams
from pipeline.params.section import load_params
from pipeline.prepared import read_rows
from pipeline.steps import describe
from pipeline.threads import threads_limited


def main() -> None:
    """Write the fitted steps, the same as text, and the names of the features that they give."""
    params = load_params(FeaturizeParams, Path("params.yaml"))
    rows = read_rows(Path("data/prepared"), "train")
    with threads_limited(params.threads):
        features = build_features(rows.schema, params.featurize).fit(rows.features)
    write_fitted(Path("models/features.joblib"), features)
    write_text(Path("data/features/steps.txt"), describe(features))
    write_text(Path("data/features/names.txt"), "".join(f"{name}\n" for name in names_of(features)))


if __name__ == "__main__":
    stage.run(main, user_errors=(InputError,))
