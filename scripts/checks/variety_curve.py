"""The curve of ``--variety``: what a list's match pays for its spread.

Conventions
-----------
The program's own ranker lists the songs of a trained set's catalogue, at each variety of
:data:`VARIETIES`, for each of the circumplex' sixteen words. A list's *match* is the mean fit of
its songs in [0, 1]: the probability of the word's quadrant where songs are labelled with the word,
1 / (1 + distance in the plane) for the other words. Its *intra-list distance*, the spread, is the
mean distance of two of its songs in all standardised features, in standard deviations, as the
ranker itself measures it (nothing is cut). *Artist concentration* is Herfindahl's index. Scores
that are not defined are NaN.

``precision`` is of the four quadrant words, and is told where every song of the catalogue has a
told quadrant. A model that has seen those songs is flattered; whether it has stands in the same
document under ``ways``.

Method
------
Means are over the words that list at least two songs. Their 95% intervals are percentile intervals
of the bootstrap over the words; a *change* is a mean's share of the mean at variety 0, less 1,
with both taken over the same drawn words. The interval of precision is Wilson's over the listed
songs.

``by_chance`` is the rival: as many songs drawn by chance from the pool, the best songs under the
same limits, that variety chooses from. Its scores are expectations, so they need no draws.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.metrics import wilson_interval
from scripts.evaluation.playlist_metrics import artist_concentration, intra_list_distance
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import PLANE_WORDS, QUADRANTS, SPOKEN
from scripts.playlists.constraints import Constraints
from scripts.playlists.nearest import SongTree
from scripts.playlists.ranking import rank_songs
from scripts.playlists.variety import pool_size
from scripts.playlists.words import request_for_word

#: The points of the curve.
VARIETIES: tuple[float, ...] = tuple(step / 10 for step in range(11))

WORDS: tuple[str, ...] = tuple(PLANE_WORDS)

#: What is measured of a list, in the order of the arrays' last axis.
SCORES = ("match", "intra_list_distance", "artist_concentration")

Songs = list[dict[str, Any]]


def list_songs(
    catalogue: sqlite3.Connection, word: str, n: int, per_artist: int, variety: float
) -> Songs:
    """List songs for a word as the program does."""
    wishes = Constraints(n, max_per_artist=per_artist, variety=variety)
    return rank_songs(catalogue, request_for_word(word), wishes).songs


def _places(tree: SongTree, songs: Songs) -> NDArray[np.float64]:
    return np.array([tree.place([song[name] for name in FEATURES]) for song in songs], dtype=float)


def score_songs(tree: SongTree, songs: Songs) -> list[float]:
    """Score one list, see :data:`SCORES`; a list of no song or of one has no spread."""
    if len(songs) < 2:
        return [np.nan] * len(SCORES)
    artists = np.array([song["artist_id"] for song in songs], dtype=np.int64)
    return [
        float(np.mean([song["fit"] for song in songs])),
        intra_list_distance(_places(tree, songs)),
        artist_concentration(artists),
    ]


def expect_of_draw(tree: SongTree, pool: Songs, n: int) -> list[float]:
    """Return what scores to expect of n songs drawn by chance from a pool.

    Each song and each pair of songs of the pool is as likely as any other, so match and
    intra-list distance are the pool's own.
    """
    if len(pool) < 2:
        return [np.nan] * len(SCORES)
    drawn, size = min(n, len(pool)), len(pool)
    match, spread, whole = score_songs(tree, pool)
    same = (whole * size - 1) / (size - 1)  # the chance that two songs are by one artist
    return [match, spread, (1 + (drawn - 1) * same) / drawn]


def count_hits(songs: Songs, labels: Mapping[str, str], quadrant: str) -> int:
    """Count the songs that are told to be of a quadrant."""
    return sum(labels.get(song["song_id"]) == quadrant for song in songs)


def _tell(values: NDArray[np.float64], drawn: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Tell values with their intervals; ``drawn`` holds a row of bootstrap draws a value."""
    spans = np.quantile(drawn, [0.025, 0.975], axis=1).T.tolist()
    return [
        {"value": value, "interval": span}
        for value, span in zip(values.tolist(), spans, strict=True)
    ]


