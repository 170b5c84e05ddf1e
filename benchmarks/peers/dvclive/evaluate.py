"""Score the fitted model on the test rows."""

import joblib
import modelling
import pandas as pd
from dvclive import Live

with Live("results/evaluate", dvcyaml=False) as live:
    scores = modelling.tested(joblib.load("model.joblib"), pd.read_parquet("data/test.parquet"))
    for name, value in scores.items():
        live.log_metric(name, value, plot=False)
