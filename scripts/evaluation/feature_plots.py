"""Plots of the catalogue's audio features: one histogram each, all pairs, all correlations.

Conventions
-----------
Features and units are those of :mod:`scripts.moods.features`; a file is named after a feature
without its unit. Histograms and correlations count every song given, the pairplot shows a
stated sample. A feature that never varies has no correlation: its cells stay blank.

Method
------
The density curve is the histogram in 2,048 fine bins, smoothed with a Gaussian kernel of
Scott's width (Scott, D. W., 1992, doi:10.1002/9780470316849) and mirrored at the ends, so that
no mass leaks out of a feature's range. Its cost does not grow with the square of the songs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from scripts.errors import DataError
from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    NEUTRAL,
    PALE,
    SOFT,
    add_axes,
    describe_sample,
    house_style,
    new_figure,
    percent,
    sample_rows,
    save_figure,
)
from scripts.moods.features import FEATURE_RANGES, FEATURES

PAIRPLOT_FEATURES = (
    "valence",
    "energy",
    "danceability",
    "acousticness",
    "instrumentalness",
    "speechiness",
    "tempo_bpm",
)
PAIRPLOT_LIMIT = 2_000
_UNITS = {"bpm": "beats per minute", "db": "dB"}
_FINE_BINS, _COARSE_BINS = 2_048, 64
_PAIR_BINS = 24


def draw_feature_plots(folder: Path, songs: pd.DataFrame, *, n_songs: int, seed: int) -> list[Path]:
    """Draw the heatmap, the pairplot and a histogram per feature.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files go; it is made if it is missing.
    songs : pandas.DataFrame
        The nine audio features without missing values; other columns are not read.
    n_songs : int
        How many songs the catalogue holds; `songs` may be a sample of them.
    seed : int
        Chooses the sample of at most 2,000 songs that the pairplot shows.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    DataError
        There is no song.
    OSError
        A file cannot be written.
    """
    if songs.empty:
        raise DataError(
            "feature plots: there is no song to draw; train on a table with songs first"
        )
    source = describe_sample(len(songs), n_songs, seed)
    columns = {name: songs[name].to_numpy(float) for name in FEATURES}
    rows = sample_rows(len(songs), PAIRPLOT_LIMIT, seed)
    sampled = np.column_stack([columns[name][rows] for name in PAIRPLOT_FEATURES])
    with house_style():
        figures = {
            "correlation_heatmap.png": _heatmap(correlations(columns), source),
            "pairplot.png": _pairplot(sampled, describe_sample(len(rows), n_songs, seed)),
        }
        written = [save_figure(figure, folder / name) for name, figure in figures.items()]
        for name, values in columns.items():
            path = folder / f"{plain_name(name)}_distribution.png"
            written.append(save_figure(_distribution(name, values, source), path))
    return written


def plain_name(feature: str) -> str:
    """Strip the unit from a column name.

    >>> plain_name("tempo_bpm"), plain_name("valence")
    ('tempo', 'valence')
    """
    stem, _, unit = feature.rpartition("_")
    return stem if unit in _UNITS else feature


def axis_name(feature: str) -> str:
    """Name an axis with the feature's unit.

    >>> axis_name("tempo_bpm"), axis_name("valence")
    ('tempo (beats per minute)', 'valence (0 to 1)')
    """
    return f"{plain_name(feature)} ({_UNITS.get(feature.rpartition('_')[2], '0 to 1')})"


def correlations(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Correlate every two features.

    Parameters
    ----------
    columns : dict of str to numpy.ndarray, shape (n,), float
        Values of each feature.

    Returns
    -------
    pandas.DataFrame
        Pearson's r in [-1, 1]; NaN where a feature never varies.

    >>> correlations({"a": np.array([1.0, 2.0]), "b": np.array([4.0, 2.0])}).loc["a", "b"].item()
    -1.0
    """
    centred = np.array([values - values.mean() for values in columns.values()])
    spread = np.sqrt(np.einsum("ij,ij->i", centred, centred))
    flat = spread <= 1e-9 * np.sqrt(centred.shape[1])
    spread[flat] = np.nan
    r = np.clip((centred / spread[:, None]) @ (centred / spread[:, None]).T, -1.0, 1.0)
    return pd.DataFrame(r, index=list(columns), columns=list(columns))


def smooth_density(counts: np.ndarray, bandwidth: float) -> np.ndarray:
    """Smooth a histogram with a Gaussian kernel, mirrored at both ends.

    Parameters
    ----------
    counts : numpy.ndarray, shape (b,), int
        Fine histogram.
    bandwidth : float
        Standard deviation of the kernel, in bins.

    Returns
    -------
    numpy.ndarray, shape (b,), float
        The smoothed counts; their sum is that of `counts`.

    >>> smooth_density(np.array([0, 0, 4, 0, 0]), 0.5).round(2).tolist()
    [0.0, 0.43, 3.15, 0.43, 0.0]
    """
    mirrored = np.concatenate([counts, counts[::-1]]).astype(float)
    frequency = np.fft.rfftfreq(len(mirrored))
    damping = np.exp(-2 * (np.pi * bandwidth * frequency) ** 2)
    smoothed = np.fft.irfft(np.fft.rfft(mirrored) * damping, len(mirrored))[: len(counts)]
    return np.clip(smoothed, 0.0, None)


