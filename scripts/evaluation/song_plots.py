"""Plots of the songs' moods: clusters, the valence-arousal plane, and errors against truth.

Conventions
-----------
``valence_cal`` and ``arousal_cal`` are calibrated to [0, 1], the middle at 0.5; a map that is
linear may reach a little beyond. Clouds of points show a stated sample, shares of moods and
the middles of clusters count every song given. A point is coloured by its song mood.

Method
------
The two axes of the scatter are the first principal components of the standardised features of
the sample: eigenvectors of their covariance, signed so that the largest loading is positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.evaluation.plot_style import (
    INK,
    SOFT,
    add_axes,
    describe_sample,
    house_style,
    new_figure,
    percent,
    save_figure,
)
from scripts.evaluation.song_cloud import (
    Cloud,
    draw_cloud,
    draw_mood_key,
    make_cloud,
    mark_centroids,
    order_songs,
)
from scripts.evaluation.song_error_plots import draw_confusion, draw_errors_by_mood
from scripts.moods.features import FEATURES

SCATTER_LIMIT = 8_000


def draw_song_plots(
    output: Path,
    *,
    songs: pd.DataFrame,
    centroids: np.ndarray,
    centroid_names: Sequence[str],
    scaling: tuple[np.ndarray, np.ndarray],
    confusion: Mapping[str, Any],
    n_songs: int,
    seed: int,
) -> list[Path]:
    """Draw the two clouds of songs and the two plots of the song model's errors.

    Parameters
    ----------
    output : pathlib.Path
        Where the files go; the plots of errors go into its folder ``music_runs``.
    songs : pandas.DataFrame
        The nine audio features, ``valence_cal`` and ``arousal_cal`` in [0, 1], ``mood`` (name of
        a song mood) and ``cluster`` (row of `centroids`).
    centroids : numpy.ndarray, shape (k, 9), float
        In the space of the standardised features.
    centroid_names : sequence of str
        The song mood each centroid is named with.
    scaling : tuple of numpy.ndarray, shape (9,) each
        Mean and scale that standardise the features; a scale of 0 counts as 1.
    confusion : mapping
        ``labels``, ``matrix`` of shape (m, m) with true moods in rows, ``title``, ``caption`` and,
        optionally, ``is_truth``; see :mod:`scripts.evaluation.song_error_plots`.
    n_songs : int
        How many songs the catalogue holds; `songs` may be a sample of them.
    seed : int
        Chooses the sample of at most 8,000 songs that is drawn.

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
    rows = order_songs(songs, SCATTER_LIMIT, seed, "song plots")
    shown = songs.iloc[rows]
    told = describe_sample(len(rows), n_songs, seed)
    cloud = make_cloud(songs["mood"], rows, centroid_names, told)
    with house_style():
        figures = {
            "kmeans_cluster_scatter.png": _cluster_scatter(cloud, shown, centroids, scaling),
            "valence_energy_plane.png": _plane(cloud, shown, songs),
            "music_runs/confusion_matrix.png": draw_confusion(confusion),
            "music_runs/misclassification_bar.png": draw_errors_by_mood(confusion),
        }
        return [save_figure(figure, output / name) for name, figure in figures.items()]


