"""Clustering songs by their audio features and naming the clusters.

Conventions
-----------
``X`` is (n_songs, 9) float64 in the order and units of
:data:`~scripts.moods.features.FEATURES`; ``Z`` is the same, standardised to mean 0 and standard
deviation 1 over the catalogue. Rows must come in a fixed order (by song id): sampling is by
position, so the same songs in the same order give the same centroids, to the last bit.

Method
------
KMeans (Lloyd 1982). Ten k-means++ starts (sixteen above half a million songs) on a sample of at
most 20,000 songs find good basins; passes over all songs finish from the best two of them, and the
better one is kept. One thread, because threads add up partial sums in no fixed order.

Unless a number is given, the fewest clusters are taken whose names cover every song mood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from scripts.learning.mood_plane import place_songs, quadrants_of_places, scaling_of
from scripts.moods.features import FEATURES
from scripts.moods.mood_labels import LEVELS, MEASURES, label_centroid
from scripts.moods.vocabulary import QUADRANTS, SONG_MOODS

#: Numbers of clusters that are tried, from few to many.
N_CLUSTERS_LADDER: tuple[int, ...] = (24, 32, 48, 64)

SAMPLE_SIZE = 20_000
N_STARTS = 10
N_STARTS_LARGE = 16  # where a pass over all songs costs more than all the starts
LARGE = 500_000
N_REFINED = 2

#: Lloyd's passes over all songs end when nothing moves any more, or here: at this many visits of a
#: song, but not before ten passes.
SONG_VISITS = 20_000_000

#: With fewer songs in a quarter, its levels mean little.
MIN_SONGS_PER_QUARTER = 20


class SongClusters(NamedTuple):
    """Fitted and named clusters."""

    mean: NDArray[np.float64]  # (9,) of the catalogue's features
    scale: NDArray[np.float64]  # (9,)
    centroids: NDArray[np.float64]  # (k, 9) in standardised units
    places: NDArray[np.float64]  # (k, 2) calibrated valence and arousal
    moods: list[str]  # k song moods
    reasons: list[str]  # k rules in words
    thresholds: dict[str, dict[str, dict[str, float]]]  # by quadrant, measure and level
    labels: NDArray[np.int32]  # (n,) cluster of each song
    inertia: float  # sum of squared distances in standardised units
    ladder: list[dict[str, float]]  # what the choice of k looked at; empty if k was given


def _sample(n: int, limit: int, seed: int) -> NDArray[np.int64]:
    if n <= limit:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, limit, replace=False))


def start_centroids(
    Z: NDArray[np.float64], n_clusters: int, seed: int = 0
) -> list[NDArray[np.float32]]:
    """Find the best basins on a sample of the songs.

    Returns
    -------
    list of (k, 9) float32
        The centroids of the best starts, the best first. k is at most the number of distinct
        rows of the sample.
    """
    data = np.asarray(Z[_sample(len(Z), SAMPLE_SIZE, seed)], dtype=np.float32)
    n_clusters = min(n_clusters, len(np.unique(data, axis=0)))
    n_starts = N_STARTS if len(Z) < LARGE else N_STARTS_LARGE
    seeds = np.random.RandomState(seed).randint(2**31 - 1, size=n_starts)
    with threadpool_limits(limits=1):
        fits = [KMeans(n_clusters, n_init=1, random_state=int(s)).fit(data) for s in seeds]
    fits.sort(key=lambda fit: fit.inertia_)
    return [fit.cluster_centers_ for fit in fits[:N_REFINED]]


def refine_centroids(Z: NDArray[np.float64], starts: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Finish KMeans on all songs from each start; returns the best (k, 9) float64."""
    data = np.ascontiguousarray(Z, dtype=np.float32)
    passes = max(10, SONG_VISITS // len(data))
    with threadpool_limits(limits=1):
        fits = [
            KMeans(len(start), init=start, n_init=1, max_iter=passes).fit(data) for start in starts
        ]
    return min(fits, key=lambda fit: fit.inertia_).cluster_centers_.astype(np.float64)


def fit_centroids(Z: NDArray[np.float64], n_clusters: int, seed: int = 0) -> NDArray[np.float64]:
    """Fit KMeans.

    Parameters
    ----------
    Z : (n, 9) float, standardised
    n_clusters : int
        At most the number of distinct rows counts; fewer centroids come back otherwise.
    seed : int

    Returns
    -------
    (k, 9) float64
    """
    return refine_centroids(Z, start_centroids(Z, n_clusters, seed))


def assign_clusters(
    Z: NDArray[np.float64], centroids: NDArray[np.float64], *, chunk: int = 100_000
) -> tuple[NDArray[np.int32], float]:
    """Return each row's nearest centroid, (n,) int32, and the sum of squared distances."""
    labels = np.empty(len(Z), dtype=np.int32)
    inertia = 0.0
    squares = (centroids**2).sum(axis=1)
    for first in range(0, len(Z), chunk):
        part = Z[first : first + chunk]
        distances = squares - 2 * (part @ centroids.T)
        nearest = distances.argmin(axis=1)
        labels[first : first + chunk] = nearest
        inertia += float((part**2).sum() + distances[np.arange(len(part)), nearest].sum())
    return labels, inertia


def choose_centroids(
    Z: NDArray[np.float64], name_moods: Callable[[NDArray[Any]], list[str]], seed: int = 0
) -> tuple[NDArray[np.float64], list[dict[str, float]]]:
    """Fit the fewest clusters whose names cover every song mood.

    The rule: of :data:`N_CLUSTERS_LADDER`, the first number whose clusters name all of
    :data:`~scripts.moods.vocabulary.SONG_MOODS`; if none does, the first that names most of them.
    A number whose start on the sample falls short is not finished on all songs.

    Parameters
    ----------
    Z : (n, 9) float, standardised
    name_moods : callable
        Takes (k, 9) centroids in standardised units, returns their k song moods.
    seed : int

    Returns
    -------
    centroids : (k, 9) float64
    ladder : list of {"n_clusters", "moods_named"}, one for each number tried
    """
    best: list[NDArray[Any]] = []
    ladder: list[dict[str, float]] = []
    most = 0
    for n_clusters in N_CLUSTERS_LADDER:
        starts: list[NDArray[Any]] = list(start_centroids(Z, n_clusters, seed))
        k = len(starts[0])
        n_named = len(set(name_moods(starts[0])))
        if n_named == len(SONG_MOODS):
            starts = [refine_centroids(Z, starts)]
            n_named = len(set(name_moods(starts[0])))
        ladder.append({"n_clusters": k, "moods_named": n_named})
        if n_named == len(SONG_MOODS):
            return starts[0], ladder
        if n_named > most:
            best, most = starts, n_named
        if k < n_clusters:  # no more songs than this can be told apart
            break
    return refine_centroids(Z, best), ladder


def _levels_of(values: NDArray[np.float64]) -> dict[str, float]:
    mean, deviation = float(values.mean()), float(values.std())
    return {level: mean + steps * deviation for level, (steps, _) in LEVELS.items()}


def measure_thresholds(
    X: NDArray[np.float64], places: NDArray[np.float64]
) -> dict[str, dict[str, dict[str, float]]]:
    """Find where each level of every measure begins, quarter by quarter.

    A quarter with fewer than :data:`MIN_SONGS_PER_QUARTER` songs takes the levels of all songs.
    """
    columns = {name: X[:, i] for i, name in enumerate(FEATURES)}
    columns |= {"valence_cal": places[:, 0], "arousal_cal": places[:, 1]}
    home = quadrants_of_places(places)
    thresholds = {}
    for quadrant in QUADRANTS:
        rows = np.flatnonzero(home == quadrant)
        if len(rows) < MIN_SONGS_PER_QUARTER:
            rows = np.arange(len(X))
        thresholds[quadrant] = {name: _levels_of(columns[name][rows]) for name in sorted(MEASURES)}
    return thresholds


def fit_song_clusters(
    X: NDArray[np.float64],
    plane: Mapping[str, Any],
    *,
    n_clusters: int | None = None,
    seed: int = 0,
) -> SongClusters:
    """Cluster a catalogue and name every cluster with a song mood.

    Parameters
    ----------
    X : (n, 9) float64, n >= 1
    plane : mapping
        The calibrated plane, see :mod:`scripts.moods.plane`.
    n_clusters : int, optional
        By default chosen by :func:`choose_centroids`.
    seed : int
    """
    mean, scale = scaling_of(X)
    Z = (X - mean) / scale
    thresholds = measure_thresholds(X, place_songs(plane, X))

    def name_all(centroids: NDArray[Any]) -> list[tuple[str, str]]:
        middles = centroids * scale + mean
        measures = np.hstack([middles, place_songs(plane, middles)])
        names = (*FEATURES, "valence_cal", "arousal_cal")
        return [
            label_centroid(dict(zip(names, row, strict=True)), thresholds)
            for row in measures.tolist()
        ]

    ladder: list[dict[str, float]] = []
    if n_clusters is None:
        centroids, ladder = choose_centroids(
            Z, lambda middles: [mood for mood, _ in name_all(middles)], seed
        )
    else:
        centroids = fit_centroids(Z, n_clusters, seed)
    labels, inertia = assign_clusters(Z, centroids)
    named = name_all(centroids)
    return SongClusters(
        mean=mean,
        scale=scale,
        centroids=centroids,
        places=place_songs(plane, centroids * scale + mean),
        moods=[mood for mood, _ in named],
        reasons=[reason for _, reason in named],
        thresholds=thresholds,
        labels=labels,
        inertia=inertia,
        ladder=ladder,
    )
