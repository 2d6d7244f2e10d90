"""A cloud of songs coloured by mood, its centroids marked and named, its moods listed beside it.

Conventions
-----------
Points and centroids share the two coordinates of the axes they are drawn into. Centroids of one
mood that lie close together share one name, "sad ×3", joined to each of them by a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from scripts.errors import DataError
from scripts.evaluation.label_placement import group_marks, place_names
from scripts.evaluation.plot_style import (
    INK,
    MARGIN,
    NEUTRAL,
    SOFT,
    add_axes,
    measure_texts,
    mood_color,
    mood_families,
    percent,
    quadrant_order,
    sample_rows,
)
from scripts.moods.features import FEATURES

_MERGE_REACH = 75.0
_MANY = 24
_SMOOTH = 2_000
_BOX_MARGIN = np.array([14.0, 12.0])


class Cloud(NamedTuple):
    """What every picture of the songs shares.

    ``names`` are the moods in order, ``shares`` their parts of all songs, ``colors`` the RGBA of
    each point shown (n, 4), ``centroid_names`` the mood of each centroid, ``caption`` the sample.
    """

    names: list[str]
    shares: dict[str, float]
    colors: np.ndarray
    centroid_names: list[str]
    caption: str


def require_songs(songs: pd.DataFrame, picture: str) -> None:
    """Refuse to draw a picture of no song: a DataError says so."""
    if songs.empty:
        raise DataError(f"{picture}: there is no song to draw; train on a table with songs first")


def order_songs(songs: pd.DataFrame, limit: int, seed: int, picture: str) -> np.ndarray:
    """Choose the songs of a picture, and the order in which they are drawn.

    Parameters
    ----------
    songs : pandas.DataFrame, n rows
    limit : int
        Most songs to draw.
    seed : int
        Chooses the sample and the order, so that no mood covers the others.
    picture : str
        Its name, for the DataError where there is no song.

    Returns
    -------
    numpy.ndarray, shape (min(n, limit),), int64
        Row numbers.
    """
    require_songs(songs, picture)
    return np.random.default_rng(seed).permutation(sample_rows(len(songs), limit, seed))


def sounds_of(
    songs: pd.DataFrame, rows: np.ndarray, scaling: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the nine features of some rows, (m, 9), and mean and scale, 0 made 1, beside them."""
    mean, scale = scaling
    return songs.iloc[rows][list(FEATURES)].to_numpy(float), mean, np.where(scale > 0, scale, 1)


def make_cloud(
    moods: pd.Series, rows: np.ndarray, centroid_names: Sequence[str], caption: str
) -> Cloud:
    """Collect what every picture of the songs shares.

    Parameters
    ----------
    moods : pandas.Series, shape (n,)
        The mood of every song.
    rows : numpy.ndarray, shape (m,), int
        The songs that are shown, in the order in which they are drawn.
    centroid_names : sequence of str
        The mood of each centroid.
    caption : str
        Which songs are shown.
    """
    shares = {str(name): count / len(moods) for name, count in moods.value_counts().items()}
    names = quadrant_order(sorted(set(shares) | set(centroid_names)))
    palette = to_rgba_array([*map(mood_color, names), NEUTRAL])  # the last one: no mood
    colors = palette[pd.Categorical(moods.iloc[rows], categories=names).codes]
    return Cloud(names, shares, colors, list(centroid_names), caption)


def draw_cloud(axes: Axes, points: np.ndarray, cloud: Cloud) -> None:
    """Draw the songs in the order given, and frame all but the farthest few.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    points : numpy.ndarray, shape (n, 2), float
        Places of the songs; n is 1 or more.
    cloud : Cloud
        Gives the colour of each point.
    """
    x, y = points.T
    area = np.clip(12_000 / len(points), 6, 40)
    dots = axes.scatter(x, y, s=area, c=cloud.colors, alpha=0.75, linewidths=0)
    # many dots with hard edges keep the file at a third of its size
    dots.set_antialiased(len(points) <= _SMOOTH)
    low, high = np.quantile(points, (0.001, 0.999), axis=0)
    pad = np.maximum(0.04 * (high - low), 0.02)
    axes.set(xlim=(low[0] - pad[0], high[0] + pad[0]), ylim=(low[1] - pad[1], high[1] + pad[1]))


def mark_centroids(axes: Axes, places: np.ndarray, names: Sequence[str]) -> None:
    """Mark each centroid, and name those of one mood that lie close together but once.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Holds the cloud already; its limits widen so that every centroid lies well inside.
    places : numpy.ndarray, shape (k, 2), float
        Places of the centroids.
    names : sequence of str
        The mood of each.
    """
    _make_room(axes, places)
    crowded = len(names) > _MANY
    colors = [mood_color(name) for name in names]
    x, y = places.T
    axes.scatter(x, y, s=40 if crowded else 75, c=colors, edgecolors=INK, linewidths=1.2, zorder=4)
    origin = axes.bbox.p0
    marks = axes.transData.transform(places) - origin
    groups = group_marks(marks, names, _MERGE_REACH)
    texts = [names[g[0]] + (f" ×{len(g)}" if len(g) > 1 else "") for g in groups]
    font = FontProperties(family=["DejaVu Sans"], size=7.5 if crowded else 8.5, weight="bold")
    anchors = np.array([marks[group].mean(axis=0) for group in groups])
    sizes = measure_texts(texts, font) + _BOX_MARGIN
    centres = place_names(anchors, sizes, marks, (axes.bbox.width, axes.bbox.height))
    spots = axes.transData.inverted().transform(centres + origin)
    lines = [(spots[i], places[mark]) for i, group in enumerate(groups) for mark in group]
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=0.8, zorder=3.5))
    for text, (left, up), group in zip(texts, spots, groups, strict=True):
        name = axes.text(left, up, text, fontproperties=font, ha="center", va="center", zorder=6)
        edge = {"edgecolor": colors[group[0]], "linewidth": 1.4}
        name.set_bbox({"boxstyle": "round,pad=0.25", "facecolor": "white", "alpha": 0.92, **edge})


def draw_mood_key(figure: Figure, cloud: Cloud, *, bottom: float = 0.95) -> None:
    """List the moods by quadrant to the right of the cloud, with their share of all songs."""
    left = 8.65
    axes = add_axes(figure, left, bottom, figure.get_figwidth() - left - MARGIN / 2, 5.75)
    axes.set(xlim=(0, 1), ylim=(22, 0))
    axes.set_axis_off()
    axes.text(0, 0.4, "share of songs", fontsize=9, color=SOFT, va="center")
    row = 1.7
    for quadrant, members in mood_families(cloud.names):
        axes.text(0, row, quadrant, fontsize=9, weight="bold", va="center")
        rows = row + 1 + np.arange(len(members))
        colors = [mood_color(name) for name in members]
        axes.scatter(np.full(len(members), 0.05), rows, s=60, c=colors, edgecolors=INK)
        for name, at in zip(members, rows, strict=True):
            axes.text(0.15, at, name, fontsize=9, va="center")
            share = percent(cloud.shares.get(name, 0.0))
            axes.text(1, at, share, fontsize=9, va="center", ha="right")
        row += len(members) + 1.6


def _make_room(axes: Axes, places: np.ndarray) -> None:
    for limits, set_limits, values in (
        (axes.get_xlim(), axes.set_xlim, places[:, 0]),
        (axes.get_ylim(), axes.set_ylim, places[:, 1]),
    ):
        pad = 0.03 * (limits[1] - limits[0])
        set_limits(min(limits[0], values.min() - pad), max(limits[1], values.max() + pad))
