"""The customary loop over variants: fit, score, log to MLflow. It knows neither git nor DVC.

`python loop.py TABLE --seed 42`; a line of JSON for each variant comes out.
"""

import argparse
import json
from itertools import product

import modelling

PREPARE = {"test_size": 0.2, "seed": 42}
FOLDS = 5
FOREST = {"min_samples_leaf": 2, "max_features": "sqrt"}


def main():
    """Run each variant, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--n-estimators", type=int, nargs="+", required=True)
    parser.add_argument("--max-depth", type=int, nargs="+", required=True)
    parser.add_argument("--no-model", action="store_true", help="log all but the model")
    parser.add_argument("--bare", action="store_true", help="log nothing")
    chosen = parser.parse_args()
    train, test = modelling.split(modelling.read(chosen.table), **PREPARE)
    for n_estimators, max_depth in product(chosen.n_estimators, chosen.max_depth):
        params = {"n_estimators": n_estimators, "max_depth": max_depth, **FOREST}
        params["seed"] = chosen.seed
        model, scores = variant(params, train, test)
        if not chosen.bare:
            log(params, scores, model, with_model=not chosen.no_model)
        print(json.dumps({"params": params, "metrics": scores}))


def variant(params, train, test):
    """Cross-validate, fit on all training rows, and score on the test rows."""
    model = modelling.build(**params)
    scores = modelling.cross_validated(model, train, FOLDS, params["seed"])
    model = modelling.fit(model, train)
    return model, scores | modelling.tested(model, test)


def log(params, scores, model, *, with_model):
    """Log a variant as a run, as MLflow's guides do."""
    import mlflow  # noqa: PLC0415 - the bare loop does without it
    import mlflow.sklearn  # noqa: PLC0415

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("loop")
    with mlflow.start_run():
        mlflow.log_params({"folds": FOLDS, **params})
        mlflow.log_metrics(scores)
        if with_model:
            # All by default but the format: the default one, skops, refuses a forest.
            mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle")


if __name__ == "__main__":
    main()
