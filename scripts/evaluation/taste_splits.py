"""Divide listeners' histories into parts to fit, choose and test on.

Conventions
-----------
A history matrix is (n_listeners, n_items) CSR float32 of listens above 0; all parts are like it.
``train`` is fitted while settings are chosen on ``validation``; then ``fit`` is fitted with what
was chosen, and tested on ``test``. ``fit`` and ``test`` share no pair of listener and item, nor do
``train`` and ``validation``.

Method
------
Without times a fifth of each listener's items, drawn evenly, is the test, and a fifth of the rest
the validation; at least one item of each listener stays and at least one is held out where there
are two. With times the parts lie between two moments, the same for everybody, so that nothing is
learned from what came later: what is held out are the items that a listener plays for the first
time after such a moment.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

#: The part of a history that is held out, and that of the rest for choosing.
SHARE = 0.2

#: Shares of all first listens that lie before the validation part, and before the test.
TIME_SHARES = (0.8, 0.9)


class Held(NamedTuple):
    """A history matrix in two: what stays and what is held out."""

    kept: csr_matrix
    held: csr_matrix


class Parts(NamedTuple):
    """Histories divided for one trial, and what the division left out."""

    train: csr_matrix
    validation: csr_matrix
    fit: csr_matrix
    test: csr_matrix
    facts: dict[str, int]


def to_matrix(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    listens: NDArray[np.float32],
    shape: tuple[int, int],
) -> csr_matrix:
    """Put listens into a matrix, those of the same listener and item added up."""
    X = csr_matrix((np.asarray(listens, dtype=np.float32), (rows, cols)), shape=shape)
    X.sum_duplicates()
    X.eliminate_zeros()
    X.sort_indices()
    return X


def mask_pairs(X: csr_matrix, kept: NDArray[np.bool_]) -> csr_matrix:
    """Keep some of a matrix's stored pairs; ``kept`` is (nnz,) bool in their order."""
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    return to_matrix(rows[kept], X.indices[kept], X.data[kept], X.shape)


def is_in(X: csr_matrix, other: csr_matrix) -> NDArray[np.bool_]:
    """Tell which stored pairs of a matrix another one stores too, (nnz,) bool."""
    keys = [
        np.repeat(np.arange(Z.shape[0], dtype=np.int64), np.diff(Z.indptr)) * Z.shape[1] + Z.indices
        for Z in (X, other)
    ]
    return np.asarray(np.isin(*keys))


def _places_by_chance(X: csr_matrix, seed: int) -> NDArray[np.int64]:
    """Give each listener's pairs numbers from 0 by chance, (nnz,) int64."""
    n = np.diff(X.indptr)
    rows = np.repeat(np.arange(X.shape[0]), n)
    order = np.lexsort((np.random.default_rng(seed).random(X.nnz), rows))
    places = np.empty(X.nnz, dtype=np.int64)
    places[order] = np.arange(X.nnz) - np.repeat(X.indptr[:-1], n)
    return places


def split_listeners(X: csr_matrix, *, share: float = SHARE, seed: int) -> Held:
    """Hold a share of each listener's items out, drawn evenly.

    Of two items and more at least one is held out and one stays; a single one stays.

    Examples
    --------
    >>> held = split_listeners(csr_matrix(np.ones((3, 10), dtype=np.float32)), seed=1)
    >>> np.diff(held.held.indptr).tolist(), held.kept.nnz
    ([2, 2, 2], 24)
    """
    n = np.diff(X.indptr)
    n_held = np.clip(np.floor(share * n + 0.5).astype(np.int64), np.minimum(1, n), n - 1)
    out = _places_by_chance(X, seed) < np.repeat(np.where(n >= 2, n_held, 0), n)
    return Held(mask_pairs(X, ~out), mask_pairs(X, out))


def cut_histories(X: csr_matrix, n_items: int, *, seed: int) -> csr_matrix:
    """Keep so many items of each history at most, drawn evenly.

    With the same seed a shorter cut holds items of the longer one alone.
    """
    return mask_pairs(X, _places_by_chance(X, seed) < n_items)


def split_by_chance(X: csr_matrix, *, share: float = SHARE, seed: int) -> Parts:
    """Divide histories without times: a share of each is the test, a fifth of the rest chooses.

    The same seed gives the same parts.
    """
    seeds = np.random.SeedSequence(seed).generate_state(2).tolist()
    outer = split_listeners(X, share=share, seed=seeds[0])
    inner = split_listeners(outer.kept, seed=seeds[1])
    facts = {"listeners_of_one_item": int((np.diff(X.indptr) == 1).sum())}
    return Parts(inner.kept, inner.held, outer.kept, outer.held, facts)


def split_given(fit: csr_matrix, test: csr_matrix, *, seed: int) -> Parts:
    """Divide only what is to be fitted; the test is given.

    Test pairs that are to be fitted too leave the test and are counted. Those of listeners without
    a history stay, and are counted.
    """
    both = is_in(test, fit)
    test = mask_pairs(test, ~both)
    unknown = np.repeat(np.diff(fit.indptr) == 0, np.diff(test.indptr))
    facts = {
        "test_pairs_in_train": int(both.sum()),
        "test_pairs_of_listeners_without_history": int(unknown.sum()),
        "test_listeners_without_history": int(
            ((np.diff(fit.indptr) == 0) & (np.diff(test.indptr) > 0)).sum()
        ),
    }
    inner = split_listeners(fit, seed=int(np.random.SeedSequence(seed).generate_state(2)[1]))
    return Parts(inner.kept, inner.held, fit, test, facts)


def _with_history(
    held: csr_matrix, before: csr_matrix, facts: dict[str, int], name: str
) -> csr_matrix:
    """Keep the held-out pairs of listeners who have a history, and count the other listeners."""
    known = np.diff(before.indptr) > 0
    n_held = np.diff(held.indptr)
    facts[f"{name}_listeners_without_history"] = int(((n_held > 0) & ~known).sum())
    return mask_pairs(held, np.repeat(known, n_held))


def split_by_time(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    first: NDArray[np.int64],
    shape: tuple[int, int],
) -> Parts:
    """Divide pairs at two moments, before which 80 and 90% of all first listens lie.

    Each pair counts as one listen, since totals would tell of listens after the moments.

    Parameters
    ----------
    rows, cols : (n_pairs,) int64
        Each pair of a listener and an item once.
    first : (n_pairs,) int64
        The moment of its first listen, in seconds; pairs without one (-1) take no part.
    shape : (n_listeners, n_items)

    Returns
    -------
    Parts
        ``facts`` holds the two moments (``train_until``, ``test_from``) and what was left out.
    """
    known = first >= 0
    facts = {"pairs_without_time": int((~known).sum())}
    rows, cols, first = rows[known], cols[known], first[known]
    start, end = (
        int(np.quantile(first, share, method="higher")) if len(first) else 0
        for share in TIME_SHARES
    )
    facts |= {"train_until": start, "test_from": end}

    def part(chosen: NDArray[np.bool_]) -> csr_matrix:
        ones = np.ones(int(chosen.sum()), dtype=np.float32)
        return to_matrix(rows[chosen], cols[chosen], ones, shape)

    train, fit = part(first < start), part(first < end)
    middle = part((first >= start) & (first < end))
    validation = _with_history(middle, train, facts, "validation")
    test = _with_history(part(first >= end), fit, facts, "test")
    return Parts(train, validation, fit, test, facts)
