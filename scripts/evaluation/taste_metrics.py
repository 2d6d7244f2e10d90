"""How well lists of artists meet what listeners turned out to hear: scores of full rankings.

Conventions
-----------
``lists`` are (n_listeners, k) int64, item numbers with the best first, -1 where a listener has
fewer items left than k. ``relevant`` and ``seen`` are (n_listeners, n_items) CSR matrices; what
they store is relevant or seen, whatever its value. A ranking is over all items but the seen ones;
equal scores are in the order of the items' numbers. Scores of lists are in [0, 1], one a listener,
and NaN for a listener without a relevant item, whom means leave out.

Metrics
-------
``ndcg@10``: discounted cumulative gain with gains of 0 and 1, against the best list of ten there
is (Järvelin & Kekäläinen 2002, doi:10.1145/582415.582418). ``recall@20``: the share of a
listener's relevant items among the first twenty. ``map@10``: average precision of ten, divided by
the number of relevant items, by ten at most. ``coverage@10``: the share of all items that are on
any list. ``novelty@10``: mean bits, -log2 of the share of listeners who have played an item (an
item of nobody counts as one of half a listener). ``gini@10``: Gini's index of how often each item
is listed, 0 if all alike, near 1 if the lists share few items. ``popularity@10``: the mean share of
items that are less popular than a listed one, equally popular ones counting half.
``calibration@10``: the Kullback-Leibler divergence, in bits, of a list's families from those of the
history, the list's smoothed by one hundredth of the history's (Steck 2018,
doi:10.1145/3240323.3240372); 0 is a list like the history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

#: Metrics of single listeners, in the order in which they are told.
ACCURACY: tuple[str, ...] = ("ndcg@10", "recall@20", "map@10")

#: Metrics that describe all lists together, in the order in which they are told.
SPREAD: tuple[str, ...] = ("coverage@10", "novelty@10", "gini@10", "popularity@10")

CUT, LONG_CUT = 10, 20

#: Listeners scored at a time: 512 x 17,632 items are 36 MB of float32.
BLOCK = 512

#: Steck's alpha: what part of the history is mixed into a list's families.
_SMOOTHING = 0.01


def top_lists(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Take the k best items of each row; items at minus infinity are none.

    Parameters
    ----------
    scores : (n, n_items) float, no NaN

    Returns
    -------
    (n, k) int64, -1 where fewer than k items are above minus infinity

    Examples
    --------
    >>> top_lists(np.array([[0.1, 0.5, 0.5, -np.inf]], dtype=np.float32), 3).tolist()
    [[1, 2, 0]]
    """
    n, n_items = scores.shape
    width = min(k, n_items)
    lists = np.full((n, k), -1, dtype=np.int64)
    if not n or not width:
        return lists
    limit = -np.partition(-scores, width - 1, axis=1)[:, width - 1 : width]
    above = scores > limit
    at = scores == limit
    # of the items at the limit as many as there is room for, those of the lowest numbers
    room = width - above.sum(axis=1)
    tied = np.flatnonzero(at.sum(axis=1) > room)
    at[tied] &= np.cumsum(at[tied], axis=1) <= room[tied, None]
    chosen = np.nonzero(above | at)[1].reshape(n, width)
    values = np.take_along_axis(scores, chosen, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best = np.take_along_axis(chosen, order, axis=1)
    lists[:, :width] = np.where(np.take_along_axis(values, order, axis=1) > -np.inf, best, -1)
    return lists


def rank_listeners(
    score: Callable[[csr_matrix], NDArray[np.float32]],
    X: csr_matrix,
    seen: csr_matrix,
    *,
    k: int = LONG_CUT,
    among: Mapping[str, NDArray[np.bool_]] | None = None,
    block: int = BLOCK,
) -> dict[str, NDArray[np.int64]]:
    """Rank all unseen items for each listener, some listeners at a time.

    Parameters
    ----------
    score : function of a CSR block of histories, (m, n_items), that returns (m, n_items) floats
    X : (n, n_items) CSR, the histories that are answered
    seen : (n, n_items) CSR, what is kept off the lists
    among : mapping of str to (n_items,) bool
        Further rankings, among these items alone.

    Returns
    -------
    dict
        ``"all"`` and each name of ``among`` -> lists.
    """
    among = among or {}
    everything = np.ones(X.shape[1], dtype=bool)
    found: dict[str, list[NDArray[np.int64]]] = {name: [] for name in ("all", *among)}
    for start in range(0, X.shape[0], block):
        rows = slice(start, start + block)
        scores = np.array(score(X[rows]), dtype=np.float32)  # a copy: it is written to
        part = seen[rows].tocoo()
        scores[part.row, part.col] = -np.inf
        for name, items in {"all": everything, **among}.items():
            columns = np.flatnonzero(items)
            told = scores if len(columns) == len(items) else scores[:, columns]
            best = top_lists(told, k)
            if len(columns):
                best = np.where(best >= 0, columns[best], -1)
            found[name].append(best)
    empty = np.empty((0, k), dtype=np.int64)
    return {name: np.concatenate(lists) if lists else empty for name, lists in found.items()}


def mark_hits(lists: NDArray[np.int64], relevant: csr_matrix) -> NDArray[np.bool_]:
    """Tell which listed items are relevant, (n, k) bool."""
    n, n_items = relevant.shape
    part = relevant.tocoo()
    keys = np.sort(part.row.astype(np.int64) * n_items + part.col)
    asked = np.arange(n, dtype=np.int64)[:, None] * n_items + lists
    if not len(keys):
        return np.zeros(lists.shape, dtype=bool)
    places = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.asarray((keys[places] == asked) & (lists >= 0))


def ndcg_at(hits: NDArray[np.bool_], n_relevant: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Return the normalised discounted cumulative gain of each row of hits.

    >>> ndcg_at(np.array([[False, True], [True, False]]), np.array([1, 1]), 2).round(4).tolist()
    [0.6309, 1.0]
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[np.nan], np.cumsum(discounts)])[np.minimum(n_relevant, k)]
    return np.asarray(hits[:, :k] @ discounts[: hits.shape[1]] / ideal)


