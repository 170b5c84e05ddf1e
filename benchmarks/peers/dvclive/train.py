"""Cross-validate the model, and fit it on all training rows."""

from pathlib import Path

import joblib
import modelling
import pandas as pd
import yaml
from dvclive import Live

params = yaml.safe_load(Path("params.yaml").read_text())["train"]
train = pd.read_parquet("data/train.parquet")
model = modelling.build(params["seed"], **params["random_forest"])
with Live("results/train", dvcyaml=False) as live:
    scores = modelling.cross_validated(model, train, params["folds"], params["seed"])
    for name, value in scores.items():
        live.log_metric(name, value, plot=False)
joblib.dump(modelling.fit(model, train), "model.joblib")
