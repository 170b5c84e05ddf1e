"""What one would write without a pipeline: the same preparation with pandas and scikit-learn.

It reads the table, counts repeated rows, splits, imputes, scales, encodes, and keeps what it has
made: what `prepare` and `featurize` do, with the defaults of params.yaml.
"""

import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

table, folder = Path(sys.argv[1]), Path(sys.argv[2])
frame = pd.read_csv(table)
print(frame.drop(columns="id").duplicated().sum(), "rows repeat an earlier one")
train, test = train_test_split(frame, test_size=0.2, random_state=42)
features = train.drop(columns=["id", "price"])
numeric = features.select_dtypes("number").columns
categorical = features.columns.difference(numeric, sort=False)
encode = ColumnTransformer(
    [
        ("numeric", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
        (
            "categorical",
            make_pipeline(
                SimpleImputer(strategy="most_frequent"),
                OneHotEncoder(
                    handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False
                ),
            ),
            categorical,
        ),
    ],
    sparse_threshold=0,
)
encode.fit(features)
folder.mkdir(parents=True, exist_ok=True)
train.to_parquet(folder / "train.parquet")
test.to_parquet(folder / "test.parquet")
joblib.dump(encode, folder / "features.joblib")
(folder / "names.txt").write_text("\n".join(encode.get_feature_names_out()))
