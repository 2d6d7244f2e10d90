"""Clustering songs by their audio features and naming the clusters.

Conventions
-----------
``X`` is (n_songs, 9) float64 in the order and units of
:data:`~scripts.moods.features.FEATURES`; ``Z`` is the same, standardised to mean 0 and standard
deviation 1 over the catalogue. Rows must come in a fixed order (by song id): sampling is by
position, so the same songs in the same order give the same centroids, to the last bit.

Method
------
KMeans (Lloyd 1982). Ten k-means++ starts on a sample of at most 20,000 songs find the basin; a
few passes over all songs finish from the best of them. One thread, because threads add up
partial sums in no fixed order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from scripts.learning.mood_plane import place_songs, quadrants_of_places, scaling_of
from scripts.moods.features import FEATURES
from scripts.moods.mood_labels import LEVELS, MEASURES, label_centroid
from scripts.moods.vocabulary import QUADRANTS

#: Numbers of clusters that are tried, from few to many.
N_CLUSTERS_LADDER: tuple[int, ...] = (12, 16, 24, 32, 48, 64, 96)

#: The clusters must keep this share of the songs' variance on the calibrated plane.
KEPT_VARIANCE = 0.75

SAMPLE_SIZE = 20_000
LADDER_SAMPLE_SIZE = 6_000
FULL_PASSES = 10

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
    data = np.ascontiguousarray(Z, dtype=np.float32)
    rows = _sample(len(data), SAMPLE_SIZE, seed)
    start = data[rows]
    n_clusters = min(n_clusters, len(np.unique(start, axis=0)))
    with threadpool_limits(limits=1):
        model = KMeans(n_clusters, n_init=10, random_state=seed).fit(start)
        if len(rows) < len(data):
            model = KMeans(
                n_clusters, init=model.cluster_centers_, n_init=1, max_iter=FULL_PASSES
            ).fit(data)
    return model.cluster_centers_.astype(np.float64)


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


def choose_n_clusters(
    Z: NDArray[np.float64], places: NDArray[np.float64], seed: int = 0
) -> tuple[int, list[dict[str, float]]]:
    """Choose the fewest clusters that still resolve the mood plane.

    The rule: of :data:`N_CLUSTERS_LADDER`, the smallest number whose clusters keep at least
    :data:`KEPT_VARIANCE` of the songs' variance on the calibrated plane (the between-cluster
    share of the variance of valence plus arousal); if none does, the largest.

    Parameters
    ----------
    Z : (n, 9) float, standardised
    places : (n, 2) float in [0, 1]

    Returns
    -------
    n_clusters : int
    ladder : list of {"n_clusters", "kept_variance", "inertia"}, one for each number tried
    """
    rows = _sample(len(Z), LADDER_SAMPLE_SIZE, seed)
    data, where = Z[rows], places[rows]
    total = float(((where - where.mean(axis=0)) ** 2).sum()) or 1.0
    distinct = len(np.unique(data, axis=0))
    ladder: list[dict[str, float]] = []
    chosen = 1
    for n_clusters in [k for k in N_CLUSTERS_LADDER if k < distinct] or [distinct]:
        with threadpool_limits(limits=1):
            model = KMeans(n_clusters, n_init=1, random_state=seed).fit(data.astype(np.float32))
        sums = np.zeros((n_clusters, 2))
        np.add.at(sums, model.labels_, where)
        counts = np.bincount(model.labels_, minlength=n_clusters).clip(1)[:, None]
        within = float(((where - (sums / counts)[model.labels_]) ** 2).sum())
        kept = 1 - within / total
        ladder.append(
            {"n_clusters": n_clusters, "kept_variance": kept, "inertia": float(model.inertia_)}
        )
        chosen = n_clusters
        if kept >= KEPT_VARIANCE:
            break
    return chosen, ladder


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
        By default chosen by :func:`choose_n_clusters`.
    seed : int
    """
    mean, scale = scaling_of(X)
    Z = (X - mean) / scale
    places = place_songs(plane, X)
    ladder: list[dict[str, float]] = []
    if n_clusters is None:
        n_clusters, ladder = choose_n_clusters(Z, places, seed)
    centroids = fit_centroids(Z, n_clusters, seed)
    labels, inertia = assign_clusters(Z, centroids)
    middles = centroids * scale + mean
    middle_places = place_songs(plane, middles)
    thresholds = measure_thresholds(X, places)
    named = [
        label_centroid(
            dict(zip(FEATURES, middle.tolist(), strict=True))
            | {"valence_cal": float(place[0]), "arousal_cal": float(place[1])},
            thresholds,
        )
        for middle, place in zip(middles, middle_places, strict=True)
    ]
    return SongClusters(
        mean=mean,
        scale=scale,
        centroids=centroids,
        places=middle_places,
        moods=[mood for mood, _ in named],
        reasons=[reason for _, reason in named],
        thresholds=thresholds,
        labels=labels,
        inertia=inertia,
        ladder=ladder,
    )
