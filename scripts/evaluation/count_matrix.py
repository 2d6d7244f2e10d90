"""Draw a confusion matrix: a shaded cell per pair of answers, its count and share written in it.

Conventions
-----------
Rows are the truth, columns what was named. A share is that of the row; a row that counts
nothing has no shares (NaN) and stays blank.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from scripts.evaluation.plot_style import INK, percent

#: Matrices of at most so many rows show every cell.
FEW = 5


def row_shares(counts: np.ndarray) -> np.ndarray:
    """Divide each row by its sum; a row that sums to 0 becomes NaN.

    >>> row_shares(np.array([[3, 1], [0, 0]])).tolist()
    [[0.75, 0.25], [nan, nan]]
    """
    sums = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, sums, out=np.full(counts.shape, np.nan), where=sums > 0)


def draw_counts(axes: Axes, counts: np.ndarray, *, color: str, fontsize: float) -> None:
    """Draw a matrix of counts, row 0 on top.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw; cell (row, column) has its middle at (column + 0.5, row + 0.5).
    counts : numpy.ndarray, shape (rows, columns), int
        What to write in the cells, above the share of the row, which shades them. With more than
        five rows a cell of 0 stays empty.
    color : str
        The shade of a cell that holds its whole row.
    fontsize : float
        Size of the numbers in points.
    """
    rows, columns = counts.shape
    shares = row_shares(counts)
    weight = np.nan_to_num(shares)[..., None] * 0.92 + 0.02
    image = (1 - weight) + np.array(to_rgb(color)) * weight
    axes.imshow(image, aspect="auto", interpolation="nearest", extent=(0, columns, rows, 0))
    light = image @ np.array([0.299, 0.587, 0.114])
    for row, column in np.ndindex(rows, columns):
        if rows > FEW and counts[row, column] == 0:
            continue  # a large matrix is read by the cells that hold something
        axes.text(
            column + 0.5,
            row + 0.5,
            f"{counts[row, column]:,}\n{percent(float(shares[row, column]))}",
            ha="center",
            va="center",
            fontsize=fontsize,
            color="white" if light[row, column] < 0.42 else INK,
        )
    for edge in range(1, max(rows, columns)):
        axes.axhline(edge, color="white", linewidth=1.2)
        axes.axvline(edge, color="white", linewidth=1.2)
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
