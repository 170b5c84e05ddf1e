"""What memory a table needs, guessed from its first lines before any of it is read as a whole."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from pipeline.errors import InputError, counted
from pipeline.header import PARQUET, feature_names, not_a_table, separator_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.params.whole import Params

# Measured with the table of benchmarks/rental.py, at 363,924 and at 5,000,000 rows.
_PROCESS = 250e6
_READ_CELL = 30.0
_KEPT_CELL = 25.0
_FLOAT = 8
_COPIES = 2.5  # of the encoded rows, as they are learnt from; each fold makes its own
_COPIES_OF_LINEAR = 3.5
_LINES = 1000
_LONGEST_CELL = 2**31 - 1  # csv refuses 131,072 characters, which a text may well have
_SHARES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Size:
    """How large a table is: its rows, the columns that are read, and the features they give."""

    rows: int
    columns: int
    features: int

    def bytes_needed(self, params: Params, train_size: float | None, at_once: int) -> float:
        """Give the most that a stage needs: a share of the training rows, so many folds at once."""
        test, folds = params.prepare.test_size, params.train.folds
        train = (1 - test) * (train_size or 1)
        read = self.rows * self.columns * (_READ_CELL + (train + test) * _KEPT_CELL)
        copies = _COPIES_OF_LINEAR if params.train.model == "linear_regression" else _COPIES
        encoded = self.rows * train * self.features * _FLOAT * copies
        return _PROCESS + max(read, encoded * max(1, at_once * (folds - 1) / folds))


def machine_memory() -> int:
    """Give the bytes of memory that this process may use: the machine's, or its container's."""
    whole = int(psutil.virtual_memory().total)
    limit = _LIMIT.read_text(encoding="ascii").strip() if _LIMIT.is_file() else "max"
    return whole if limit == "max" else min(whole, int(limit))


def check_memory(path: Path, names: Sequence[str], params: Params, memory: int) -> None:
    """Raise InputError where the table needs more memory than there is; says what to set."""
    size, folds = guess_size(path, names, params), params.train.folds
    if size.bytes_needed(params, params.prepare.train_size, folds) <= memory:
        return
    import joblib  # noqa: PLC0415  # a third of a second that most tables need not wait for

    at_once = min(int(joblib.cpu_count()), folds)
    needed = size.bytes_needed(params, params.prepare.train_size, at_once)
    if needed <= memory:
        return
    what = (
        f"the table of about {size.rows:,} rows needs about {needed / 1e9:.1f} GB of memory, for "
        f"{counted(size.columns, 'column')} and {counted(size.features, 'feature')}, "
        f"{counted(at_once, 'fold')} at once; there are {memory / 1e9:.1f} GB"
    )
    fits = [share for share in _SHARES if size.bytes_needed(params, share, at_once) <= memory]
    fewer = "fewer columns (data.drop, featurize.columns) or a smaller featurize.max_categories"
    part = f"prepare.train_size {fits[0]} or less, or " if fits else ""
    raise InputError(what, str(path), f"set in params.yaml {part}{fewer}")


def guess_size(path: Path, names: Sequence[str], params: Params) -> Size:
    """Guess the size of a table from its first lines, and from the size of its file."""
    if path.suffix.lower() == PARQUET:
        rows, cells = _parquet_start(path)
    else:
        rows, cells = _text_start(path, names, params.data.separator)
    learnt = params.featurize.chosen(feature_names(names, params.data))
    most = params.featurize.max_categories
    features = sum(_features(cells[name], name, params, most) for name in learnt)
    return Size(rows, len(names) - len(params.data.drop), features)


def _features(cells: list[str], name: str, params: Params, most: int | None) -> int:
    kind = params.data.forced.get(name)
    if kind == "numeric" or (kind is None and all(map(_may_be_number, cells))):
        return 1
    levels = len(set(cells))
    return levels if most is None else min(levels, most)


def _may_be_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.strip().lower() in {"", "na", "n/a", "none", "null"}
    return True


def _text_start(
    path: Path, names: Sequence[str], separator: str | None
) -> tuple[int, dict[str, list[str]]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = list(islice(file, _LINES + 1))
    csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = list(csv.reader(lines, delimiter=separator_of(path, separator)))[1:]
    except csv.Error as error:
        raise not_a_table(path, str(error)) from error
    cells = {
        name: [row[number] for row in rows if number < len(row)]
        for number, name in enumerate(names)
    }
    mean = sum(len(line.encode()) for line in lines[1:]) / max(1, len(lines) - 1)
    return round(path.stat().st_size / mean) if mean else 0, cells


def _parquet_start(path: Path) -> tuple[int, dict[str, list[str]]]:
    import pyarrow.parquet as pq  # noqa: PLC0415  # a third of a second that CSV need not wait for

    with pq.ParquetFile(path) as file:
        first = next(file.iter_batches(batch_size=_LINES), None)
        found = {} if first is None else first.to_pydict()
        cells = {
            name: ["" if cell is None else str(cell) for cell in found.get(name, [])]
            for name in file.schema_arrow.names
        }
        return file.metadata.num_rows, cells
