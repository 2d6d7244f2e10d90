"""Scores of playlists against told moods, and of how varied they are.

Conventions
-----------
A *list* is an array of row numbers of a catalogue, the first song first. *Hits* are a bool a
position: whether that song is told to have the mood asked for. A score that is not defined (no
song of the mood, one song with no pair, an unknown popularity) is NaN.

``precision`` and ``ndcg`` are about a list of n songs; a list that is shorter counts what it lacks
as misses. The others are:

* ``coverage``: the share of the catalogue's songs that stand in at least one list;
* ``artist_coverage``: the same of its artists;
* ``novelty``: mean bits of -log2 of the share of songs no more popular than the song: 0 for the
  most popular;
* ``intra_list_distance``: mean distance of two songs of a list in standardised features;
* ``artist_concentration``: Herfindahl's index, the sum of the squared shares of a list's artists: 1
  over the number of artists where each has as many songs, 1 where there is one;
* ``path_smoothness``: mean squared deviation of the steps from song to song from their mean length,
  in raw (valence, energy); 0 for steps of one length.

Source
------
Järvelin & Kekäläinen (2002), doi:10.1145/582415.582418 (nDCG, with gains 0 and 1); Vargas &
Castells (2011), doi:10.1145/2043932.2043955 (novelty as self-information, intra-list distance).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.learning.mood_plane import scaling_of, standardise
from scripts.moods.features import FEATURES

VALENCE, ENERGY = FEATURES.index("valence"), FEATURES.index("energy")

#: Scores of which more is better, whoever listens; the others are a matter of taste.
MATCH = ("precision", "ndcg")

#: Scores that are described, not judged.
SPREAD = (
    "coverage",
    "artist_coverage",
    "novelty",
    "intra_list_distance",
    "artist_concentration",
    "path_smoothness",
)


class Catalogue(NamedTuple):
    """Songs with told moods, ready to be listed and judged."""

    moods: list[str]
    song: NDArray[np.int64]  # (n,) a number a song; a bootstrap draw may hold a song twice
    mood: NDArray[np.int64]  # (n,) index into ``moods``
    artist: NDArray[np.int64]  # (n,) a number an artist
    work: NDArray[np.int64]  # (n,) a number a work
    place: NDArray[np.float64]  # (n, 2) raw valence and energy
    features: NDArray[np.float64]  # (n, 9) standardised and cut
    bits: NDArray[np.float64] | None  # (n,) novelty, NaN where unknown; None: no popularity


def novelty_bits(popularity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return -log2 of the share of songs no more popular; NaN where the popularity is.

    >>> novelty_bits(np.array([80.0, 10.0, 10.0, 90.0])).round(3).tolist()
    [0.415, 1.0, 1.0, 0.0]
    """
    known = np.sort(popularity[~np.isnan(popularity)])
    if not len(known):
        return np.full(len(popularity), math.nan)
    bits = -np.log2(np.maximum(1, np.searchsorted(known, popularity, side="right")) / len(known))
    return np.where(np.isnan(popularity), math.nan, bits + 0.0)


def make_catalogue(
    X: NDArray[np.float64],
    labels: NDArray[np.object_],
    artist: NDArray[np.int64],
    work: NDArray[np.int64],
    popularity: NDArray[np.float64] | None,
) -> Catalogue:
    """Prepare songs for judging.

    Parameters
    ----------
    X : (n, 9) float64, the audio features
    labels : (n,) told moods
    artist, work : (n,) equal numbers for equal artists and works
    popularity : (n,) float64 with NaN where unknown, or None where no song tells it
    """
    moods, mood = np.unique(labels.astype(str), return_inverse=True)
    return Catalogue(
        [str(name) for name in moods],
        np.arange(len(X)),
        mood.astype(np.int64),
        np.unique(artist, return_inverse=True)[1].astype(np.int64),
        np.unique(work, return_inverse=True)[1].astype(np.int64),
        X[:, [VALENCE, ENERGY]],
        standardise(X, *scaling_of(X)),
        None if popularity is None else novelty_bits(popularity),
    )


