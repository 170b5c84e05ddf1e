"""The plots as pictures, for a report or a web page: the same bytes for the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from pipeline.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

    from pipeline.curves import Curves

_MOST_BARS = 20
_MOST_CLASSES = 10  # of more, a legend and the numbers in the cells are not legible
_INCHES = (5.0, 4.0)


def write_pictures(
    folder: Path, curves: Curves, permutation: pd.DataFrame, native: pd.DataFrame
) -> None:
    """Write a PNG file of each table that has rows, and take away those of another run."""
    for old in folder.glob("*.png"):
        old.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in _figures(curves, permutation, native):
        with replacing(folder / f"{name}.png") as part:
            # Matplotlib's version would be among the bytes.
            figure.savefig(part, format="png", dpi=100, metadata={"Software": None})


def _figures(
    curves: Curves, permutation: pd.DataFrame, native: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    if len(curves.roc):
        yield "roc", _lines(curves.roc, "ROC", diagonal=True)
        yield "precision_recall", _lines(curves.precision_recall, "Precision and recall")
        yield "calibration", _lines(curves.calibration, "Calibration", diagonal=True)
    if len(curves.confusion):
        yield "confusion", _matrix(curves.confusion)
    if len(curves.residuals):
        yield "predicted_actual", _points(curves.residuals, "actual", "predicted", diagonal=True)
        yield "residuals", _points(curves.residuals, "predicted", "residual")
    if len(permutation):
        yield "permutation_importances", _bars(permutation, "Permutation importances")
    if len(native):
        yield "native_importances", _bars(native, "The model's own importances")


def _axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_INCHES, layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
    return figure, axes


def _lines(table: pd.DataFrame, title: str, *, diagonal: bool = False) -> Figure:
    _, x, y = table.columns
    figure, axes = _axes(title, x, y)
    for name, rows in table.groupby("class", sort=False):
        axes.plot(rows[x], rows[y], label=str(name), marker="." if len(rows) <= _MOST_BARS else "")
    if diagonal:
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    if table["class"].nunique() <= _MOST_CLASSES:
        axes.legend(title="class")
    return figure


def _matrix(table: pd.DataFrame) -> Figure:
    figure, axes = _axes("Confusion matrix", "predicted", "actual")
    names = list(dict.fromkeys(table["actual"]))
    counts = table["rows"].to_numpy(dtype=int).reshape(len(names), len(names))
    axes.imshow(counts, cmap="Blues")
    if len(names) <= _MOST_CLASSES:
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), names)
        for row, column in np.ndindex(counts.shape):
            dark = counts[row, column] > counts.max() / 2
            axes.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                color="white" if dark else "black",
            )
    return figure


def _points(table: pd.DataFrame, x: str, y: str, *, diagonal: bool = False) -> Figure:
    figure, axes = _axes(f"{y.capitalize()} against {x}", x, y)
    axes.scatter(table[x], table[y], s=8, alpha=0.5)
    if diagonal:
        axes.axline((table[x].iloc[0], table[x].iloc[0]), slope=1, color="grey", linestyle=":")
    else:
        axes.axhline(0, color="grey", linestyle=":")
    return figure


def _bars(table: pd.DataFrame, title: str) -> Figure:
    figure, axes = _axes(title, "importance", "")
    shown = table.head(_MOST_BARS).iloc[::-1]
    names = shown.iloc[:, 0].astype(str)
    axes.barh(names, shown["importance"], xerr=shown.get("deviation"))
    return figure
