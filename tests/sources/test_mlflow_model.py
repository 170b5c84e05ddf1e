"""The folder of a model, as skops and MLflow make it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pandas as pd
import skops.io
from sklearn.ensemble import RandomForestClassifier

from wherefrom.sources.mlflow_model import save_sklearn_model

if TYPE_CHECKING:
    from pathlib import Path

TABLE = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
TRUSTED = ["sklearn.tree._tree.Tree"]


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(3, random_state=0).fit(TABLE, [0, 1, 0, 1])


def save(folder: Path, model: Any) -> Path:
    options: dict[str, Any] = {"requirements": ["scikit-learn"], "code_paths": []}
    save_sklearn_model(model, folder, example=TABLE, trusted_types=TRUSTED, **options)
    return folder / "model.skops"


def test_the_schema_of_a_model_has_no_indents_and_says_what_skops_says(tmp_path: Path) -> None:
    saved = save(tmp_path / "model", model := forest())
    skops.io.dump(model, tmp_path / "plain.skops")
    with ZipFile(saved) as ours, ZipFile(tmp_path / "plain.skops") as plain:
        text, expected = ours.read("schema.json"), plain.read("schema.json")
    assert b"\n" not in text
    assert b"\n" in expected
    assert json.loads(expected).keys() == json.loads(text).keys()


def test_a_model_predicts_what_it_did(tmp_path: Path) -> None:
    saved = save(tmp_path / "model", model := forest())
    loaded = skops.io.load(saved, trusted=TRUSTED)
    assert model.predict_proba(TABLE).tolist() == loaded.predict_proba(TABLE).tolist()
