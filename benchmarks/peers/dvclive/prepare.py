"""Split the table."""

from pathlib import Path

import modelling
import yaml

params = yaml.safe_load(Path("params.yaml").read_text())["prepare"]
train, test = modelling.split(modelling.read("data/raw/breast_cancer.csv"), **params)
train.to_parquet("data/train.parquet")
test.to_parquet("data/test.parquet")
