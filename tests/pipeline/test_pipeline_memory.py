"""The memory that a table needs is said before any of it is read as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from pipeline import memory
from pipeline.errors import InputError
from pipeline.header import read_header
from pipeline.memory import Size, check_memory, guess_size, machine_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.params.whole import Params

ROWS = 5000
OF_TABLE = {
    "data__target": "y",
    "data__task": "regression",
    "data__id": "key",
    "data__drop": ["note"],
}


def _table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "key": [f"k{row}" for row in range(ROWS)],
            "x": np.where(random.random(ROWS) < 0.1, "", "1.5"),
            "code": random.integers(0, 3, ROWS).astype(str),
            "city": [f"city {one}" for one in random.integers(0, 7, ROWS)],
            "street": [f"street, {one}" for one in range(ROWS)],
            "note": "a note that nobody reads",
            "y": random.normal(size=ROWS).astype(str),
        }
    )


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("changes", "features"),
    [
        pytest.param({}, 1 + 1 + 7 + 50, id="defaults"),
        pytest.param({"featurize__max_categories": 5}, 1 + 1 + 5 + 5, id="fewer levels"),
        pytest.param({"featurize__columns": ["x", "city"]}, 1 + 7, id="fewer columns"),
        pytest.param({"data__categorical": ["code"]}, 1 + 3 + 7 + 50, id="forced to be levels"),
        pytest.param({"data__numeric": ["street"]}, 1 + 1 + 7 + 1, id="forced to be numbers"),
    ],
)
def test_rows_and_features_are_guessed_from_the_first_lines(
    tmp_path: Path,
    params: Callable[..., Params],
    ending: str,
    changes: dict[str, Any],
    features: int,
) -> None:
    path = tmp_path / f"t.{ending}"
    _table().to_csv(path, index=False) if ending == "csv" else _table().to_parquet(path)
    found = guess_size(path, read_header(path, None), params(**OF_TABLE, **changes))
    assert found.rows == pytest.approx(ROWS, rel=0.05)  # the first rows have the shortest numbers
    assert (found.columns, found.features) == (6, features)


def test_a_table_that_is_too_large_is_refused_with_what_to_set(
    tmp_path: Path, params: Callable[..., Params], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = Size(rows=5_000_000, columns=20, features=300)
    monkeypatch.setattr(memory, "guess_size", lambda *_given: large)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    given = params(**OF_TABLE)
    check_memory(tmp_path / "t.csv", [], given, int(64e9))
    with pytest.raises(InputError) as raised:
        check_memory(tmp_path / "t.csv", [], given, int(8e9))
    said = "the table of about 5,000,000 rows needs about 24.2 GB of memory, for 20 columns and"
    assert raised.value.what.startswith(said)
    assert raised.value.what.endswith("300 features, 1 fold at once; there are 8.0 GB")
    assert "set in params.yaml prepare.train_size 0.2 or less, or fewer columns" in str(
        raised.value
    )
    check_memory(tmp_path / "t.csv", [], params(**OF_TABLE, prepare__train_size=0.2), int(8e9))
    with pytest.raises(InputError) as raised:
        check_memory(tmp_path / "t.csv", [], given, int(1e9))
    assert "train_size" not in raised.value.remedy


@pytest.mark.parametrize(
    ("model", "cores", "gigabytes"),
    [
        ("random_forest", 1, 24.2),
        ("random_forest", 2, 38.6),
        ("random_forest", 64, 96.2),  # five folds, and no more
        ("linear_regression", 1, 33.9),
    ],
)
def test_folds_side_by_side_need_memory_each(
    tmp_path: Path,
    params: Callable[..., Params],
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    cores: int,
    gigabytes: float,
) -> None:
    large = Size(rows=5_000_000, columns=20, features=300)
    monkeypatch.setattr(memory, "guess_size", lambda *_given: large)
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    given = params(**OF_TABLE, train__model=model)
    check_memory(tmp_path / "t.csv", [], given, int((gigabytes + 0.1) * 1e9))
    with pytest.raises(InputError, match=f"needs about {gigabytes} GB"):
        check_memory(tmp_path / "t.csv", [], given, int((gigabytes - 0.1) * 1e9))


def test_a_container_may_have_less_memory_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = machine_memory()
    assert whole > 1e8
    for text, expected in (("max\n", whole), ("1000000\n", 1_000_000)):
        (tmp_path / "memory.max").write_text(text)
        monkeypatch.setattr(memory, "_LIMIT", tmp_path / "memory.max")
        assert machine_memory() == expected


def test_what_is_no_text_does_not_stop_the_guess(
    tmp_path: Path, params: Callable[..., Params]
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"key,x,y,note\n" + b"\xff,1,2,n\n" * 10)
    assert guess_size(path, ["key", "x", "y", "note"], params(**OF_TABLE)).rows == 9  # of 10


def test_a_long_text_does_not_stop_the_guess(tmp_path: Path, params: Callable[..., Params]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("key,x,y,note\n" + f"k,1,2,{'n' * 200_000}\n" * 5)
    assert guess_size(path, ["key", "x", "y", "note"], params(**OF_TABLE)).rows == 5
