"""The raw table as it is in its file: text for CSV, the file's own types for Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from pipeline.errors import InputError
from pipeline.header import (
    PARQUET,
    check_columns,
    check_names,
    is_empty,
    not_a_table,
    not_utf8,
    read_header,
    separator_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from pipeline.params.prepare import Data


def read_table(root: Path, data: Data) -> pd.DataFrame:
    """Read the table of `data.path`, without what `data.drop` names; rows are numbered from 0.

    Raises InputError where it is missing, unreadable, empty, or lacks a column that `data` names.
    """
    path = root / data.path
    names = read_header(path, data.separator)
    check_columns(names, data)
    kept = [name for name in names if name not in data.drop]
    return _read_rows(path, kept, data.separator)


def read_unlabelled(path: Path, separator: str | None) -> pd.DataFrame | None:
    """Read a table that may lack the target; None where its file is empty: there is none.

    Raises InputError where it is missing, unreadable, without rows, or has a name twice.
    """
    if is_empty(path):
        return None
    names = read_header(path, separator, "data.unlabelled")
    check_names(names, str(path))
    return _read_rows(path, names, separator)


def _read_rows(path: Path, names: list[str], separator: str | None) -> pd.DataFrame:
    table = _read_arrow(path, names, separator)
    if table.num_rows == 0:
        raise InputError("the table has columns and no rows", str(path), "put rows into it")
    # The metadata of pandas would turn a column into the index, and it would be lost as a feature.
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


def _read_arrow(path: Path, names: list[str], separator: str | None) -> pa.Table:
    try:
        if path.suffix.lower() == PARQUET:
            return pa.parquet.read_table(path, columns=names)
        return _read_text(path, names, separator_of(path, separator))
    except (pa.ArrowException, OSError) as error:
        why = str(error)
        raise (not_utf8(path) if "UTF8" in why else not_a_table(path, why)) from error


def _read_text(path: Path, names: list[str], separator: str) -> pa.Table:
    """Read every cell as text: one rule says what a number is, and it is not a reader's guess.

    Arrow refuses a row with too few or too many cells; pandas would fill or cut it in silence.
    """
    return pa.csv.read_csv(
        path,
        parse_options=pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            include_columns=names,
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
        ),
    )