def _span(name: str, values: np.ndarray) -> tuple[float, float]:
    """Give the range to draw: all of [0, 1], or from the smallest value to the largest."""
    low, high = float(values.min()), float(values.max())
    if FEATURE_RANGES[name] == (0.0, 1.0):
        return min(0.0, low), max(1.0, high)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _count(values: np.ndarray, low: float, high: float, bins: int) -> np.ndarray:
    """Count values in equal bins; the last bin holds its upper end."""
    slot = ((values - low) * (bins / (high - low))).astype(np.int32)
    return np.bincount(np.minimum(slot, bins - 1), minlength=bins)


def _distribution(name: str, values: np.ndarray, source: str) -> Figure:
    low, high = _span(name, values)
    fine = _count(values, low, high, _FINE_BINS)
    counts = fine.reshape(_COARSE_BINS, -1).sum(axis=1)
    first, middle, third = np.quantile(values, (0.25, 0.5, 0.75))
    digits = 2 if FEATURE_RANGES[name] == (0.0, 1.0) else 0
    unit = {"loudness_db": " dB", "tempo_bpm": " beats per minute"}.get(name, "")
    title = (
        f"{plain_name(name).capitalize()}: half of the songs lie between "
        f"{first:.{digits}f} and {third:.{digits}f}{unit}"
    )
    figure = new_figure((7.4, 4.5), title, caption=f"Histogram and density of {source}.")
    axes = add_axes(figure, 0.95, 0.95, 6.15, 2.85)
    step = (high - low) / _COARSE_BINS
    edges = low + step * np.arange(_COARSE_BINS + 1)
    axes.axvspan(first, third, color="#f1f1f1", linewidth=0, zorder=0)
    axes.stairs(counts, edges, fill=True, color=ACCENT, alpha=0.45)
    sigma = min(float(values.std()), (third - first) / 1.34 or np.inf)
    bandwidth = max(1.06 * sigma * len(values) ** -0.2, step / 2)
    density = smooth_density(fine, bandwidth * _FINE_BINS / (high - low))
    grid = low + (np.arange(_FINE_BINS) + 0.5) * (high - low) / _FINE_BINS
    axes.plot(grid, density * (_FINE_BINS / _COARSE_BINS), color="#0b4f7d", linewidth=1.8)
    axes.axvline(middle, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    top = _set_height(axes, counts, edges)
    axes.text(middle + step / 2, top * 0.975, f"median {middle:.{digits}f}", fontsize=8.5, va="top")
    axes.set(xlim=(low, high), xlabel=axis_name(name), ylabel=f"songs per {step:.3g}")
    axes.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    return figure


def _set_height(axes: Axes, counts: np.ndarray, edges: np.ndarray) -> float:
    """Cut off a bar that would dwarf all others, and say how tall it is."""
    tall = int(np.argmax(counts))
    second = np.partition(counts, -2)[-2]
    if second == 0 or counts[tall] <= 4 * second:
        top = 1.12 * counts[tall]
    else:
        top = 2.0 * second
        share = percent(counts[tall] / counts.sum())
        axes.annotate(
            f"this bar goes on to {counts[tall]:,}:\n{share} of the songs",
            (edges[tall + 1], 0.82 * top),
            (edges[tall + 1] + 0.06 * (edges[-1] - edges[0]), 0.82 * top),
            fontsize=8.5,
            va="center",
            arrowprops={"arrowstyle": "-", "color": SOFT},
        )
    axes.set_ylim(0, top)
    return float(top)


def _heatmap(r: pd.DataFrame, source: str) -> Figure:
    names = [plain_name(name) for name in r.columns]
    values = r.to_numpy()
    below = np.where(np.tri(len(r), k=-1, dtype=bool), values, np.nan)
    figure = new_figure(
        (8.4, 7.4),
        _strongest(below, names),
        notes=("Pearson's r of every two audio features; a blank cell: a feature never varies.",),
        caption=f"{source[0].upper()}{source[1:]}.",
    )
    axes = add_axes(figure, 1.5, 1.4, 5.5, 4.9)
    bar = add_axes(figure, 7.25, 1.4, 0.18, 4.9)
    part = pd.DataFrame(below[1:, :-1], index=names[1:], columns=names[:-1])
    sns.heatmap(
        part,
        ax=axes,
        cbar_ax=bar,
        mask=part.isna(),
        cmap="vlag",
        vmin=-1,
        vmax=1,
        annot=True,
        fmt=".2f",
        linewidths=1.5,
        annot_kws={"fontsize": 9.5},
    )
    axes.set_xticklabels(names[:-1], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticklabels(names[1:], rotation=0)
    axes.tick_params(length=0)
    bar.set_title("r", fontsize=9.5)
    return figure


def _strongest(below: np.ndarray, names: list[str]) -> str:
    """Say which two features rise together most, and which oppose each other most."""
    if np.isnan(below).all():
        return "No two features vary: there is no correlation to show"
    parts = []
    for sign, phrase in ((1, "{} and {} rise together"), (-1, "{} falls as {} rises")):
        strength = np.nan_to_num(sign * below)
        row, column = np.unravel_index(np.argmax(strength), below.shape)
        if strength[row, column] > 0:
            r = f"{below[row, column]:.2f}".replace("-", "−")
            parts.append(phrase.format(names[row], names[column]) + f" (r = {r})")
    return "; ".join(parts).capitalize() if parts else "The features are unrelated"
