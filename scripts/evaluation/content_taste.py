"""Which formula tells best from the sound of some songs which other songs belong to them.

Conventions
-----------
``Z`` is (n_songs, 9) float64, every feature on a scale with mean about 0 and standard deviation
about 1 (:data:`SCALES`). A *case* is two sets of songs of one list: given ones, and held-out ones
that are looked for among all other songs. A *formula* turns the given songs into a score of every
song of the catalogue, more is better. Scores of cases are in [0, 1].

Lists are a proxy of listeners: one list is narrower than a person, so some cases join three. The
genre of a list is not used, because it is given by the list itself.

Metrics
-------
``auc``: the chance that a held-out song is above another one. ``recall@100``: the share of the
held-out songs (of a hundred of them at most) among the first hundred. ``ndcg@10``: gains of 0
and 1 against the best list of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from scripts.learning.mood_plane import scaling_of, standardise

METRICS: tuple[str, ...] = ("auc", "recall@100", "ndcg@10")

SCALES: tuple[str, ...] = ("standardised", "normal_scores")

#: Songs of the catalogue's own distribution that the given songs are joined by.
PSEUDO_SONGS = 2.0

#: Quantiles that a feature's normal scores are read between, and songs they are taken from.
N_KNOTS, N_SAMPLED = 17, 512

Array = NDArray[np.float64]
Songs = NDArray[np.int64]
Case = tuple[Songs, Songs]
Formula = Callable[[Songs], Array]


def to_normal_scores(X: Array) -> Array:
    """Bring each feature to normal scores, straight between the knots.

    Equal knots (a feature that is 0 in most songs) get the mean of their scores.

    >>> to_normal_scores(np.array([[0.0], [1.0], [2.0]])).round(2).ravel().tolist()
    [-1.89, 0.0, 1.89]
    """
    sampled = X[np.linspace(0, len(X) - 1, min(N_SAMPLED, len(X))).astype(np.int64)]
    shares = np.linspace(0, 1, N_KNOTS)
    scores = norm.ppf(np.clip(shares, 0.5 / N_KNOTS, 1 - 0.5 / N_KNOTS))
    columns = []
    for values, seen in zip(X.T, sampled.T, strict=True):
        knots, place = np.unique(np.quantile(seen, shares), return_inverse=True)
        heights = np.bincount(place, scores) / np.bincount(place)
        columns.append(np.interp(values, knots, heights))
    return np.column_stack(columns)


def scale_songs(X: Array, scale: str) -> Array:
    """Bring features to one of :data:`SCALES`."""
    return to_normal_scores(X) if scale == "normal_scores" else standardise(X, *scaling_of(X))


def _shrunk(Z: Array, given: Songs, background: Array) -> tuple[Array, Array]:
    """Return mean and covariance of the given songs, with :data:`PSEUDO_SONGS` of the catalogue."""
    mean, n, n0 = Z.mean(axis=0), len(given), PSEUDO_SONGS
    own = Z[given].mean(axis=0)
    apart = Z[given] - own
    between = n * n0 / (n + n0) * np.outer(own - mean, own - mean)
    covariance = (apart.T @ apart + between + n0 * background) / (n + n0)
    return (n * own + n0 * mean) / (n + n0), covariance


def _log_density(Z: Array, mean: Array, covariance: Array) -> Array:
    away = Z - mean
    distance = ((away @ np.linalg.inv(covariance)) * away).sum(axis=1)
    return -0.5 * (distance + np.linalg.slogdet(covariance)[1])


def gaussian(Z: Array, *, correlated: float = 0.0) -> Formula:
    """Log-density ratio of a Gaussian at the given songs to one of the whole catalogue.

    ``correlated`` is the weight of the ratio with full covariance beside the one with variances
    alone, in [0, 1].
    """
    whole = np.atleast_2d(np.cov(Z.T, bias=True)) + 1e-9 * np.eye(Z.shape[1])
    plain = np.diag(np.diag(whole))
    parts = [(1 - correlated, plain, True), (correlated, whole, False)]
    parts = [part for part in parts if part[0] > 0]
    below = [_log_density(Z, Z.mean(axis=0), background) for _, background, _ in parts]

    def score(given: Songs) -> Array:
        total = np.zeros(len(Z))
        for (weight, background, diagonal), base in zip(parts, below, strict=True):
            mean, covariance = _shrunk(Z, given, background)
            if diagonal:
                covariance = np.diag(np.diag(covariance))
            total += weight * (_log_density(Z, mean, covariance) - base)
        return total

    return score


def _squared_distances(Z: Array, to: Array) -> Array:
    squares = (Z**2).sum(axis=1)[:, None] + (to**2).sum(axis=1) - 2 * Z @ to.T
    return np.maximum(squares, 0.0)


def nearest_songs(Z: Array, *, k: int = 10) -> Formula:
    """Mean nearness to the k nearest of the given songs."""

    def score(given: Songs) -> Array:
        near = min(k, len(given))
        distances = np.sqrt(_squared_distances(Z, Z[given]))
        return -np.partition(distances, near - 1, axis=1)[:, :near].mean(axis=1)

    return score


def kernel_density(Z: Array, *, width: float = 1.0) -> Formula:
    """Log-density ratio of Gaussian kernels at the given songs to kernels at the catalogue's."""
    some = Z[np.linspace(0, len(Z) - 1, min(N_SAMPLED, len(Z))).astype(np.int64)]
    whole = np.exp(-_squared_distances(Z, some) / (2 * width**2)).mean(axis=1) + 1e-12

    def score(given: Songs) -> Array:
        own = np.exp(-_squared_distances(Z, Z[given]) / (2 * width**2)).sum(axis=1)
        return np.log((own + PSEUDO_SONGS * whole) / (len(given) + PSEUDO_SONGS)) - np.log(whole)

    return score


