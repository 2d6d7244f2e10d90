"""The sixteen mood words and the clusters of songs on one plane of valence and energy.

Conventions
-----------
The plane is the raw one: Spotify's own valence and energy, both in [0, 1], in which a point is
asked for. A cluster stands where its centroid does; the area of its disc grows with the number
of its songs, and its colour is its mood's.

Source
------
Russell, J. A. (1980), A circumplex model of affect, doi:10.1037/h0077714; Thayer, R. E. (1989),
The Biopsychology of Mood and Arousal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.evaluation.label_placement import group_marks
from scripts.evaluation.mood_words import HEIGHT, MIDDLE, Label, draw_frame, draw_labels, mark_words
from scripts.evaluation.plot_style import (
    DPI,
    INK,
    MARGIN,
    NEUTRAL,
    SOFT,
    add_axes,
    describe_sample,
    house_style,
    mood_color,
    new_figure,
    save_figure,
)
from scripts.evaluation.song_cloud import draw_mood_key, make_cloud, require_songs
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import PLANE_WORDS

#: Area of the largest disc, in square points, and the least area that still shows a colour.
_LARGEST, _LEAST = 700.0, 14.0

#: Clusters of one mood that are linked by steps of at most so many pixels share a name.
_MERGE_REACH = 60.0


def draw_circumplex(
    path: Path,
    *,
    songs: pd.DataFrame,
    centroids: np.ndarray,
    centroid_names: Sequence[str],
    scaling: tuple[np.ndarray, np.ndarray],
) -> Path:
    """Draw the words and the clusters; returns `path`.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    songs : pandas.DataFrame
        ``mood`` (name of a song mood) and ``cluster`` (row of `centroids`) of every song.
    centroids : numpy.ndarray, shape (k, 9), float
        In the space of the standardised features.
    centroid_names : sequence of str
        The song mood each centroid is named with.
    scaling : tuple of numpy.ndarray, shape (9,) each
        Mean and scale that standardise the features.

    Raises
    ------
    DataError
        There is no song.
    """
    require_songs(songs, "circumplex")
    columns = [FEATURES.index("valence"), FEATURES.index("energy")]
    sizes = np.bincount(songs["cluster"], minlength=len(centroids))
    filled = np.flatnonzero(sizes)
    places = (centroids * scaling[1] + scaling[0])[filled][:, columns]
    names = [centroid_names[int(i)] for i in filled]
    with house_style():
        return save_figure(_draw(songs["mood"], places, names, sizes[filled]), path)


def mean_radius(places: np.ndarray) -> float:
    """Average the distance from the middle of the plane.

    >>> mean_radius(np.array([[0.5, 0.9], [0.5, 0.5]]))
    0.2
    """
    return float(np.hypot(*(places - MIDDLE).T).mean())


def _draw(moods: pd.Series, places: np.ndarray, names: list[str], sizes: np.ndarray) -> Figure:
    words = mean_radius(np.array(list(PLANE_WORDS.values())))
    ours = mean_radius(places)
    told = describe_sample(len(moods), len(moods), 0)
    who = "Clusters lie" if len(places) != 1 else "The cluster lies"
    figure = new_figure(
        (10.2, 8.3),
        f"{who} {'nearer' if ours < words else 'farther from'} the middle than the mood words: "
        f"{_short(ours)} against {_short(words)}",
        notes=(
            "Discs: clusters at the raw valence and energy of their centroids. Diamonds: the "
            "sixteen words of Russell and Thayer.",
            "A cluster takes its mood from all nine features, so it need not lie beside its word.",
        ),
        caption=f"Centroids of {told}; mean distances from the point (.5, .5). Words that share a "
        "point share a label.",
    )
    axes = add_axes(figure, 0.75, 0.85, 7.2, 7.2 * HEIGHT)
    draw_frame(axes)
    areas = np.maximum(_LARGEST * sizes / sizes.max(), _LEAST)
    order = np.argsort(-areas, kind="stable")
    colors = [mood_color(names[i]) for i in order]
    x, y = places[order].T
    axes.scatter(x, y, s=areas[order], c=colors, edgecolors=INK, linewidths=1, zorder=3)
    labels = mark_words(axes)
    draw_labels(
        axes, labels + _name_clusters(axes, places, names, areas), _rims(axes, places, areas)
    )
    draw_mood_key(figure, make_cloud(moods, np.empty(0, dtype=int), names, ""), bottom=1.98)
    _draw_size_key(figure, int(sizes.max()))
    return figure


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _radii(areas: np.ndarray) -> np.ndarray:
    """Turn areas in square points into radii in pixels."""
    return np.sqrt(areas / np.pi) * DPI / 72


def _name_clusters(
    axes: Axes, places: np.ndarray, names: list[str], areas: np.ndarray
) -> list[Label]:
    """Name each cluster, and those of one mood that lie close together but once."""
    radii = _radii(areas)
    groups = group_marks(axes.transData.transform(places), names, _MERGE_REACH)
    return [
        Label(
            names[group[0]] + (f" ×{len(group)}" if len(group) > 1 else ""),
            places[group],
            7.5,
            edge=mood_color(names[group[0]]),
            radius=float(radii[group].max()),
        )
        for group in groups
    ]


def _rims(axes: Axes, places: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """List points along the rim of every disc, so that labels keep off the whole disc."""
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    pixels = axes.transData.transform(places)[:, None] + _radii(areas)[:, None, None] * circle
    return axes.transData.inverted().transform(pixels.reshape(-1, 2))


def _draw_size_key(figure: Figure, largest: int) -> None:
    """Show what the areas mean: the largest cluster, and one of a quarter of its songs."""
    left = 8.65
    axes = add_axes(figure, left, 0.85, figure.get_figwidth() - left - MARGIN / 2, 1.1)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    axes.text(0, 0.95, "songs in a cluster", fontsize=9, color=SOFT, va="center")
    shown = sorted({largest, max(1, round(largest / 4))}, reverse=True)
    for songs, y in zip(shown, (0.6, 0.15), strict=False):
        area = max(_LARGEST * songs / largest, _LEAST)
        axes.scatter(0.13, y, s=area, c=NEUTRAL, edgecolors=INK, linewidths=1.0, clip_on=False)
        axes.text(0.32, y, f"{songs:,}", fontsize=9, va="center")
