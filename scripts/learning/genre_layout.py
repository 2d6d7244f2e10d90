"""Places in the plane for things whose distances are known.

Conventions
-----------
Similarities are in [-1, 1] and symmetric; their distance is 1 less the similarity. Places are in
[-1, 1], and only distances among them mean something.

Method
------
t-SNE (van der Maaten, L. & Hinton, G. (2008), Visualizing data using t-SNE, JMLR 9), begun at the
two main axes of classical scaling; for few things, which have no neighbourhoods to keep, the least
stress (SMACOF: de Leeuw, J. (1977), Applications of convex analysis to multidimensional scaling).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Things up to which a whole spectrum is taken, and from which on places come from t-SNE.
_WHOLE_UP_TO, _TSNE_FROM = 300, 16

_PERPLEXITY = 15.0
_SMACOF_STEPS = 300


def leading_axes(
    symmetric: NDArray[np.float64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the k largest eigenvalues of a matrix and their vectors, signs settled."""
    n = len(symmetric)
    if n <= max(_WHOLE_UP_TO, k + 1):
        values, axes = np.linalg.eigh(symmetric)
    else:
        from scipy.sparse.linalg import eigsh

        values, axes = eigsh(symmetric, k, which="LA", v0=np.ones(n) + np.arange(n) / n)
    first = np.argsort(-values, kind="stable")[:k]
    axes = axes[:, first]
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(len(first))] < 0, -1.0, 1.0)
    return values[first], axes


def lay_out(similarity: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """Find a place in the plane for every genre; (n, n) -> (n, 2) float32 in [-1, 1]."""
    n = len(similarity)
    if n < 2:
        return np.zeros((n, 2), np.float32)
    gaps = 1.0 - similarity.astype(np.float64)
    start = _main_axes(gaps)
    if n < _TSNE_FROM:
        places = _least_stress(gaps, start)
    else:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

        spread = start / max(float(start[:, 0].std()), 1e-9) * 1e-4
        with threadpool_limits(1):  # threads add up partial sums in no fixed order
            places = TSNE(
                perplexity=min(_PERPLEXITY, (n - 1) / 4),
                init=spread.astype(np.float32),
                learning_rate="auto",
                metric="precomputed",
                random_state=seed,
                n_jobs=1,
            ).fit_transform(gaps)
    places = places - (places.max(axis=0) + places.min(axis=0)) / 2
    return np.asarray(places / max(float(np.abs(places).max()), 1e-9), np.float32)


def _gaps(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (n, n) distances between places."""
    return np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))


def _main_axes(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the two directions in which things of such distances differ most (classical scaling)."""
    n = len(gaps)
    squares = gaps**2
    centred = -(squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()) / 2
    values, turned = leading_axes(centred, min(2, n))
    axes = np.zeros((n, 2))
    axes[:, : len(values)] = turned * np.sqrt(np.maximum(values, 0.0))
    return axes


def _least_stress(gaps: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move places until their distances are as near to the gaps as a plane allows."""
    n = len(gaps)
    circle = 2 * np.pi * np.arange(n) / n  # so that no two begin in one place
    places = places + 1e-3 * np.column_stack([np.cos(circle), np.sin(circle)])
    for _ in range(_SMACOF_STEPS):
        now = _gaps(places)
        ratio = np.where(now > 1e-12, -gaps / np.maximum(now, 1e-12), 0.0)
        np.fill_diagonal(ratio, 0.0)
        np.fill_diagonal(ratio, -ratio.sum(axis=1))
        places = ratio @ places / n
    return places
