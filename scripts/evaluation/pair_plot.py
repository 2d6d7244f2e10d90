"""The pairplot: every two of seven audio features, in one picture.

Conventions
-----------
All 49 panels are squares of side 1 in one pair of axes, row 0 on top: 49 axes with their own
ticks would cost ten times as much. Inside a panel a feature's range is mapped to [0.07, 0.93].
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from scripts.evaluation.feature_summary import (
    count_values,
    describe_strongest,
    plain_name,
    span_values,
    write_signed,
)
from scripts.evaluation.plot_style import ACCENT, NEUTRAL, PALE, add_axes, new_figure

PAIRPLOT_FEATURES = (
    "valence",
    "energy",
    "danceability",
    "acousticness",
    "instrumentalness",
    "speechiness",
    "tempo_bpm",
)
_DARK = "#0b4f7d"
_CELLS = 24
_EDGE = 0.07


def draw_pairplot(sampled: np.ndarray, r: np.ndarray, source: str) -> Figure:
    """Draw histograms on the diagonal, points below it, crowds and correlations above it.

    Parameters
    ----------
    sampled : numpy.ndarray, shape (n, 7), float
        Values of :data:`PAIRPLOT_FEATURES`, in their units; n is 1 or more.
    r : numpy.ndarray, shape (7, 7), float
        Their correlations, which may come from more songs than are shown.
    source : str
        Which songs these are, for the caption.

    Returns
    -------
    matplotlib.figure.Figure
        Ready to be saved.
    """
    m = len(PAIRPLOT_FEATURES)
    spans = [span_values(n, c, 1.0) for n, c in zip(PAIRPLOT_FEATURES, sampled.T, strict=True)]
    low, high = np.array(spans).T
    unit = _EDGE + (1 - 2 * _EDGE) * (sampled - low) / (high - low)
    figure = new_figure(
        (9.9, 9.85),
        describe_strongest(r, [plain_name(name) for name in PAIRPLOT_FEATURES]),
        notes=(
            "Diagonal: how songs spread. Below it: one point per song. Above it: where songs "
            "crowd, with Pearson's r.",
        ),
        caption=f"{source[0].upper()}{source[1:]}.",
    )
    axes = add_axes(figure, 0.9, 0.85, 8.8, 8.8)
    axes.set(xlim=(-0.02, m + 0.02), ylim=(m + 0.02, -0.02))
    axes.spines[:].set_visible(False)
    lower = [(row, column) for row in range(m) for column in range(row)]
    x = np.concatenate([column + unit[:, column] for _, column in lower])
    y = np.concatenate([row + 1 - unit[:, row] for row, _ in lower])
    axes.plot(x, y, "s", color=ACCENT, markersize=1.2, mew=0, antialiased=False)
    for row, column in lower:
        _draw_crowd(axes, unit[:, row], unit[:, column], (column, row))
        _write_r(axes, (column, row), r[row, column])
    for number in range(m):
        _draw_spread(axes, unit[:, number], number)
    grid = [((0, k), (m, k)) for k in range(m + 1)] + [((k, 0), (k, m)) for k in range(m + 1)]
    axes.add_collection(LineCollection(grid, colors=NEUTRAL, linewidths=0.8))
    _name_panels(axes, spans)
    return figure


def _draw_crowd(axes: Axes, x: np.ndarray, y: np.ndarray, panel: tuple[int, int]) -> None:
    """Shade one panel by how many songs fall into each of its cells."""
    row, column = panel
    slots = np.minimum((np.array([y, x]) * _CELLS).astype(int), _CELLS - 1)
    cells = np.bincount(slots[0] * _CELLS + slots[1], minlength=_CELLS**2)
    axes.imshow(
        np.sqrt(cells / cells.max()).reshape(_CELLS, _CELLS)[::-1],
        cmap="Blues",
        vmin=0,
        vmax=1,
        extent=(column, column + 1, row + 1, row),
        aspect="auto",
        interpolation="nearest",
    )


def _write_r(axes: Axes, panel: tuple[int, int], r: float) -> None:
    row, column = panel
    axes.text(
        column + 0.95,
        row + 0.07,
        f"r {write_signed(r, 2) or '–'}",
        ha="right",
        va="top",
        fontsize=8.5,
        weight="bold",
        bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1.5},
    )


def _draw_spread(axes: Axes, values: np.ndarray, number: int) -> None:
    """Draw the histogram of one feature into its panel of the diagonal."""
    counts = count_values(values, (0.0, 1.0), 2 * _CELLS)
    edges = number + np.linspace(0, 1, 2 * _CELLS + 1)
    tops = number + 1 - 0.9 * counts / counts.max()
    axes.stairs(tops, edges, baseline=number + 1, fill=True, color=_DARK)


def _name_panels(axes: Axes, spans: list[tuple[float, float]]) -> None:
    """Give each row and column its feature's name and the two ends of its range."""
    m = len(spans)
    ends = [f"{end:.0f}" for span in spans for end in span]
    inset = np.array([_EDGE, 1 - _EDGE])
    axes.set_xticks(np.add.outer(np.arange(m), inset).ravel(), ends, fontsize=8)
    axes.set_yticks(np.add.outer(np.arange(m), inset[::-1]).ravel(), ends, fontsize=8)
    for number, name in enumerate(PAIRPLOT_FEATURES):
        label = "tempo (bpm)" if name == "tempo_bpm" else name
        middle = number + 0.5
        axes.text(middle, m + 0.27, label, ha="center", va="center", fontsize=9.5)
        axes.text(-0.33, middle, label, ha="center", va="center", rotation=90, fontsize=9.5)
    axes.tick_params(length=3, color=PALE)
