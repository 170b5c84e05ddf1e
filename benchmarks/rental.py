"""A table of the size of a real rental-price competition: seeded, mixed, with holes in it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

ROWS = 363_924
CITIES = 120
_BLOCK = 500_000  # rows that are made at a time: a table need not fit into memory as a whole


def write(path: Path, rows: int = ROWS) -> None:
    """Write the table as CSV: an id, 19 columns to learn from, and the price."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    with path.open("wb") as file:
        for start in range(0, rows, _BLOCK):
            block = _block(random, start, min(_BLOCK, rows - start))
            options = pa.csv.WriteOptions(include_header=start == 0, quoting_style="needed")
            pa.csv.write_csv(block, file, options)


def _block(random: np.random.Generator, start: int, rows: int) -> pa.Table:
    area = random.gamma(6, 14, rows).round(1)
    bedrooms = random.integers(0, 6, rows)
    city = random.zipf(1.3, rows).clip(max=CITIES)
    price = (300 + 9 * area + 120 * bedrooms + 2000 / city + random.normal(0, 90, rows)).round(2)
    columns = {
        "id": pa.array(np.arange(start, start + rows)),
        "area": _holes(random, area),
        "bedrooms": pa.array(bedrooms),
        "bathrooms": _holes(random, random.integers(1, 4, rows)),
        "floor": _holes(random, random.integers(0, 30, rows)),
        "year_built": _holes(random, random.integers(1900, 2026, rows)),
        "latitude": pa.array(random.normal(47, 2, rows).round(5)),
        "longitude": pa.array(random.normal(8, 3, rows).round(5)),
        "deposit": _holes(random, (price * random.integers(1, 4, rows)).round(0)),
        "days_listed": pa.array(random.poisson(21, rows)),
        "photos": pa.array(random.integers(0, 25, rows)),
        "distance_to_centre": _holes(random, random.gamma(2, 3, rows).round(2)),
        "city": _named(city, "city"),
        "district": _named(random.integers(0, 400, rows), "district"),
        "kind": _named(random.integers(0, 5, rows), "kind"),
        "heating": _named(random.integers(0, 6, rows), "heating", random),
        "condition": _named(random.integers(0, 4, rows), "condition", random),
        "agency": _named(random.integers(0, 900, rows), "agency"),
        "furnished": _named(random.integers(0, 2, rows), "furnished"),
        "balcony": _named(random.integers(0, 2, rows), "balcony", random),
        "price": pa.array(price),
    }
    return pa.table(columns)


def _holes(random: np.random.Generator, values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=random.random(len(values)) < 0.04)  # noqa: PLR2004  # 4 % missing


def _named(
    codes: np.ndarray, name: str, random: np.random.Generator | None = None
) -> pa.DictionaryArray:
    names = pa.array([f"{name} {code}" for code in range(int(codes.max()) + 1)])
    holes = None if random is None else random.random(len(codes)) < 0.02  # noqa: PLR2004  # 2 %
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=holes), names).dictionary_decode()


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:]))
