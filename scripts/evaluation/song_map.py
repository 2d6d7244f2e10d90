"""A map of songs by t-SNE: songs that sound alike lie side by side.

Conventions
-----------
The map has no axes: its directions mean nothing, and distances between groups mean little. It
shows a stated sample, chosen by the seed, coloured by song mood. Songs with the same features
share a place.

Method
------
t-SNE (van der Maaten, L. & Hinton, G. (2008), Visualizing data using t-SNE, JMLR 9) of the
standardised features, cut at three standard deviations, from a start at the first two principal
components (Kobak, D. & Berens, P. (2019), doi:10.1038/s41467-019-13056-x), in the approximation
of Barnes and Hut. One thread, because threads add up partial sums in no fixed order. Fewer than
:data:`FEWEST` different songs are shown along their principal components instead.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from scripts.evaluation.plot_style import (
    add_axes,
    describe_sample,
    house_style,
    new_figure,
    percent,
    quadrant_order,
    save_figure,
)
from scripts.evaluation.song_cloud import (
    draw_cloud,
    draw_mood_key,
    make_cloud,
    mark_centroids,
    order_songs,
    sounds_of,
)
from scripts.evaluation.song_plots import principal_components
from scripts.learning.mood_plane import standardise

SAMPLE = 1_000
PERPLEXITY = 30.0
N_ITERATIONS = 400

#: Below this, there are no neighbourhoods to keep.
FEWEST = 12

#: So many neighbours on the map are compared, from so many songs on.
N_NEIGHBOURS, ENOUGH = 10, 100

#: A mood with a smaller part of the songs shown is not named on the map.
_NAMED_FROM = 0.03


def draw_song_map(
    path: Path,
    *,
    songs: pd.DataFrame,
    scaling: tuple[np.ndarray, np.ndarray],
    n_songs: int,
    seed: int,
) -> Path:
    """Draw the map; returns `path`.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    songs : pandas.DataFrame
        The nine audio features and ``mood`` (name of a song mood).
    scaling, n_songs
        As :func:`~scripts.evaluation.song_plots.draw_song_plots` takes them.
    seed : int
        Chooses the sample of at most 1,000 songs, and starts t-SNE.

    Raises
    ------
    DataError
        There is no song.
    """
    rows = order_songs(songs, SAMPLE, seed, "song map")
    points, perplexity = map_songs(standardise(*sounds_of(songs, rows, scaling)), seed)
    shown = songs["mood"].iloc[rows].astype(object)
    moods = shown.where(shown.notna(), "").to_numpy(str)  # "" is no mood
    told = describe_sample(len(rows), n_songs, seed)
    with house_style():
        return save_figure(_draw(points, moods, songs["mood"], (rows, told, perplexity)), path)


def map_songs(standardised: np.ndarray, seed: int) -> tuple[np.ndarray, float | None]:
    """Lay songs out in two dimensions.

    Parameters
    ----------
    standardised : numpy.ndarray, shape (n, 9), float
        Features in standard deviations; n is 1 or more.
    seed : int
        The same seed gives the same map.

    Returns
    -------
    points : numpy.ndarray, shape (n, 2), float
        Without a unit.
    perplexity : float or None
        At most 30, less with few songs; None where principal components took the place of t-SNE.
    """
    # a thousandth of a standard deviation is no difference, and t-SNE divides by the smallest one
    distinct, place = np.unique(np.round(standardised, 3), axis=0, return_inverse=True)
    if len(distinct) < FEWEST:
        directions, _ = principal_components(standardised)
        return (standardised - standardised.mean(axis=0)) @ directions.T, None
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(distinct) - 1) // 3)
    with threadpool_limits(limits=1):
        points = TSNE(
            perplexity=perplexity,
            init="pca",
            learning_rate=200.0,
            max_iter=N_ITERATIONS,
            angle=0.8,
            random_state=seed % 2**32,
        ).fit_transform(distinct.astype(np.float32))
    return points[place.ravel()].astype(float), perplexity


def share_of_like_neighbours(points: np.ndarray, moods: np.ndarray) -> tuple[float, float]:
    """Say how many of a song's ten nearest on the map share its mood.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, 2), float
        More than ten places.
    moods : numpy.ndarray, shape (n,), str

    Returns
    -------
    share, chance : float
        In [0, 1]: what is found, and what songs strewn about at random would give.
    """
    squares = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    near = np.argsort(squares, axis=1, kind="stable")[:, :N_NEIGHBOURS]
    counts = np.unique(moods, return_counts=True)[1].astype(float)
    n = len(moods)
    chance = float((counts * (counts - 1)).sum() / (n * (n - 1)))
    return float((moods[near] == moods[:, None]).mean()), chance


def densest_places(points: np.ndarray, moods: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Find, for each mood that is not rare, the song around which its songs crowd most."""
    named, places = [], []
    for mood in quadrant_order(sorted(set(moods.tolist()) - {""})):
        own = points[moods == mood]
        if len(own) < _NAMED_FROM * len(points):
            continue
        reach = min(N_NEIGHBOURS, len(own) - 1)
        gaps = np.hypot(*(own[:, None] - own[None]).transpose(2, 0, 1))
        named.append(mood)
        places.append(own[np.sort(gaps, axis=1)[:, reach].argmin()])
    return np.array(places).reshape(-1, 2), named


def _draw(
    points: np.ndarray,
    moods: np.ndarray,
    all_moods: pd.Series,
    source: tuple[np.ndarray, str, float | None],
) -> Figure:
    rows, told, perplexity = source
    title = f"A map of {len(points):,} song{'s' if len(points) != 1 else ''}"
    if len(points) >= ENOUGH:
        share, chance = share_of_like_neighbours(points, moods)
        title = (
            f"{percent(share)} of a song's ten nearest on the map share its mood; "
            f"by chance it would be {percent(chance)}"
        )
    how = "too few different songs for t-SNE: first two principal components"
    if perplexity is not None:
        how = f"t-SNE with perplexity {perplexity:.0f}, started from the principal components"
    figure = new_figure(
        (10.2, 6.85),
        title,
        notes=(
            "Each point is a song in its mood's colour; neighbours sound alike. Distances between "
            "groups, their sizes and the directions mean little. Each name stands where the songs "
            "of its mood crowd most.",
        ),
        caption=f"Nine standardised audio features of {told}; {how}.",
    )
    axes = add_axes(figure, 0.35, 0.5, 8.05, 6.2)
    cloud = make_cloud(all_moods, rows, [], told)
    draw_cloud(axes, points, cloud)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    places, names = densest_places(points, moods)
    if names:
        mark_centroids(axes, places, names)
    draw_mood_key(figure, cloud)
    return figure
