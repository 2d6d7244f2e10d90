"""The histogram of one audio feature with its density curve, median and middle half.

Conventions
-----------
Every value given is counted. A bar that would dwarf all others is cut off, and says so.

Method
------
The width of the density's kernel is 0.6 of Scott's rule (Scott, D. W., 1992,
doi:10.1002/9780470316849): audio features crowd at one end, which the full width would blur.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.evaluation.feature_summary import (
    axis_name,
    count_values,
    plain_name,
    smooth_counts,
    span_values,
    write_signed,
)
from scripts.evaluation.plot_style import ACCENT, INK, SOFT, add_axes, new_figure, percent

_CURVE = "#0b4f7d"
_FINE = 40
_STEPS = {"loudness_db": 1.0, "tempo_bpm": 5.0}
_SHORT_UNITS = {"loudness_db": " dB", "tempo_bpm": " bpm"}


def draw_distribution(feature: str, values: np.ndarray, source: str) -> Figure:
    """Draw how one feature spreads over the songs.

    Parameters
    ----------
    feature : str
        One of the nine audio features.
    values : numpy.ndarray, shape (n,), float
        Its values in the feature's unit; n is 1 or more.
    source : str
        Which songs these are, for the caption.

    Returns
    -------
    matplotlib.figure.Figure
        Ready to be saved.
    """
    step = _STEPS.get(feature, 0.02)
    ends = span_values(feature, values, step)
    bins = round((ends[1] - ends[0]) / step)
    fine = count_values(values, ends, bins * _FINE)
    counts, edges = fine.reshape(bins, _FINE).sum(axis=1), np.linspace(*ends, bins + 1)
    quartiles = np.quantile(values, (0.25, 0.5, 0.75))
    low, middle, high = (write_signed(q, 0 if feature in _STEPS else 2) for q in quartiles)
    figure = new_figure(
        (7.6, 4.2),
        f"{plain_name(feature).capitalize()}: half of the songs lie between {low} and {high}"
        + _SHORT_UNITS.get(feature, ""),
        notes=("Dashed: the median. Shaded: the middle half.",),
        caption=f"Histogram and density of {source}.",
    )
    axes = add_axes(figure, 0.95, 0.9, 6.3, 3.1)
    axes.axvspan(quartiles[0], quartiles[2], color="#ededed", linewidth=0, zorder=0)
    axes.stairs(counts, edges, fill=True, color=ACCENT, alpha=0.5)
    sigma = min(values.std(), (quartiles[2] - quartiles[0]) / 1.34 or np.inf)
    bandwidth = max(0.6 * 1.06 * sigma * len(values) ** -0.2, step / 2)
    density = smooth_counts(fine, bandwidth / step * _FINE) * _FINE
    grid = np.linspace(*ends, 2 * len(fine) + 1)[1::2]
    axes.plot(grid, density, color=_CURVE, linewidth=1.8)
    axes.axvline(quartiles[1], color=INK, linewidth=1, linestyle=(0, (4, 3)))
    free = _set_height(axes, counts, edges)
    _name_median(axes, (max(quartiles[1], free), ends), f"median {middle}")
    unit = _SHORT_UNITS.get(feature, "")
    axes.set(xlim=ends, xlabel=axis_name(feature), ylabel=f"songs per {step:g}{unit}")
    axes.locator_params(axis="y", integer=True)
    axes.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    return figure


def _set_height(axes: Axes, counts: np.ndarray, edges: np.ndarray) -> float:
    """Cut off a bar that would dwarf all others; give the place right of which names may stand."""
    tall = int(np.argmax(counts))
    second = np.sort(counts)[-2:][0]
    if second == 0 or counts[tall] <= 4 * second:
        axes.set_ylim(0, 1.15 * counts[tall])
        return float(edges[0])
    top = 2.0 * float(second)
    axes.set_ylim(0, top)
    on_right = tall < len(counts) / 2
    edge = edges[tall + 1] if on_right else edges[tall]
    shift = (0.05 if on_right else -0.05) * (edges[-1] - edges[0])
    share = percent(counts[tall] / counts.sum())
    axes.annotate(
        f"this bar goes on to {counts[tall]:,}:\n{share} of the songs",
        (edge, 0.8 * top),
        (edge + shift, 0.8 * top),
        fontsize=8.5,
        va="center",
        ha="left" if on_right else "right",
        arrowprops={"arrowstyle": "-", "color": SOFT},
    )
    return float(edge + shift) if on_right else float(edges[0])


def _name_median(axes: Axes, place: tuple[float, tuple[float, float]], text: str) -> None:
    at, (low, high) = place
    gap, on_right = 0.012 * (high - low), at < low + 0.8 * (high - low)
    axes.text(
        at + gap if on_right else at - gap,
        0.975 * axes.get_ylim()[1],
        text,
        fontsize=8.5,
        va="top",
        ha="left" if on_right else "right",
    )
