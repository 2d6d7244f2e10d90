"""How the weights of a blend are learned: held-out items, chosen among a listener's candidates.

Conventions
-----------
Parts' scores are *bent*: see :mod:`scripts.learning.taste_blend`. A part has three weights: its
level, its slope in the length of the history and its slope in the item's listeners; both slopes are
0 for a history of ``_FULL`` items and an item of ``_MIDDLING`` listeners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Items of a full history and listeners of a middling item, where slopes are 0.
_FULL, _MIDDLING = 32, 32

#: A slope is punished this many times as hard as a level.
_SLOPE_RIDGE = 10.0


class Candidates(NamedTuple):
    """Items that the weights are learned to choose among, listener by listener."""

    listeners: NDArray[np.int64]  # (n,) ascending
    features: NDArray[np.float32]  # (n, 3 * n_parts)
    chosen: NDArray[np.bool_]  # (n,) held out, so really played


def hold_out(X: csr_matrix, share: float, *, seed: int) -> tuple[csr_matrix, csr_matrix]:
    """Split each history at random: what is kept, and ``share`` of its items, held out.

    Of two items and more, at least one is held out and one kept.
    """
    from scipy.sparse import csr_matrix

    sizes = np.diff(X.indptr)
    drawn = np.random.default_rng(seed).random(X.nnz)
    rows = np.repeat(np.arange(X.shape[0]), sizes)
    place = np.empty(X.nnz, np.int64)
    place[np.lexsort((drawn, rows))] = np.arange(X.nnz) - X.indptr[rows]
    n_held = np.where(sizes > 1, np.clip(np.rint(share * sizes), 1, np.maximum(sizes - 1, 1)), 0)
    held = place < n_held[rows]
    halves = [(X.data[m], (rows[m], X.indices[m])) for m in (~held, held)]
    kept, out = (csr_matrix(half, shape=X.shape, dtype=np.float32) for half in halves)
    return kept, out


def cut_rows(X: csr_matrix, rng: np.random.Generator) -> csr_matrix:
    """Cut every second history to a number of items that is drawn evenly on a logarithmic scale."""
    from scipy.sparse import csr_matrix

    parts = [np.arange(X.indptr[row], X.indptr[row + 1]) for row in range(X.shape[0])]
    for row in range(1, X.shape[0], 2):
        most = len(parts[row])
        n = round(float(np.exp(rng.uniform(0, np.log(max(most, 1))))))
        parts[row] = np.sort(rng.permutation(parts[row])[:n])
    taken = np.concatenate(parts)
    indptr = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return csr_matrix((X.data[taken], X.indices[taken], indptr), shape=X.shape)


def slopes_of(
    sizes: NDArray[np.int64], listeners: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Place history sizes (m,) and items' listeners (n_items,) on scales from about -1 up.

    0 is a full history and a middling item; neither passes 1.
    """
    by_size = np.log1p(sizes) / np.log1p(_FULL) - 1
    by_listeners = np.log1p(listeners) / np.log1p(_MIDDLING) - 1
    return (
        np.minimum(by_size, 0).astype(np.float32),  # longer ones than learned from are full
        np.minimum(by_listeners, 1).astype(np.float32),
    )


def gather(
    bent: NDArray[np.float32],
    items: NDArray[np.int64],
    held: csr_matrix,
    slopes: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> Candidates:
    """Gather the candidates of some listeners.

    Parameters
    ----------
    bent : (n_parts, m, n_items)
    items : (m, n)
        Candidates, repeated ones too; -1 for none.
    slopes : (m,), (n_items,)
    """
    m, n_items = bent.shape[1:]
    rows = np.repeat(np.arange(m), items.shape[1])
    flat = items.ravel()
    pairs = np.unique(rows[flat >= 0] * n_items + flat[flat >= 0])
    rows, columns = pairs // n_items, pairs % n_items
    values = bent[:, rows, columns].T
    by_size, by_listeners = slopes[0][rows, None], slopes[1][columns, None]
    features = np.hstack([values, values * by_size, values * by_listeners])
    played = np.repeat(np.arange(m), np.diff(held.indptr)) * n_items + held.indices
    return Candidates(rows, features, np.isin(pairs, played))


def fit_weights(found: list[Candidates], l2: float) -> NDArray[np.float64]:
    """Fit a multinomial logit over each listener's candidates.

    Returns
    -------
    (n_parts, 3) level, slope in the history's length, slope in the item's listeners.
    """
    from scipy.optimize import minimize

    starts, n = [], 0
    for part in found:
        starts.append(n + np.flatnonzero(np.diff(part.listeners, prepend=-1)))
        n += len(part.listeners)
    start = np.concatenate(starts)
    features = np.concatenate([part.features for part in found]).astype(np.float64)
    chosen = np.concatenate([part.chosen for part in found])
    of_group = np.repeat(np.arange(len(start)), np.diff(np.append(start, n)))
    n_chosen = np.add.reduceat(chosen.astype(np.float64), start)
    n_parts = features.shape[1] // 3
    ridge = l2 * np.repeat([1.0, _SLOPE_RIDGE, _SLOPE_RIDGE], n_parts)
    goal = features[chosen].sum(axis=0)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = features @ weights
        highest = np.maximum.reduceat(scores, start)
        shares = np.exp(scores - highest[of_group])
        sums = np.add.reduceat(shares, start)
        shares *= (n_chosen / sums)[of_group]
        value = n_chosen @ (highest + np.log(sums)) - goal @ weights
        slope = shares @ features - goal
        return (
            float(value / len(start) + ridge @ weights**2),
            slope / len(start) + 2 * ridge * weights,
        )

    begin = np.concatenate([np.ones(n_parts), np.zeros(2 * n_parts)]) / n_parts
    fitted = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return fitted.x.reshape(3, n_parts).T
