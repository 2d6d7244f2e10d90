"""What is known of artists besides who played them, as blocks that models of taste can use.

Conventions
-----------
A *block* is a CSR matrix, float32, (n_items, d): one row an item (an artist), of length 1, and zero
where nothing is known of it. Songs, tags and vectors come as arrays; ``items`` gives the item that
each belongs to, -1 for none. The order of songs and tags changes nothing beyond rounding.

Method
------
Tags: ``log(1 + listeners who gave it) * log(items / items with it)``; tags of very few items say
nothing about others and are left out. Audio: the mean of each feature over an artist's songs,
spread over the quantiles of all artists as a piecewise linear one-hot, so that a linear model can
prefer a middle to both ends; the mean artist is taken away, so that what all share counts for
nothing. Lyrics: the root of the mean topic shares (inner products are then the Bhattacharyya
coefficient), centred likewise.

A tag that a listener gave to an artist tells that the listener knows the artist. Where the pair is
held out to be guessed, the tag has to be held out too: see :func:`keep_unheld`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def keep_unheld(users: NDArray[Any], items: NDArray[Any], held: csr_matrix) -> NDArray[np.bool_]:
    """Tell which assignments of tags may be learned from while some pairs are held out.

    Parameters
    ----------
    users : (m,) int
        The listener who gave the tag; -1 is a listener without histories, whose tags stay.
    items : (m,) int
        The item it was given to.
    held : (n_listeners, n_items)
        Pairs of validation and test together: every stored entry is held out.

    Returns
    -------
    (m,) bool, True where the assignment stays.

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> keep_unheld(np.array([0, 0, -1]), np.array([1, 0, 1]), csr_matrix([[0, 1]])).tolist()
    [False, True, True]
    """
    users, items = np.asarray(users, np.int64), np.asarray(items, np.int64)
    n_users, n_items = held.shape
    if len(users) != len(items):
        raise DataError(f"tags: {len(users)} listeners and {len(items)} items; needs as many")
    if len(users) and (users.max() >= n_users or items.max() >= n_items):
        raise DataError(
            f"tags: listener {users.max()} and item {items.max()}; the held-out pairs are of "
            f"{n_users} listeners and {n_items} items: use the same numbering for both"
        )
    rows = np.repeat(np.arange(n_users, dtype=np.int64), np.diff(held.indptr))
    pairs = rows * n_items + held.indices
    return np.asarray((users < 0) | ~np.isin(users * n_items + items, pairs))


def tag_block(
    items: NDArray[Any],
    tags: NDArray[Any],
    n_items: int,
    *,
    n_tags: int | None = None,
    least_artists: int = 3,
) -> csr_matrix:
    """Weigh the tags of each item by how many gave them and how rare they are.

    Parameters
    ----------
    items, tags : (m,) int
        One entry a listener, item and tag.
    n_tags : int or None
        How many tags there are; None takes the largest number.
    least_artists : int
        Tags of fewer items are left out. Three is the fewest that tell of an item's likeness to
        two others.

    Returns
    -------
    (n_items, n kept tags), in the order of the tags' numbers.
    """
    from scipy.sparse import csr_matrix, diags_array

    items, tags = _checked("tags", items, n_items), np.asarray(tags, np.int64)
    known = items >= 0
    width = int(tags.max(initial=-1)) + 1 if n_tags is None else n_tags
    ones = np.ones(int(known.sum()), np.float32)
    counts = csr_matrix((ones, (items[known], tags[known])), shape=(n_items, width))
    n_with = np.bincount(counts.indices, minlength=width)
    kept = np.flatnonzero(n_with >= least_artists)
    rarity = np.log((1 + n_items) / (1 + n_with[kept]))
    return _unit_rows(counts[:, kept].log1p() @ diags_array(rarity))


def audio_block(
    items: NDArray[Any], features: NDArray[Any], n_items: int, *, bins: int = 8
) -> csr_matrix:
    """Describe the sound of each item by the mean features of its songs.

    Parameters
    ----------
    items : (n_songs,) int
    features : (n_songs, n_features)
        In any units; NaN where unknown.
    bins : int
        Quantiles that a feature is spread over.

    Returns
    -------
    (n_items, at most n_features * bins); an item needs every feature of one song at least.
    """
    items, features = _checked("audio", items, n_items), np.asarray(features, np.float64)
    whole = np.isfinite(features).all(axis=1) & (items >= 0)
    means, known = _mean_rows(items[whole], features[whole], n_items)
    parts = [_spread(column, bins) for column in means[known].T]
    return _place(np.hstack(parts) if parts else np.empty((int(known.sum()), 0)), known)


def lyric_block(items: NDArray[Any], shares: NDArray[Any], n_items: int) -> csr_matrix:
    """Describe what each item sings of by the mean topic shares of its songs.

    Parameters
    ----------
    items : (n_songs,) int
    shares : (n_songs, n_topics)
        0 or more; a row of zeros is a song without lyrics and does not count.
    """
    items, shares = _checked("lyrics", items, n_items), np.asarray(shares, np.float64)
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise DataError("lyrics: topic shares are finite numbers from 0 up; found others")
    sung = (shares.sum(axis=1) > 0) & (items >= 0)
    means, known = _mean_rows(items[sung], shares[sung], n_items)
    rows = means[known]
    return _place(np.sqrt(rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-12)), known)


def genre_block(vectors: NDArray[Any]) -> csr_matrix:
    """Bring items' vectors on a map of genres to length 1: (n_items, d); zero rows stay zero."""
    from scipy.sparse import csr_matrix

    return _unit_rows(csr_matrix(np.asarray(vectors, np.float64)))


def _checked(what: str, items: NDArray[Any], n_items: int) -> NDArray[np.int64]:
    items = np.asarray(items, np.int64)
    if len(items) and items.max() >= n_items:
        raise DataError(f"{what}: item {items.max()}; allowed are -1 to {n_items - 1}")
    return items


def _mean_rows(
    items: NDArray[np.int64], rows: NDArray[np.float64], n_items: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Average rows item by item; also tell which items have any."""
    counts = np.bincount(items, minlength=n_items)
    sums = [np.bincount(items, column, minlength=n_items) for column in rows.T]
    means = np.array(sums).reshape(rows.shape[1], n_items).T / np.maximum(counts, 1)[:, None]
    return means, counts > 0


def _spread(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Spread each value over the two quantiles beside it, shares that add up to 1."""
    if not len(values):
        return np.empty((0, 0))
    knots = np.unique(np.quantile(values, np.linspace(0, 1, bins)))
    return np.array([np.interp(values, knots, hat) for hat in np.eye(len(knots))]).T


def _place(rows: NDArray[np.float64], known: NDArray[np.bool_]) -> csr_matrix:
    """Centre the rows of the known items and bring them to length 1, among rows of zeros."""
    from scipy.sparse import csr_matrix

    placed = np.zeros((len(known), rows.shape[1]))
    if known.sum() > 1:
        rows = rows - rows.mean(axis=0)
    placed[known] = np.where(np.abs(rows) > 1e-12, rows, 0.0)
    return _unit_rows(csr_matrix(placed))


def _unit_rows(block: csr_matrix) -> csr_matrix:
    from scipy.sparse import csr_matrix, diags_array

    lengths = np.sqrt(np.asarray(block.multiply(block).sum(axis=1)).ravel())
    scale = 1 / np.where(lengths > 0, lengths, 1.0)
    scaled = csr_matrix(diags_array(scale) @ block, dtype=np.float32)
    scaled.eliminate_zeros()
    scaled.sort_indices()
    return scaled
