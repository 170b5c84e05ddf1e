"""What both peers compute: the sample pipeline by plain scikit-learn.

The same rows, cleaning, folds, model and scores as the sample pipeline computes by default, so that
each variant has the same numbers whichever way it is run; `benchmarks/sweep.py` checks that.
"""

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TARGET = "diagnosis"
SCORERS = {
    "accuracy": "accuracy",
    "precision_weighted": "precision_weighted",
    "recall_weighted": "recall_weighted",
    "f1_weighted": "f1_weighted",
    "roc_auc": "roc_auc",
    "log_loss": "neg_log_loss",
}


def split(table, test_size, seed):
    """Give training and test rows, each in the table's order."""
    train, test = train_test_split(
        table, test_size=test_size, random_state=seed, stratify=table[TARGET]
    )
    return train.sort_index(), test.sort_index()


def build(seed, **forest):
    """Build the model, unfitted, with its cleaning; `forest` are the forest's parameters."""
    return make_pipeline(
        SimpleImputer(strategy="median"),
        StandardScaler(),
        RandomForestClassifier(random_state=seed, **forest),
    )


def cross_validated(model, train, folds, seed):
    """Give mean and deviation of each score over the folds."""
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    found = cross_validate(model, *_sides(train), cv=splitter, scoring=SCORERS)
    scores = {}
    for name in SCORERS:
        values = np.abs(found[f"test_{name}"])  # scikit-learn gives a loss with a minus
        scores |= {f"cv.{name}.mean": float(values.mean()), f"cv.{name}.std": float(values.std())}
    return scores


def fit(model, train):
    """Fit the model on all training rows."""
    return model.fit(*_sides(train))


def tested(model, test):
    """Give each score on the rows that the fitted model has never seen."""
    features, target = _sides(test)
    found = {name: metrics.get_scorer(scorer) for name, scorer in SCORERS.items()}
    return {
        f"test.{name}": abs(float(score(model, features, target))) for name, score in found.items()
    }


def read(path):
    """Read the table."""
    return pd.read_csv(path)


def _sides(rows):
    return rows.drop(columns=TARGET), rows[TARGET]