def recall_at(
    hits: NDArray[np.bool_], n_relevant: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """Return the share of the relevant items that are among the first k.

    >>> recall_at(np.array([[False, True, True]]), np.array([4]), 2).tolist()
    [0.25]
    """
    counts = hits[:, :k].sum(axis=1)
    return np.asarray(counts / np.where(n_relevant > 0, n_relevant, np.nan))


def average_precision_at(
    hits: NDArray[np.bool_], n_relevant: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """Return the average precision of the first k, over min(relevant, k).

    >>> average_precision_at(np.array([[True, False, True]]), np.array([2]), 3).round(4).tolist()
    [0.8333]
    """
    first = hits[:, :k]
    precision = np.cumsum(first, axis=1) / np.arange(1, first.shape[1] + 1)
    best = np.minimum(n_relevant, k)
    return np.asarray((precision * first).sum(axis=1) / np.where(best > 0, best, np.nan))


def score_lists(lists: NDArray[np.int64], relevant: csr_matrix) -> dict[str, NDArray[np.float64]]:
    """Score lists of at least twenty places: each of :data:`ACCURACY` -> (n_listeners,)."""
    hits = mark_hits(lists, relevant)
    n_relevant = np.diff(relevant.indptr).astype(np.int64)
    return {
        "ndcg@10": ndcg_at(hits, n_relevant, CUT),
        "recall@20": recall_at(hits, n_relevant, LONG_CUT),
        "map@10": average_precision_at(hits, n_relevant, CUT),
    }


def gini(counts: NDArray[np.int64]) -> float:
    """Return Gini's index of counts, NaN where all are 0.

    >>> gini(np.array([1, 1, 1, 1])), gini(np.array([0, 0, 0, 4]))
    (0.0, 0.75)
    """
    total, n = counts.sum(), len(counts)
    if not total:
        return float("nan")
    ranks = np.arange(1, n + 1)
    return float(((2 * ranks - n - 1) * np.sort(counts)).sum() / (n * total))


def describe_lists(lists: NDArray[np.int64], train: csr_matrix) -> dict[str, float]:
    """Describe the first ten of all lists: :data:`SPREAD`.

    Parameters
    ----------
    lists : (n, k) int64
    train : (n_train, n_items) CSR
        The histories that popularity is counted in.
    """
    n_items = train.shape[1]
    listed = lists[:, :CUT][lists[:, :CUT] >= 0]
    listeners = np.bincount(train.indices, minlength=n_items)
    bits = -np.log2(np.maximum(listeners, 0.5) / max(train.shape[0], 1))
    ordered = np.sort(listeners)
    below = np.searchsorted(ordered, listeners, side="left")
    rank = (below + np.searchsorted(ordered, listeners, side="right")) / (2 * max(n_items, 1))
    counts = np.bincount(listed, minlength=n_items)
    some = len(listed) > 0
    return {
        "coverage@10": float((counts > 0).mean()) if n_items else float("nan"),
        "novelty@10": float(bits[listed].mean()) if some else float("nan"),
        "gini@10": gini(counts),
        "popularity@10": float(rank[listed].mean()) if some else float("nan"),
    }


def score_calibration(
    lists: NDArray[np.int64], history: csr_matrix, families: csr_matrix
) -> NDArray[np.float64]:
    """Measure how far the families of each list of ten lie from those of the history.

    Parameters
    ----------
    lists : (n, k) int64
    history : (n, n_items) CSR
        Each artist of a history counts once.
    families : (n_items, n_families) CSR
        Shares, each row of which sums to 1, or to 0 where nothing is known of an item; such items
        take no part.

    Returns
    -------
    (n,) float64, bits; NaN where nothing is known of all items of a list or of a history
    """
    first = lists[:, :CUT]
    rows = np.repeat(np.arange(len(first)), first.shape[1])[first.ravel() >= 0]
    columns = first.ravel()[first.ravel() >= 0]
    listed = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=history.shape)
    played = csr_matrix((np.ones(history.nnz), history.indices, history.indptr), history.shape)
    p, q = ((matrix @ families).toarray() for matrix in (played, listed))
    known = (p.sum(axis=1) > 0) & (q.sum(axis=1) > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
        mixed = (1 - _SMOOTHING) * q + _SMOOTHING * p
        terms = np.where(p > 0, p * np.log2(p / mixed), 0.0)
    return np.where(known, terms.sum(axis=1), np.nan)