def _change(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row's change since the first one, as a share of it; NaN where that is 0."""
    first = np.broadcast_to(means[0], means.shape)
    return np.divide(means, first, out=np.full(means.shape, np.nan), where=first != 0) - 1


def tell_means(
    values: NDArray[np.float64], draws: NDArray[np.int64]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Tell the means of one score along the curve, and how they change.

    Parameters
    ----------
    values : (n_points, n_words) float, without NaN; the first point is variety 0
    draws : (n_draws, n_words) int, the columns of each bootstrap draw

    Returns
    -------
    means, changes
        One dict a point, of ``value`` and ``interval``.

    >>> values = np.array([[0.8, 0.6], [0.7, 0.35]])
    >>> means, changes = tell_means(values, np.array([[0, 1], [1, 0]]))
    >>> [round(told["value"], 3) for told in (*means, *changes)]
    [0.7, 0.525, 0.0, -0.25]
    """
    means, drawn = values.mean(axis=1), values[:, draws].mean(axis=2)
    return _tell(means, drawn), _tell(_change(means), _change(drawn))


def tell_curve(
    scores: NDArray[np.float64], *, n_draws: int, seed: int
) -> list[dict[str, dict[str, Any]]]:
    """Tell every point of the curve.

    Parameters
    ----------
    scores : (n_points, n_words, 3) float, without NaN
        See :data:`SCORES`; the first point is variety 0.

    Returns
    -------
    list of dict
        For each point every score and, under ``change``, every score's change since variety 0.
    """
    n_words = scores.shape[1]
    draws = np.random.default_rng(seed).integers(0, n_words, (n_draws, n_words))
    told = {name: tell_means(scores[:, :, k], draws) for k, name in enumerate(SCORES)}
    return [
        {name: means[point] for name, (means, _) in told.items()}
        | {"change": {name: changes[point] for name, (_, changes) in told.items()}}
        for point in range(len(scores))
    ]


def _count_labelled(catalogue: sqlite3.Connection, labels: Mapping[str, str]) -> tuple[int, int]:
    """Count the catalogue's songs, spoken tracks aside, and those with a label among them."""
    query = "SELECT s.song_id FROM songs s JOIN moods m USING (mood_id) WHERE m.name <> ?"
    songs = [row[0] for row in catalogue.execute(query, (SPOKEN,))]
    return len(songs), sum(name in labels for name in songs)


def _tell_quadrants(
    lists: Sequence[Songs], values: NDArray[np.float64], labels: Mapping[str, str] | None, n: int
) -> dict[str, Any]:
    """Tell one point for the quadrant words; without labels no precision."""
    told: dict[str, Any] = {
        name: dict(zip(QUADRANTS, values[:, k].tolist(), strict=True))
        for k, name in enumerate(SCORES)
    }
    if labels is None:
        return told
    hits = [count_hits(songs, labels, name) for songs, name in zip(lists, QUADRANTS, strict=True)]
    whole = wilson_interval(sum(hits), n * len(QUADRANTS))
    by_word = {name: hit / n for name, hit in zip(QUADRANTS, hits, strict=True)}
    return told | {
        "precision": {"value": whole.mean, "interval": [whole.low, whole.high], **by_word}
    }


def trace_variety(
    catalogue: sqlite3.Connection,
    labels: Mapping[str, str] | None = None,
    *,
    n: int = 10,
    per_artist: int = 2,
    n_draws: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Trace the curve of variety over a catalogue.

    Parameters
    ----------
    catalogue : sqlite3.Connection
        Of a trained set.
    labels : mapping of song id to quadrant, optional
        Told quadrants; they count where every song of the catalogue has one.
    n, per_artist : int
        Songs a list, and songs an artist may have on it.
    n_draws : int
        Bootstrap draws.

    Returns
    -------
    dict
        The counts, ``words`` that list two songs or more, ``by_chance``, and ``curve``: a dict a
        variety, empty where no word lists two songs.
    """
    tree = SongTree(catalogue, "sound")
    lists = [[list_songs(catalogue, w, n, per_artist, v) for w in WORDS] for v in VARIETIES]
    scores = np.array([[score_songs(tree, songs) for songs in row] for row in lists])
    size = pool_size(n)
    pools = [list_songs(catalogue, word, size, per_artist, 0.0) for word in WORDS]
    chance = np.array([expect_of_draw(tree, pool, n) for pool in pools])
    known = ~np.isnan(scores).any(axis=(0, 2))
    n_songs, n_labelled = _count_labelled(catalogue, labels or {})
    told = labels if labels and n_labelled == n_songs else None
    report: dict[str, Any] = {
        "songs": n_songs,
        "labelled_songs": n_labelled,
        "songs_a_list": n,
        "songs_an_artist": per_artist,
        "pool": size,
        "bootstrap_draws": n_draws,
        "words": [word for word, is_known in zip(WORDS, known.tolist(), strict=True) if is_known],
    }
    if not known.any():
        return report | {"by_chance": None, "curve": []}
    at = [WORDS.index(name) for name in QUADRANTS]
    by_quadrant = [[row[i] for i in at] for row in lists]
    curve = tell_curve(scores[:, known], n_draws=n_draws, seed=seed)
    return report | {
        "by_chance": dict(zip(SCORES, chance[known].mean(axis=0).tolist(), strict=True))
        | _tell_chance([pools[i] for i in at], told),
        "curve": [
            {"variety": variety, **point, "quadrants": _tell_quadrants(songs, value[at], told, n)}
            for variety, point, songs, value in zip(
                VARIETIES, curve, by_quadrant, scores, strict=True
            )
        ],
    }


def _tell_chance(pools: Sequence[Songs], labels: Mapping[str, str] | None) -> dict[str, float]:
    """Tell what precision to expect of songs drawn from the quadrant words' pools."""
    if labels is None or not all(pools):
        return {}
    shares = [
        count_hits(pool, labels, name) / len(pool)
        for pool, name in zip(pools, QUADRANTS, strict=True)
    ]
    return {"precision": sum(shares) / len(shares)}
