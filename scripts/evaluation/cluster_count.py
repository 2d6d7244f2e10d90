"""How good other numbers of clusters would be: inertia (the elbow) and silhouette.

Conventions
-----------
``Z`` is (n, 9) float, features standardised as the run's own clusters see them. Inertia is the
sum of squared distances to the nearest centroid, here as a share of the same sum around the one
mean, in [0, 1]. The silhouette lies in [-1, 1]; it is undefined, NaN, where each song is a
cluster of its own.

Method
------
KMeans from k-means++ (Arthur, D. & Vassilvitskii, S. (2007)), one start for each number, on a
stated sample; one thread, because threads add up partial sums in no fixed order. Silhouette:
Rousseeuw, P. J. (1987), doi:10.1016/0377-0427(87)90125-7, on the first songs of the sample. That
an average of .25 or less means no substantial structure is from Kaufman, L. & Rousseeuw, P. J.
(1990), Finding Groups in Data, table 4.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from threadpoolctl import threadpool_limits

from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    SOFT,
    add_axes,
    describe_sample,
    house_style,
    new_figure,
    percent,
    save_figure,
)
from scripts.evaluation.song_cloud import order_songs, sounds_of

COUNTS: tuple[int, ...] = (2, 4, 8, 12, 16, 24, 32, 48, 64)
SAMPLE = 4_000
SILHOUETTE_SAMPLE = 1_000
NO_STRUCTURE = 0.25


def draw_cluster_count(
    path: Path,
    *,
    songs: pd.DataFrame,
    scaling: tuple[np.ndarray, np.ndarray],
    n_clusters: int,
    reason: str,
    n_songs: int,
    seed: int,
) -> Path:
    """Draw inertia and silhouette against the number of clusters; returns `path`.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    songs : pandas.DataFrame
        The nine audio features.
    scaling, n_songs
        As :func:`~scripts.evaluation.song_plots.draw_song_plots` takes them.
    n_clusters : int
        The number that the run took.
    reason : str
        Why it took this number, to follow "The run took 24 clusters:".
    seed : int
        Chooses the sample of at most 4,000 songs, and starts KMeans.

    Raises
    ------
    DataError
        There is no song.
    """
    rows = order_songs(songs, SAMPLE, seed, "cluster count")
    values, mean, scale = sounds_of(songs, rows, scaling)
    measured = measure_counts((values - mean) / scale, n_clusters, seed)
    told = describe_sample(len(rows), n_songs, seed)
    with house_style():
        return save_figure(_draw(measured, n_clusters, reason, (told, len(rows))), path)


def measure_counts(Z: np.ndarray, n_clusters: int, seed: int) -> np.ndarray:
    """Cluster the songs into each number of :data:`COUNTS` and into `n_clusters`.

    Numbers above that of the different songs are left out.

    Parameters
    ----------
    Z : numpy.ndarray, shape (n, 9), float
        In an order that is random: the silhouette looks at the first 1,000.
    n_clusters : int
    seed : int

    Returns
    -------
    numpy.ndarray, shape (m, 3), float
        Number of clusters, inertia as a share of the total, silhouette; by rising number.
    """
    from sklearn.cluster import KMeans

    data = np.ascontiguousarray(Z, dtype=np.float32)
    total = float(((data - data.mean(axis=0)) ** 2).sum(dtype=np.float64))
    most = len(np.unique(data, axis=0))
    measured = []
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # songs that differ by less than float32 tells apart leave clusters empty: no harm here
        warnings.simplefilter("ignore")
        for count in sorted({*COUNTS, n_clusters}):
            if 2 <= count <= most:
                fit = KMeans(count, n_init=1, random_state=seed % 2**32).fit(data)
                measured.append((count, fit.inertia_ / total, _silhouette(data, fit.labels_)))
    return np.array(measured).reshape(-1, 3)


def _silhouette(data: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import silhouette_score

    data, labels = data[:SILHOUETTE_SAMPLE], labels[:SILHOUETTE_SAMPLE]
    if not 2 <= len(np.unique(labels)) < len(labels):
        return float("nan")
    return float(silhouette_score(data, labels))


def describe_silhouettes(measured: np.ndarray) -> str:
    """Say which number of clusters has the highest silhouette, and what that is worth.

    >>> describe_silhouettes(np.array([[2, 0.8, 0.19], [4, 0.6, 0.11]]))
    'The songs form no separate groups: the best silhouette is .19, with 2 clusters'
    >>> describe_silhouettes(np.empty((0, 3)))
    'Too few different songs to compare numbers of clusters'
    """
    told = measured[np.isfinite(measured[:, 2])]
    if len(told) == 0:
        return "Too few different songs to compare numbers of clusters"
    count, _, best = told[told[:, 2].argmax()]
    score = f"{best:.2f}".replace("0.", ".", 1)
    if best <= NO_STRUCTURE:
        return (
            f"The songs form no separate groups: the best silhouette is {score}, "
            f"with {count:.0f} clusters"
        )
    return f"The silhouette is best with {count:.0f} clusters: {score}"


def _draw(measured: np.ndarray, n_clusters: int, reason: str, source: tuple[str, int]) -> Figure:
    told, shown = source
    looked = f"{SILHOUETTE_SAMPLE:,} of them" if shown > SILHOUETTE_SAMPLE else "the same songs"
    figure = new_figure(
        (10.2, 4.1),
        describe_silhouettes(measured),
        notes=(
            f"The run took {n_clusters} cluster{'s' if n_clusters != 1 else ''}: {reason}.",
            "Left: lower is tighter; an elbow would mark a natural number. Right: higher is better "
            "parted.",
        ),
        caption=f"KMeans (one start each) on the standardised features of {told}; silhouette on "
        f"{looked}.",
    )
    left = add_axes(figure, 0.85, 0.95, 4.1, 2.95)
    right = add_axes(figure, 5.85, 0.95, 4.1, 2.95)
    _draw_curve(left, measured[:, :2], n_clusters)
    left.set(ylim=(0, 1), ylabel="inertia (share of the total)")
    left.set_yticks(np.linspace(0, 1, 6), [percent(tick) for tick in np.linspace(0, 1, 6)])
    _draw_curve(right, measured[:, ::2], n_clusters)
    low, high = np.nanmin([*measured[:, 2], 0.0]), np.nanmax([*measured[:, 2], 0.3])
    right.set(ylim=(low - 0.02 * (low < 0), 1.08 * high), ylabel="mean silhouette")
    right.axhline(NO_STRUCTURE, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    place: dict[str, Any] = {
        "transform": right.get_yaxis_transform(),
        "ha": "right",
        "va": "bottom",
    }
    right.text(0.99, NO_STRUCTURE, "no substantial structure below", fontsize=8, **place)
    return figure


def _draw_curve(axes: Axes, curve: np.ndarray, n_clusters: int) -> None:
    """Draw one measure over the numbers, doublings evenly spaced, and mark the run's own."""
    curve = curve[np.isfinite(curve[:, 1])]
    x, y = np.log2(curve[:, 0]), curve[:, 1]
    axes.grid(axis="y")
    axes.plot(x, y, "o-", color=ACCENT, linewidth=1.6, markersize=5, clip_on=False, zorder=3)
    highest = max(64, n_clusters)
    axes.set(xlim=(0.85, np.log2(highest) + 0.15), xlabel="number of clusters")
    axes.set_xticks(np.log2(COUNTS), [str(count) for count in COUNTS])
    taken = curve[:, 0] == n_clusters
    if not taken.any():
        return
    at = (np.log2(n_clusters), float(y[taken][0]))
    axes.plot(*at, "o", color=INK, markersize=9, clip_on=False, zorder=4)
    beyond = at[0] > 5.3  # no room to its right
    rises = not beyond and bool((y[x > at[0]][:1] > at[1]).any())
    name = axes.annotate(
        f"taken: {n_clusters}",
        at,
        xytext=(5 if beyond else 2, -18 if rises else 11),
        textcoords="offset points",
        ha="right" if beyond else "left",
        fontsize=9,
        weight="bold",
        zorder=5,
    )
    name.set_path_effects([Stroke(linewidth=2.5, foreground="white"), Normal()])
