"""Raw tables: what is read from a file, and what is said about a file that is no table."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.header import read_header
from pipeline.params.prepare import Data
from pipeline.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path


def _data(path: str, **changes: Any) -> Data:
    given = {"path": path, "target": "y", "task": "classification", "id": None, "drop": ()}
    return Data(**(given | changes))


def _file(folder: Path, name: str, content: bytes) -> Data:
    (folder / name).write_bytes(content)
    return _data(name)


def _message(folder: Path, data: Data) -> str:
    with pytest.raises(InputError) as raised:
        read_table(folder, data)
    assert raised.value.what
    assert raised.value.remedy
    assert data.path in raised.value.where
    return str(raised.value)


UNREADABLE = [
    pytest.param("t.csv", b"", "the file is empty", id="no bytes"),
    pytest.param("t.csv", b"x,y\n", "columns and no rows", id="no rows"),
    pytest.param("t.csv", b"\n\n", "holds no names of columns", id="blank lines only"),
    pytest.param("t.csv", b"x,y\n1,a\n2\n", "Expected 2 columns, got 1", id="a row too short"),
    pytest.param("t.csv", b"x,y\n1,a\n2,b,c\n", "Expected 2 columns, got 3", id="a row too long"),
    pytest.param("t.csv", "größe,y\n1,a\n".encode("latin1"), "not UTF-8", id="header in Latin-1"),
    pytest.param("t.csv", "x,y\n1,ä\n".encode("latin1"), "not UTF-8", id="cells in Latin-1"),
    pytest.param("t.csv", b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8", id="an image"),
    pytest.param("t.csv", b"a\0b,y\n", "cannot be read as a table", id="a zero byte"),
    pytest.param(
        "t.csv", b"x;y\n1;a\n", "set data.separator in params.yaml to ';'", id="semicolons"
    ),
    pytest.param("t.csv", b"x\ty\n1\ta\n", "separator seems to be '\\t'", id="tabs"),
    pytest.param("t.csv", b"x,x,y,y\n1,2,3,4\n", "called 'x', 'y'", id="names that stand twice"),
    pytest.param("t.csv", b"y\na\nb\n", "no column is left to learn from", id="the target alone"),
    pytest.param("t.parquet", b"PAR1 and no more", "cannot be read as a table", id="no Parquet"),
    pytest.param("t.xlsx", b"PK", "ends in one of .csv, .tsv, .parquet", id="a spreadsheet"),
]


@pytest.mark.parametrize(("name", "content", "said"), UNREADABLE)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    assert said in _message(tmp_path, _file(tmp_path, name, content))


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"x": range(1000), "y": "a"}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "cannot be read as a table" in _message(tmp_path, _data("t.parquet"))


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"x": np.arange(1000.0), "y": "a"}).to_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * 3000 + content[3004:])
    assert "cannot be read as a table" in _message(tmp_path, _data("t.parquet"))


def test_a_missing_file_leads_to_dvc(tmp_path: Path) -> None:
    said = _message(tmp_path, _data("data/t.csv"))
    assert "no such file" in said
    assert "dvc pull" in said
    assert "dvc add" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"target": "Lenght"}, "called 'Lenght' (did you mean 'length'?)", id="target"),
        pytest.param({"target": "length", "id": "kye"}, "(did you mean 'key'?)", id="id"),
        pytest.param({"target": "length", "drop": ("z",)}, "correct data.drop", id="drop"),
        pytest.param(
            {"target": "length", "id": "key", "drop": ("x",)}, "no column is left", id="all dropped"
        ),
    ],
)
def test_a_column_that_is_not_there_is_named(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    (tmp_path / "t.csv").write_text("x,key,length\n1,a,2\n")
    assert said in _message(tmp_path, _data("t.csv", **changes))


def test_every_cell_of_a_text_table_is_read_as_it_stands(tmp_path: Path) -> None:
    text = 'x,"a, b",y\n007," NA ",\n1e3,"two\nlines",ä\n'
    frame = read_table(tmp_path, _file(tmp_path, "t.csv", text.encode("utf-8-sig")))
    assert frame.to_dict("list") == {
        "x": ["007", "1e3"],
        "a, b": [" NA ", "two\nlines"],
        "y": ["", "ä"],
    }


def test_lines_inside_quotes_are_read_in_a_table_of_many_blocks(tmp_path: Path) -> None:
    text = "x,y\n" + '"two\nlines",a\n' * 200_000
    frame = read_table(tmp_path, _file(tmp_path, "t.csv", text.encode()))
    assert (len(frame), set(frame["x"])) == (200_000, {"two\nlines"})


@pytest.mark.parametrize(
    ("name", "separator"), [("t.tsv", None), ("t.csv", "\t"), ("t.csv", ";"), ("t.TSV", None)]
)
def test_other_separators_are_read(tmp_path: Path, name: str, separator: str | None) -> None:
    (tmp_path / name).write_text(f"x{separator or chr(9)}y\n1{separator or chr(9)}a\n")
    frame = read_table(tmp_path, _data(name, separator=separator))
    assert frame.to_dict("list") == {"x": ["1"], "y": ["a"]}


def test_a_parquet_index_stays_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": ["p", "q"], "y": ["a", "b"]}).set_index("x")
    frame.to_parquet(tmp_path / "t.parquet")
    assert list(read_table(tmp_path, _data("t.parquet")).columns) == ["y", "x"]


def test_a_header_is_read_without_pandas_and_without_the_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"x,y\n" + b"\xff" * 100_000)
    pd.DataFrame({"x": [1], "when": [dt.date(2020, 1, 1)]}).to_parquet(tmp_path / "t.parquet")
    assert read_header(tmp_path / "t.parquet", None) == ["x", "when"]