def sum_with_artists(
    sound: Array, given: Songs, artists: NDArray[np.int64], weights: Sequence[float]
) -> Array:
    """Add the artists of the given songs to the score of a sound, as the program does.

    Parameters
    ----------
    sound : (n_songs,) float
        Standardised here.
    given : song numbers
    artists : (n_songs,) int
        From 0 up.
    weights : sequence of float
        Of log(1 + given songs of the artist), in units of the given artists' median.

    Returns
    -------
    (n_weights, n_songs) float64
    """
    counts = np.bincount(artists[given], minlength=int(artists.max()) + 1)
    known = np.sort(counts[counts > 0])
    own = np.log1p(counts)[artists] / np.log1p(known[len(known) // 2])
    spread = sound.std()
    standard = (sound - sound.mean()) / (spread if spread > 0 else 1.0)
    return np.asarray(weights)[:, None] * own + standard


def sweep_artists(
    formula: Formula, cases: Sequence[Case], artists: NDArray[np.int64], weights: Sequence[float]
) -> Array:
    """Score each weight of :func:`sum_with_artists` on every case: (n_weights, n_cases, 3)."""
    scores = [
        [score_case(summed, case) for summed in sum_with_artists(sound, case[0], artists, weights)]
        for case in cases
        for sound in (formula(case[0]),)
    ]
    return np.array(scores).transpose(1, 0, 2)


def split_list(
    songs: Songs, artists: NDArray[np.int64], rng: np.random.Generator, *, new_artists: bool
) -> Case | None:
    """Divide a list in two; None where one part would be empty.

    With ``new_artists`` no artist is on both sides, otherwise songs are dealt out by chance.
    """
    if new_artists:
        names = rng.permutation(np.unique(artists[songs]))
        sizes = np.cumsum([(artists[songs] == name).sum() for name in names])
        given = np.isin(artists[songs], names[: np.searchsorted(sizes, len(songs) / 2) + 1])
    else:
        given = np.isin(np.arange(len(songs)), rng.permutation(len(songs))[: len(songs) // 2])
    if given.all() or not given.any():
        return None
    return songs[given], songs[~given]


def make_cases(
    lists: Sequence[Songs],
    artists: NDArray[np.int64],
    *,
    new_artists: bool = True,
    joined: int = 1,
    most_given: int | None = None,
    seed: int = 0,
) -> list[Case]:
    """Make a case of each list, or of each ``joined`` lists, drawn by chance.

    A list is in one case, so that cases are independent of each other: joined cases are fewer.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lists)) if joined > 1 else np.arange(len(lists))
    cases = []
    for members in np.array_split(order, max(1, len(lists) // joined)):
        together = np.unique(np.concatenate([lists[member] for member in members]))
        case = split_list(together, artists, rng, new_artists=new_artists)
        if case is not None:
            given, held = case
            cases.append((np.sort(rng.permutation(given)[:most_given]), held))
    return cases


def score_case(scores: Array, case: Case) -> list[float]:
    """Score one ranking: :data:`METRICS`. Equal scores are ordered by a fixed draw."""
    given, held = case
    drawn = np.random.default_rng(0).permutation(len(scores))
    order = drawn[np.argsort(-scores[drawn], kind="stable")]
    kind = np.zeros(len(scores), dtype=np.int8)
    kind[given], kind[held] = 1, 2
    order = order[kind[order] != 1]
    ranks = np.flatnonzero(kind[order] == 2)
    n, n_held = len(order), len(ranks)
    if n == n_held:
        return [float("nan"), 1.0, 1.0]
    above = (ranks - np.arange(n_held)).sum()  # other songs that are above a held-out one
    gains = 1 / np.log2(np.arange(2, 12))
    return [
        float(1 - above / (n_held * (n - n_held))),
        float((ranks < 100).sum() / min(n_held, 100)),
        float(gains[ranks[ranks < 10]].sum() / gains[: min(n_held, 10)].sum()),
    ]


def score_cases(formula: Formula, cases: Sequence[Case]) -> Array:
    """Score a formula on every case: (n_cases, 3)."""
    return np.array([score_case(formula(given), (given, held)) for given, held in cases])
