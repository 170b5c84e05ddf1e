"""The names of a table's columns, read without the table: cheap enough for the check stage."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from pipeline.errors import InputError, did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.params.prepare import Data

SEPARATORS = {".csv": ",", ".tsv": "\t"}
PARQUET = ".parquet"
_OTHER_SEPARATORS = (";", "\t", "|", ",")


def read_header(path: Path, separator: str | None, key: str = "data.path") -> list[str]:
    """Read the names of the columns as they stand in the file; `key` is where it is named.

    Raises InputError where the file is missing, empty, of another format or not text.
    """
    _check_file(path, key)
    if path.suffix.lower() == PARQUET:
        return _parquet_header(path)
    return _text_header(path, separator_of(path, separator))


def separator_of(path: Path, separator: str | None) -> str:
    """Give the separator: the one that params.yaml names, else the one of the file's ending."""
    return separator or SEPARATORS[path.suffix.lower()]


def check_columns(names: Sequence[str], data: Data) -> None:
    """Check that the columns that params.yaml names exist and leave something to learn from.

    Raises InputError for names that stand twice or are missing, and where no feature is left.
    """
    check_names(names, data.path)
    for key, name in _named_columns(data):
        if name not in names:
            what = f"no column is called {name!r}{did_you_mean(name, names)}"
            remedy = f"correct {key} in params.yaml; the columns are {listed(names)}"
            raise InputError(what, data.path, remedy)
    if not feature_names(names, data):
        what = "no column is left to learn from"
        remedy = "shorten data.drop in params.yaml, or take a table with more columns"
        raise InputError(what, data.path, remedy)


def check_names(names: Sequence[str], where: str) -> None:
    """Raise InputError for names that stand twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        what = f"more than one column is called {listed(map(repr, twice))}"
        raise InputError(what, where, "give each column a name of its own")


MOST_BLANKS = 80


def is_empty(path: Path) -> bool:
    """Say whether a file is there and holds nothing but blanks: no table is meant."""
    if not path.is_file() or path.stat().st_size > MOST_BLANKS:
        return False
    return not path.read_bytes().strip()


def check_unlabelled(names: Sequence[str], learnt: Sequence[str], data: Data) -> None:
    """Check that a table to be predicted has the columns that the other one is learnt from.

    Raises InputError for one that is missing, and for names that stand twice.
    """
    check_names(names, data.unlabelled)
    named = [] if data.id is None else [data.id]
    lacking = [name for name in (*named, *learnt) if name not in names]
    if lacking:
        what = f"no column is called {lacking[0]!r}{did_you_mean(lacking[0], names)}"
        remedy = f"give it the columns of {data.path}, or set data.unlabelled to data/nothing.csv"
        raise InputError(what, data.unlabelled, remedy)


def feature_names(names: Sequence[str], data: Data) -> list[str]:
    """Give the columns that the model may learn from, in the order of the table."""
    left_out = {data.target, data.id, data.group, data.time, *data.drop}
    return [name for name in names if name not in left_out]


def _named_columns(data: Data) -> list[tuple[str, str]]:
    single = [(f"data.{key}", getattr(data, key)) for key in ("target", "id", "group", "time")]
    lists = [
        (f"data.{key}", name)
        for key in ("drop", "numeric", "categorical")
        for name in getattr(data, key)
    ]
    return [(key, name) for key, name in (*single, *lists) if name is not None]


def _check_file(path: Path, key: str) -> None:
    if path.suffix.lower() not in {*SEPARATORS, PARQUET}:
        known = listed([*SEPARATORS, PARQUET])
        what = f"a table of the kind {path.suffix!r} cannot be read"
        raise InputError(what, str(path), f"name a file that ends in one of {known}")
    if not path.is_file():
        remedy = (
            f"correct {key} in params.yaml; or get the table with `dvc pull {path}.dvc`, "
            f"or add your own with `dvc add {path}`"
        )
        raise InputError("no such file", str(path), remedy)
    if path.stat().st_size == 0:
        raise InputError("the file is empty", str(path), "put a table there, or `dvc pull` it")


def _text_header(path: Path, separator: str) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            names = next(csv.reader(lines, delimiter=separator, strict=True), [])
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except csv.Error as error:
        raise not_a_table(path, str(error)) from error
    if not names or any("\0" in name for name in names):
        raise not_a_table(path, "its first line holds no names of columns")
    if len(names) == 1:
        _check_separator(path, names[0])
    return names


def _check_separator(path: Path, header: str) -> None:
    """Refuse a header of one name that looks as if it were many with another separator."""
    likely = max(_OTHER_SEPARATORS, key=header.count)
    if likely in header:
        what = f"the first line is one name, {header[:60]!r}; its separator seems to be {likely!r}"
        raise InputError(what, str(path), f"set data.separator in params.yaml to {likely!r}")


def not_utf8(path: Path) -> InputError:
    """Compose the error for a text of another encoding."""
    remedy = f"save the table as UTF-8, such as with `iconv -f LATIN1 -t UTF-8 {path}`"
    return InputError("the file is not UTF-8 text", str(path), remedy)


def not_a_table(path: Path, why: str) -> InputError:
    """Compose the error for a file that does not hold what its name says."""
    remedy = "repair the file, or get the last good one back with `dvc checkout` or `dvc pull`"
    return InputError(f"the file cannot be read as a table: {why}", str(path), remedy)


def _parquet_header(path: Path) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415  # a third of a second that a CSV file need not wait for
    import pyarrow.parquet as pq  # noqa: PLC0415  # the same

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise not_a_table(path, str(error)) from error
