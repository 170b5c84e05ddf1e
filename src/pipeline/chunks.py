"""A table read a part at a time, so that it may be larger than memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from pipeline.errors import InputError
from pipeline.header import PARQUET, not_a_table, not_utf8, separator_of
from pipeline.predictions import ROWS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

_BLOCK = 1 << 20  # bytes that are read at once, of which many are in flight


def read_chunks(path: Path, names: list[str], separator: str | None) -> Iterator[pd.DataFrame]:
    """Read some columns of a table, `ROWS_AT_ONCE` rows at a time, numbered from 0 on.

    Cells are as `tables.read_table` gives them. Raises InputError where it cannot be read, or has
    no rows.
    """
    start = 0
    try:
        for part in _of_equal_size(_tables(path, names, separator)):
            frame = part.to_pandas(ignore_metadata=True)
            frame.index += start
            start += len(frame)
            yield frame
    except (pa.ArrowException, OSError) as error:
        why = str(error)
        raise (not_utf8(path) if "UTF8" in why else not_a_table(path, why)) from error
    if not start:
        raise InputError("the table has columns and no rows", str(path), "put rows into it")


def _tables(path: Path, names: list[str], separator: str | None) -> Iterator[pa.Table]:
    if path.suffix.lower() == PARQUET:
        # as it comes: else pyarrow holds a whole group of rows, which may be the whole table
        with pa.parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BLOCK) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=names):
                yield pa.Table.from_batches([batch]).select(names)
        return
    parse = pa.csv.ParseOptions(delimiter=separator_of(path, separator), newlines_in_values=True)
    texts = pa.csv.ConvertOptions(
        include_columns=names,
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=False,
    )
    read = pa.csv.ReadOptions(block_size=_BLOCK)
    with pa.csv.open_csv(path, read, parse, texts) as batches:
        for batch in batches:
            yield pa.Table.from_batches([batch])


def _of_equal_size(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Cut a table anew: sums of a model may depend on how many rows are computed together."""
    rest: pa.Table | None = None
    for table in tables:
        rest = table if rest is None else pa.concat_tables([rest, table])
        while rest.num_rows >= ROWS_AT_ONCE:
            yield rest.slice(0, ROWS_AT_ONCE)
            rest = rest.slice(ROWS_AT_ONCE)
    if rest is not None and rest.num_rows:
        yield rest
