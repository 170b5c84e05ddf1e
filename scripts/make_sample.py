"""Recreate the sample table from the copy that scikit-learn ships: no network, the same bytes."""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn.datasets import load_breast_cancer


def make_sample() -> str:
    """Give the Breast Cancer Wisconsin (Diagnostic) table: 30 measurements and `diagnosis`."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.assign(diagnosis=bunch.target_names[bunch.target])
    return str(frame.to_csv(index=False, lineterminator="\n"))


def main() -> None:
    """Write the table to the path given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="such as data/raw/breast_cancer.csv")
    path = parser.parse_args().path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_sample().encode())
    print(path)


if __name__ == "__main__":
    main()
