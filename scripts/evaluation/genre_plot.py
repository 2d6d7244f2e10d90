"""A drawn map of genres: near to each other are genres that the same artists have.

Conventions
-----------
The map has no axes: its directions mean nothing, and how far apart two distant groups lie means
little. It shows the genres of most artists. Marks grow with the number of artists; colours tell
families, the largest ones; grey is every other.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from scripts.evaluation.label_placement import place_names
from scripts.evaluation.plot_style import (
    DPI,
    INK,
    MARGIN,
    NEUTRAL,
    SOFT,
    add_axes,
    house_style,
    measure_texts,
    new_figure,
    save_figure,
)
from scripts.learning.genre_graph import join_nearest
from scripts.learning.genre_layout import lay_out
from scripts.learning.genre_map import GenreMap

#: Genres that a map can show with their names readable.
MOST_SHOWN = 70

#: A line joins two genres that are among so many nearest of each other.
_JOINED = 4

#: Inches beside the map for the key to its colours.
_KEY_WIDTH = 1.9

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d1f", "#5b3fa8")


def draw_genre_map(
    path: Path,
    genre_map: GenreMap,
    *,
    seed: int = 0,
    most: int = MOST_SHOWN,
    source: str = "",
) -> Path | None:
    """Draw the map; returns `path`, or None where there are not two genres to compare.

    Parameters
    ----------
    path : pathlib.Path
    genre_map : GenreMap
    seed : int
        Starts the layout of a part of the genres.
    most : int
        How many genres are shown at most.
    source : str
        Where the genres come from, for the caption.
    """
    n = min(len(genre_map.names), most)
    if n < 2:
        return None
    similarity = genre_map.similarity[:n, :n]
    places = genre_map.xy if n == len(genre_map.names) else lay_out(similarity, seed)
    with house_style():
        return save_figure(_draw(genre_map, places.astype(np.float64), source), path)


def _draw(genre_map: GenreMap, places: NDArray[np.float64], source: str) -> Figure:
    n, total = len(places), len(genre_map.names)
    shown = f"all {n} genres" if n == total else f"the {n} genres of most artists, of {total:,}"
    caption = f"{shown[0].upper()}{shown[1:]}{f'; {source}' if source else ''}."
    figure = new_figure(
        (10.2, 7.2) if n > 12 else (8.4, 5.2),
        "Genres lie near each other where they share artists",
        notes=(
            "Near means: many of the artists of one are artists of the other too, or of the same "
            "third ones. Lines join genres that are among each other's nearest, the nearer the "
            "darker; larger marks have more artists. Directions mean nothing.",
        ),
        caption=caption,
    )
    wide, high = figure.get_figwidth() - 2 * MARGIN - _KEY_WIDTH, 6.6 if n > 12 else 4.6
    axes = add_axes(figure, MARGIN, 0.45, wide, high)
    colors, handles = _colors(genre_map, n)
    _draw_lines(axes, genre_map, places)
    counts = genre_map.n_artists[:n]
    sizes = 18 + 200 * counts / max(int(counts.max()), 1)
    axes.scatter(
        places[:, 0], places[:, 1], s=sizes, c=colors, edgecolors="white", linewidths=0.8, zorder=3
    )
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.margins(0.1, 0.08)
    _name_genres(axes, genre_map, places, (colors, np.sqrt(sizes / np.pi) * DPI / 72))
    axes.legend(
        handles=handles,
        title="Family of",
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=8.5,
        alignment="left",
    )
    return figure


def _colors(genre_map: GenreMap, n: int) -> tuple[list[str], list[Line2D]]:
    """Colour the genres shown by family, and explain the colours."""
    families = genre_map.families[:n]
    sizes = np.bincount(families)
    several = [family for family in np.argsort(-sizes, kind="stable") if sizes[family] > 1]
    color_of = dict(zip((int(one) for one in several), COLORS, strict=False))
    first = {family: int(np.flatnonzero(families == family)[0]) for family in color_of}
    labels = {f: f"{genre_map.names[first[f]]} ({sizes[f]})" for f in color_of}
    colors = [color_of.get(int(family), NEUTRAL) for family in families]
    if NEUTRAL in colors:
        color_of[-1], labels[-1] = NEUTRAL, f"other ({colors.count(NEUTRAL)})"
    return colors, [
        Line2D([], [], color=color_of[f], label=labels[f], linestyle="", marker="o", markersize=7)
        for f in color_of
    ]


def _draw_lines(axes: Axes, genre_map: GenreMap, places: NDArray[np.float64]) -> None:
    """Join the genres that are nearest to each other."""
    n = len(places)
    edges, weights = join_nearest(genre_map.similarity[:n, :n].astype(np.float64), _JOINED)
    if not len(edges):
        return
    lines = LineCollection(
        list(places[edges]),
        colors=SOFT,
        linewidths=0.5 + 1.5 * weights,
        alpha=np.clip(0.1 + 0.6 * weights, 0, 0.7),
        zorder=1,
    )
    axes.add_collection(lines)


def _name_genres(
    axes: Axes,
    genre_map: GenreMap,
    places: NDArray[np.float64],
    marks: tuple[list[str], NDArray[np.float64]],
) -> None:
    """Write each genre's name beside its mark (colours, radii in pixels), most artists first."""
    colors, radii = marks
    font = FontProperties(family=["DejaVu Sans"], size=9.0 if len(places) <= 40 else 7.5)
    names = [
        name if len(name) <= 28 else f"{name[:27]}…" for name in genre_map.names[: len(places)]
    ]
    axes.autoscale_view()
    origin = axes.bbox.p0
    anchors = axes.transData.transform(places) - origin
    sizes = measure_texts(names, font) + np.array([6.0, 2.0])
    sizes[:, 1] += radii  # so that a name stands clear of its own mark
    frame = (axes.bbox.width, axes.bbox.height)
    centres = place_names(anchors, sizes, anchors, frame)
    spots = axes.transData.inverted().transform(centres + origin)
    far = np.hypot(*(centres - anchors).T) > sizes.max(axis=1) / 2 + 18
    for name, spot, place, color, led in zip(names, spots, places, colors, far, strict=True):
        if led:
            axes.plot(*np.array([spot, place]).T, color=color, linewidth=0.6, zorder=2)
        text = axes.text(
            spot[0], spot[1], name, fontproperties=font, color=INK, ha="center", va="center"
        )
        text.set_zorder(6)
        text.set_bbox({"boxstyle": "square,pad=0.1", "facecolor": "white", "alpha": 0.75, "lw": 0})