def principal_components(standardised: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the two directions along which songs differ most.

    Parameters
    ----------
    standardised : numpy.ndarray, shape (n, d), float
        Features, standardised; d is 2 or more.

    Returns
    -------
    directions : numpy.ndarray, shape (2, d), float
        Unit vectors, each with its largest entry positive.
    shares : numpy.ndarray, shape (2,), float
        Their shares of the variance, in [0, 1]; 0 where the songs do not differ at all.

    >>> directions, shares = principal_components(np.array([[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]]))
    >>> abs(directions).tolist(), shares.tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [1.0, 0.0])
    """
    centred = standardised - standardised.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    directions = vectors[:, :-3:-1].T
    peak = np.abs(directions).argmax(axis=1)
    directions = directions * np.where(directions[[0, 1], peak] < 0, -1.0, 1.0)[:, None]
    total = values.sum()
    shares = values[:-3:-1] / total if total > 0 else np.zeros(2)
    return directions, np.clip(shares, 0.0, 1.0)


def _cluster_scatter(
    cloud: Cloud,
    shown: pd.DataFrame,
    centroids: np.ndarray,
    scaling: tuple[np.ndarray, np.ndarray],
) -> Figure:
    mean, scale = scaling
    points = (shown[list(FEATURES)].to_numpy(float) - mean) / np.where(scale > 0, scale, 1.0)
    directions, shares = principal_components(points)
    middle = points.mean(axis=0)
    clusters = f"{len(centroids)} cluster{'s' if len(centroids) != 1 else ''}"
    moods = len(set(cloud.centroid_names))
    figure = new_figure(
        (10.2, 6.85),
        f"{clusters} of songs carry {moods} mood{'s' if moods != 1 else ''}; "
        f"this view holds {percent(shares.sum())} of what tells songs apart",
        notes=("Each point is a song in the colour of its mood; each large mark is a centroid.",),
        caption=f"Principal components of the nine standardised audio features, {cloud.caption}.",
    )
    axes = add_axes(figure, 0.75, 0.95, 7.7, 5.75)
    draw_cloud(axes, (points - middle) @ directions.T, cloud)
    names = [
        f"{_describe_direction(direction)} ({percent(share)} of the variance)"
        for direction, share in zip(directions, shares, strict=True)
    ]
    axes.set(xlabel=names[0], ylabel=names[1])
    mark_centroids(axes, (centroids - middle) @ directions.T, cloud.centroid_names)
    draw_mood_key(figure, cloud)
    return figure


def _describe_direction(direction: np.ndarray) -> str:
    """Name the features that load on a component, in standard deviations."""
    words = [name.rsplit("_", 1)[0] if "_" in name else name for name in FEATURES]
    order = np.argsort(-np.abs(direction), kind="stable")[:4]
    strong = [i for i in order if abs(direction[i]) >= 0.3]
    more = ", ".join(words[i] for i in strong if direction[i] > 0)
    less = ", ".join(words[i] for i in strong if direction[i] < 0)
    return f"← {less}  |  {more} →" if less else f"{more} →"


def _plane(cloud: Cloud, shown: pd.DataFrame, songs: pd.DataFrame) -> Figure:
    place = ["valence_cal", "arousal_cal"]
    points = songs[place].to_numpy(float)
    right, upper = points[:, 0] >= 0.5, points[:, 1] >= 0.5
    inside = {
        "happy": right & upper,
        "angry": ~right & upper,
        "sad": ~right & ~upper,
        "relaxed": right & ~upper,
    }
    quarters = {name: float(members.mean()) for name, members in inside.items()}
    most = max(quarters, key=lambda name: quarters[name])
    figure = new_figure(
        (10.2, 6.85),
        f"{percent(quarters[most])} of the songs lie in the {most} quarter of the plane",
        notes=(
            "Each point is a song in its mood's colour, each large mark a cluster's middle.",
            "The corners count the songs by their place on the plane, the list on the right by "
            "their mood.",
        ),
        caption=f"Valence and arousal, calibrated from the audio features, of {cloud.caption}.",
    )
    axes = add_axes(figure, 0.75, 0.95, 7.7, 5.75)
    draw_cloud(axes, shown[place].to_numpy(float), cloud)
    _draw_quarters(axes, quarters)
    axes.set(
        xlabel="calibrated valence (0 unpleasant, 1 pleasant)",
        ylabel="calibrated arousal (0 still, 1 stirred)",
    )
    middles, filled = _cluster_middles(points, songs["cluster"].to_numpy())
    mark_centroids(axes, middles, [cloud.centroid_names[i] for i in filled])
    draw_mood_key(figure, cloud)
    return figure


def _draw_quarters(axes: Axes, quarters: Mapping[str, float]) -> None:
    """Draw the two middle lines and write each quarter's name into its corner."""
    low, high = axes.get_ylim()
    lane = 0.055 * (high - low)
    axes.set_ylim(low - lane, high + lane)
    axes.axhline(0.5, color=INK, linewidth=1, zorder=2.5)
    axes.axvline(0.5, color=INK, linewidth=1, zorder=2.5)
    for name, share in quarters.items():
        right, upper = name in {"happy", "relaxed"}, name in {"happy", "angry"}
        axes.text(
            0.985 if right else 0.015,
            0.985 if upper else 0.015,
            f"{name}  {percent(share)}",
            transform=axes.transAxes,
            ha="right" if right else "left",
            va="top" if upper else "bottom",
            fontsize=13,
            weight="bold",
            color=SOFT,
            zorder=5,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 2},
        )


def _cluster_middles(points: np.ndarray, cluster: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average the points of each cluster that has any; give the numbers of those clusters too."""
    sizes = np.bincount(cluster)
    filled = np.flatnonzero(sizes)
    sums = [np.bincount(cluster, column)[filled] for column in points.T]
    return np.column_stack(sums) / sizes[filled, None], filled
