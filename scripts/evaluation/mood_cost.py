"""What asking for a mood costs in taste, and what it gains in mood: arrays in, counts out.

Conventions
-----------
Items are artists. A *catalogue* holds the artists whose sound is known, for only they can answer a
mood; rankings are over all of it, without the artists that a listener's history holds. Moods are
the four quadrants, in the order of :data:`~scripts.moods.vocabulary.QUADRANTS`. ``match`` is
(n_artists, 4), the mean probability of each quadrant over an artist's songs by the shipped plane;
``told`` is the mood that most listeners' tags tell of an artist, -1 where there is none.

The order asked for is (1 - t) * match + t * the taste's score, both by rank on one of
:data:`SCALES`, over the pool of the best artists by match, for t ("taste") in :data:`TASTES`.

A *tally* is (n_listeners, 4 moods, 4 measures, 2) float64: numerator and denominator of each of
:data:`MEASURES`, so that tallies of splits add up and every mean is a ratio of sums. Beside it
stands how often each artist was listed, (4 moods, n_artists).

Metrics
-------
``ndcg@10``: of the held-out artists, all of which are relevant: what asking costs.
``mood_ndcg@10``: of the held-out artists that are told to be of the mood asked for, for listeners
who have one. ``precision_by_tags``: the share of the ten that are told to be of the mood, among
those told to be of any. ``precision_by_sound``: the share of the ten whose likeliest quadrant by
the plane is the one asked for; these labels are of the plane's own making, so they tell how well
the order obeys, not how true it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.evaluation.mood_tags import leading_moods
from scripts.evaluation.taste_metrics import CUT, mark_hits, ndcg_at, top_lists
from scripts.moods.vocabulary import QUADRANTS

#: The points of the curve.
TASTES: tuple[float, ...] = tuple(step / 10 for step in range(11))

#: How ranks become scores that are added: evenly, or as a normal distribution would have them, so
#: that the first and the last places lie further apart than the middle ones.
SCALES: tuple[str, ...] = ("percentile", "normal_score")

#: Moods that fewer artists are told to be of are told, but are in no mean.
LEAST_TOLD = 30

MEASURES: tuple[str, ...] = ("ndcg@10", "mood_ndcg@10", "precision_by_tags", "precision_by_sound")

#: Songs of a middling sound that each artist's songs are joined by, so that one song is not the
#: whole artist.
PSEUDO_SONGS = 2.0

#: Listeners that are ranked at a time.
_BLOCK = 512


class Catalogue(NamedTuple):
    """The artists whose sound is known, in the order of their numbers."""

    items: NDArray[np.int64]  # (n_artists,), columns of the histories
    match: NDArray[np.float64]  # (n_artists, 4)
    told: NDArray[np.int64]  # (n_artists,), -1 for no mood


class Relevant(NamedTuple):
    """Held-out artists of the catalogue, (n, n_artists) CSR: all, and those told of each mood."""

    held: csr_matrix
    of_mood: list[csr_matrix]


class Tally(NamedTuple):
    """What lists came to, summed over splits with :meth:`add`."""

    by_listener: NDArray[np.float64]
    by_artist: NDArray[np.float64]

    def add(self, other: Tally) -> Tally:
        """Return the sums of two tallies."""
        return Tally(self.by_listener + other.by_listener, self.by_artist + other.by_artist)


Score = Callable[[csr_matrix], NDArray[np.float32]]


def quadrant_shares(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn places (n, 2) in [0, 1] into probabilities of the quadrants (n, 4).

    >>> quadrant_shares(np.array([[0.9, 0.5]])).round(2).tolist()
    [[0.45, 0.05, 0.05, 0.45]]
    """
    v, a = places.T
    return np.column_stack([v * a, (1 - v) * a, (1 - v) * (1 - a), v * (1 - a)])