def choose_songs(
    order: NDArray[np.int64], catalogue: Catalogue, n: int, per_artist: int
) -> NDArray[np.int64]:
    """Take the first n songs of an order: one a work, at most so many an artist."""
    chosen: list[int] = []
    works: set[int] = set()
    artists: dict[int, int] = {}
    for row in order.tolist():
        if len(chosen) == n:
            break
        work, artist = int(catalogue.work[row]), int(catalogue.artist[row])
        if work not in works and artists.get(artist, 0) < per_artist:
            works.add(work)
            artists[artist] = artists.get(artist, 0) + 1
            chosen.append(row)
    return np.array(chosen, dtype=np.int64)


def precision_at(hits: NDArray[np.bool_], n: int) -> float:
    """Return the share of hits among n songs.

    >>> precision_at(np.array([True, False, True]), 10)
    0.2
    """
    return int(hits[:n].sum()) / n


def ndcg_at(hits: NDArray[np.bool_], n: int, n_relevant: int) -> float:
    """Return the normalised discounted cumulative gain of n songs.

    >>> round(ndcg_at(np.array([False, True]), 2, 1), 4)  # 1 / log2(3)
    0.6309
    """
    ideal = min(n, n_relevant)
    if ideal == 0:
        return math.nan
    discount = 1 / np.log2(np.arange(2, n + 2))
    return float(discount[: len(hits[:n])][hits[:n]].sum() / discount[:ideal].sum())


def intra_list_distance(features: NDArray[np.float64]) -> float:
    """Return the mean distance of two songs; ``features`` is (n_listed, 9)."""
    n = len(features)
    if n < 2:
        return math.nan
    apart = np.sqrt(((features[:, None] - features[None]) ** 2).sum(axis=2))
    return float(apart.sum() / (n * (n - 1)))


def artist_concentration(artists: NDArray[np.int64]) -> float:
    """Return Herfindahl's index of a list's artists.

    >>> artist_concentration(np.array([1, 1, 2, 3]))
    0.375
    """
    if not len(artists):
        return math.nan
    counts = np.unique(artists, return_counts=True)[1]
    return float(((counts / len(artists)) ** 2).sum())


def path_smoothness(places: NDArray[np.float64]) -> float:
    """Return the mean squared deviation of the steps; ``places`` is (n_listed, 2).

    >>> round(path_smoothness(np.array([[0.0, 0.0], [0.1, 0.0], [0.1, 0.3]])), 6)
    0.01
    """
    if len(places) < 2:
        return math.nan
    steps = np.sqrt((np.diff(places, axis=0) ** 2).sum(axis=1))
    return float(((steps - steps.mean()) ** 2).mean())


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def score_lists(
    catalogue: Catalogue, lists: Sequence[NDArray[np.int64]], n: int
) -> dict[str, float]:
    """Score one list a mood.

    Parameters
    ----------
    catalogue : Catalogue
    lists : one list for each of ``catalogue.moods``, in their order
    n : int
        How many songs were asked for.

    Returns
    -------
    dict
        ``precision`` and ``ndcg`` as means over the moods and, as ``precision happy``, of each;
        then :data:`SPREAD`, as means over the lists.
    """
    hits = [catalogue.mood[rows] == k for k, rows in enumerate(lists)]
    relevant = np.bincount(catalogue.mood, minlength=len(catalogue.moods)).tolist()
    by_mood = {
        "precision": [precision_at(hit, n) for hit in hits],
        "ndcg": [ndcg_at(hit, n, m) for hit, m in zip(hits, relevant, strict=True)],
    }
    scores = {name: _mean(values) for name, values in by_mood.items()}
    for name, values in by_mood.items():
        scores |= {f"{name} {mood}": v for mood, v in zip(catalogue.moods, values, strict=True)}
    listed = np.unique(np.concatenate(lists))
    # a song that a draw holds twice is no distance and no step
    once = [rows[np.sort(np.unique(catalogue.song[rows], return_index=True)[1])] for rows in lists]
    bits = catalogue.bits
    return scores | {
        "coverage": len(listed) / len(catalogue.mood),
        "artist_coverage": len(np.unique(catalogue.artist[listed]))
        / len(np.unique(catalogue.artist)),
        "novelty": math.nan
        if bits is None
        else _mean([_mean(bits[rows].tolist()) for rows in lists]),
        "intra_list_distance": _mean([intra_list_distance(catalogue.features[r]) for r in once]),
        "artist_concentration": _mean([artist_concentration(catalogue.artist[r]) for r in lists]),
        "path_smoothness": _mean([path_smoothness(catalogue.place[r]) for r in once]),
    }
