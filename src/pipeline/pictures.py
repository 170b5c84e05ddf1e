"""The plots as pictures, for a report or a web page: the same bytes for the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from pipeline.files import replacing
from pipeline.schema import CATEGORICAL, NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

    from pipeline.curves import Curves

_MOST_BARS = 10
_MOST_MARKED = 15  # points of a line that are shown one by one
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)  # a label of a tick takes as long as a line
_MOST_LETTERS = 24
_MANY = 4  # names of classes that fit beside one another
_MOST_CLASSES = 10  # of more, a legend and the numbers in the cells are not legible
_INCHES = (5.0, 4.0)


def write_pictures(
    folder: Path, curves: Curves, permutation: pd.DataFrame, native: pd.DataFrame
) -> None:
    """Write a PNG file of each table that has rows, and take away those of another run."""
    for old in folder.glob("*.png"):
        old.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    with rc_context(
        {
            "text.parse_math": False,  # a dollar in a name is a dollar
            "text.hinting": "none",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.fancybox": False,
        }
    ):
        for name, figure in _figures(curves, permutation, native):
            with replacing(folder / f"{name}.png") as part:
                # Matplotlib's version would be among the bytes.
                figure.savefig(part, format="png", dpi=100, metadata={"Software": None})


def _figures(
    curves: Curves, permutation: pd.DataFrame, native: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    """Give the pictures one by one: the next may be drawn on the axes of the one before."""
    if len(curves.roc):
        yield from _lines(
            _Lines("roc", curves.roc, "ROC", "lower right", diagonal=True),
            _Lines("precision_recall", curves.precision_recall, "Precision and recall"),
            _Lines("calibration", curves.calibration, "Calibration", "upper left", diagonal=True),
        )
    if len(curves.confusion):
        yield "confusion", _matrix(curves.confusion)
    if len(curves.residuals):
        yield "predicted_actual", _points(curves.residuals, "actual", "predicted", diagonal=True)
        yield "residuals", _points(curves.residuals, "predicted", "residual")
    if len(permutation):
        yield "permutation_importances", _bars(permutation, "Permutation importances")
    if len(native):
        yield "native_importances", _bars(native, "The model's own importances")


def _axes(*, left: float = 0.15, bottom: float = 0.13) -> tuple[Figure, Axes]:
    """Give axes with fixed margins: Matplotlib's layouts draw everything once more to find them."""
    figure = Figure(figsize=_INCHES)
    figure.subplots_adjust(left=left, bottom=bottom, right=0.97, top=0.92)
    axes = figure.subplots()
    return figure, axes


def _name(figure: Figure, axes: Axes, title: str, x: str, y: str) -> None:
    """Name picture and axes at fixed places: to find them, Matplotlib measures all the others."""
    axes.set_title(title, y=1.0)
    axes.set(xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
    box, all_of_it = axes.get_position(), figure.transFigure
    axes.xaxis.set_label_coords((box.x0 + box.x1) / 2, 0.02, transform=all_of_it)
    axes.xaxis.label.set_verticalalignment("bottom")
    axes.yaxis.set_label_coords(0.04, (box.y0 + box.y1) / 2, transform=all_of_it)


class _Lines(NamedTuple):
    """A picture of curves: a line for each class."""

    name: str
    table: pd.DataFrame
    title: str
    legend: Literal["lower left", "lower right", "upper left"] = "lower left"
    diagonal: bool = False


def _lines(*pictures: _Lines) -> Iterator[tuple[str, Figure]]:
    """Draw curves on the same axes, one picture after the other."""
    figure, axes = _axes()
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=_TICKS, yticks=_TICKS)
    for picture in pictures:
        _, x, y = picture.table.columns
        _name(figure, axes, picture.title, x, y)
        _draw(axes, picture, x, y)
        yield picture.name, figure
        for artist in (*axes.lines, *filter(None, [axes.legend_])):
            artist.remove()
        axes.set_prop_cycle(None)


def _draw(axes: Axes, picture: _Lines, x: str, y: str) -> None:
    for name, rows in picture.table.groupby("class", sort=False):
        marker = "." if len(rows) <= _MOST_MARKED else ""
        axes.plot(rows[x], rows[y], label=str(name), marker=marker)
    if picture.diagonal:
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    if picture.table["class"].nunique() <= _MOST_CLASSES:
        axes.legend(title="class", loc=picture.legend)


def _matrix(table: pd.DataFrame) -> Figure:
    figure, axes = _axes(left=0.3, bottom=0.2)
    _name(figure, axes, "Confusion matrix", "predicted", "actual")
    names = list(dict.fromkeys(table["actual"]))
    counts = table["rows"].to_numpy(dtype=int).reshape(len(names), len(names))
    axes.imshow(counts, cmap="Blues")
    if len(names) <= _MOST_CLASSES:
        shown = [_short(name) for name in names]
        axes.set_xticks(range(len(names)), shown, rotation=0 if len(names) < _MANY else 90)
        axes.set_yticks(range(len(names)), shown)
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
    figure, axes = _axes()
    _name(figure, axes, f"{y.capitalize()} against {x}", x, y)
    axes.scatter(table[x], table[y], s=8, alpha=0.5)
    if diagonal:
        axes.axline((table[x].iloc[0], table[x].iloc[0]), slope=1, color="grey", linestyle=":")
    else:
        axes.axhline(0, color="grey", linestyle=":")
    return figure


def _bars(table: pd.DataFrame, title: str) -> Figure:
    figure, axes = _axes(left=0.45)
    _name(figure, axes, title, "importance", "")
    shown = table.head(_MOST_BARS).iloc[::-1]
    places = range(len(shown))
    axes.barh(places, shown["importance"], xerr=shown.get("deviation"))
    axes.set_yticks(places, [_short(name) for name in shown.iloc[:, 0]])
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=4)
    return figure


def _short(name: object) -> str:
    text = str(name).removeprefix(f"{NUMERIC}__").removeprefix(f"{CATEGORICAL}__")
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"