def make_catalogue(
    key_of_song: NDArray[np.int64],
    shares: NDArray[np.float64],
    key_of_item: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> Catalogue:
    """Gather the artists that have songs.

    Parameters
    ----------
    key_of_song : (n_songs,) int
        Number of each song's artist, -1 for one that no history knows.
    shares : (n_songs, 4) float
        Probabilities of the quadrants.
    key_of_item : (n_items,) int
        Number of each item's artist; items of the same number share their songs.
    counts : (n_items, 4) int
        Of :func:`count_mood_tags`.
    """
    known = key_of_song >= 0
    n_keys = int(key_of_item.max(initial=-1)) + 1
    n_songs = np.bincount(key_of_song[known], minlength=n_keys)
    sums = [np.bincount(key_of_song[known], share, minlength=n_keys) for share in shares[known].T]
    items = np.flatnonzero(n_songs[key_of_item])
    keys = key_of_item[items]
    told = np.stack(sums, axis=1)[keys]
    mean = shares[known].sum(axis=0) / max(int(known.sum()), 1)
    match = (told + PSEUDO_SONGS * mean) / (n_songs[keys, None] + PSEUDO_SONGS)
    return Catalogue(items, match, leading_moods(counts)[items])


def put_on_scale(values: NDArray[np.floating], scale: str) -> NDArray[np.float32]:
    """Turn each row into scores by rank alone; of equal values the first is the better.

    Parameters
    ----------
    values : (n, m) float
    scale : {"percentile", "normal_score"}
        From 0, the worst, to 1; or a normal quantile of that, in Tukey's approximation
        p**.14 - (1 - p)**.14, which is a fifth of it.

    >>> put_on_scale(np.array([[5.0, -1.0, 5.0]]), "percentile").round(2)
    array([[0.83, 0.17, 0.5 ]], dtype=float32)
    """
    order = np.argsort(-values, axis=1, kind="stable")
    n = values.shape[1]
    share = (n - np.arange(n) - 0.5) / max(n, 1)
    by_rank = share if scale == "percentile" else share**0.14 - (1 - share) ** 0.14
    scores = np.empty(values.shape, dtype=np.float32)
    np.put_along_axis(scores, order, np.broadcast_to(by_rank, values.shape).astype("f4"), axis=1)
    return scores


def best_matches(match: NDArray[np.float64], pool: int | None) -> NDArray[np.int64]:
    """Return the numbers, in rising order, of the best artists by match; None means all."""
    if pool is None or pool >= len(match):
        return np.arange(len(match))
    return np.sort(np.argsort(-match, kind="stable")[:pool])


def order_pool(
    scores: NDArray[np.float32], match: NDArray[np.float64], pool: int | None, scale: str
) -> Iterator[NDArray[np.int64]]:
    """List ten artists a listener at each of :data:`TASTES`.

    Parameters
    ----------
    scores : (n, n_artists) float32
        The taste's, minus infinity for an artist of the history.
    match : (n_artists,) float
        With the mood asked for.

    Yields
    ------
    (n, 10) int64
        Numbers of artists, best first; -1 where the pool has no more.
    """
    at = best_matches(match, pool)
    scores = scores[:, at]
    heard = np.isneginf(scores)
    taste = put_on_scale(scores, scale)
    fit = put_on_scale(match[None, at], scale)
    for t in TASTES:
        mixed = np.float32(1 - t) * fit + np.float32(t) * taste
        mixed[heard] = -np.inf
        best = top_lists(mixed, CUT)
        yield np.where(best >= 0, at[best], -1)


def tally_lists(
    lists: NDArray[np.int64], mood: int, relevant: Relevant, catalogue: Catalogue
) -> NDArray[np.float64]:
    """Count what lists of ten are worth when a mood is asked for: (n, 4 measures, 2)."""
    listed = lists >= 0
    told = np.where(listed, catalogue.told[lists], -1)
    sound = catalogue.match.argmax(axis=1)[lists]
    tally = np.empty((len(lists), len(MEASURES), 2))
    for place, wanted in enumerate((relevant.held, relevant.of_mood[mood])):
        n_wanted = np.diff(wanted.indptr).astype(np.int64)
        scores = ndcg_at(mark_hits(lists, wanted), n_wanted, CUT)
        tally[:, place] = np.column_stack([np.nan_to_num(scores), n_wanted > 0])
    tally[:, 2] = np.column_stack([(told == mood).sum(axis=1), (told >= 0).sum(axis=1)])
    tally[:, 3] = np.column_stack([((sound == mood) & listed).sum(axis=1), listed.sum(axis=1)])
    return tally


def find_relevant(held: csr_matrix, catalogue: Catalogue) -> Relevant:
    """Gather what is relevant of held-out artists, (n, n_items), for each mood asked for."""
    local = _local(held, catalogue)
    of_mood = []
    for mood in range(len(QUADRANTS)):
        part = csr_matrix(local.multiply(catalogue.told == mood))
        part.eliminate_zeros()
        part.sort_indices()
        of_mood.append(part)
    return Relevant(local, of_mood)


def _local(X: csr_matrix, catalogue: Catalogue) -> csr_matrix:
    part = csr_matrix(X[:, catalogue.items], dtype=np.float32)
    part.sort_indices()
    return part


def _score_unheard(score: Score, X: csr_matrix, catalogue: Catalogue) -> NDArray[np.float32]:
    """Score the catalogue for some listeners; what they have heard is at minus infinity."""
    scores = np.asarray(score(X), dtype=np.float32)[:, catalogue.items]
    heard = _local(X, catalogue).tocoo()
    scores[heard.row, heard.col] = -np.inf
    return scores


def _count_listed(lists: NDArray[np.int64], catalogue: Catalogue) -> NDArray[np.int64]:
    return np.bincount(lists[lists >= 0], minlength=len(catalogue.items))


def tally_curve(
    score: Score,
    kept: csr_matrix,
    held: csr_matrix,
    catalogue: Catalogue,
    *,
    orders: Sequence[tuple[int | None, str]],
) -> Tally:
    """Tally the curve of every order; arrays begin with (n_orders, n_tastes).

    Parameters
    ----------
    score : function of (m, n_items) CSR histories, returns (m, n_items) float
    kept, held : (n_listeners, n_items) CSR
        The histories that are answered, and what was held out of them.
    orders : sequence of (pool, scale)
        How many of the best artists by match are ordered, None for all; see :data:`SCALES`.
    """
    n, points = kept.shape[0], (len(orders), len(TASTES))
    found = np.zeros((*points, n, len(QUADRANTS), len(MEASURES), 2))
    listed = np.zeros((*points, len(QUADRANTS), len(catalogue.items)))
    for start in range(0, n, _BLOCK):
        rows = slice(start, start + _BLOCK)
        scores = _score_unheard(score, kept[rows], catalogue)
        relevant = find_relevant(held[rows], catalogue)
        for p, (pool, scale) in enumerate(orders):
            for mood in range(len(QUADRANTS)):
                lists = order_pool(scores, catalogue.match[:, mood], pool, scale)
                for t, best in enumerate(lists):
                    found[p, t, rows, mood] = tally_lists(best, mood, relevant, catalogue)
                    listed[p, t, mood] += _count_listed(best, catalogue)
    return Tally(found, listed)


def tally_order(score: Score, kept: csr_matrix, held: csr_matrix, catalogue: Catalogue) -> Tally:
    """Tally one order that knows of no mood, a baseline."""
    n, moods = kept.shape[0], range(len(QUADRANTS))
    found = np.zeros((n, len(QUADRANTS), len(MEASURES), 2))
    listed = np.zeros((len(QUADRANTS), len(catalogue.items)))
    for start in range(0, n, _BLOCK):
        rows = slice(start, start + _BLOCK)
        lists = top_lists(_score_unheard(score, kept[rows], catalogue), CUT)
        relevant = find_relevant(held[rows], catalogue)
        for mood in moods:
            found[rows, mood] = tally_lists(lists, mood, relevant, catalogue)
        listed += _count_listed(lists, catalogue)
    return Tally(found, listed)
