"""EASE: items scored by a linear map from what was played, with and without side information.

Conventions
-----------
As in :mod:`scripts.learning.taste`. *Rows* are the listeners the model was fitted on, and below
them, with side information, one row for each feature. They carry no names.

Method
------
EASE (Steck 2019, doi:10.1145/3308558.3313710) finds the item-item weights B with an empty diagonal
that reproduce the histories best: with ``P = (X'X + L)^-1``, ``B = I - P / diag(P)``. Items are far
more than listeners here, so P is never built. With ``Y = X L^-1/2`` and ``M = (YY' + I)^-1``, which
is as large as the listeners are many, ``P = L^-1/2 (I - Y'MY) L^-1/2``. The model is Y, M and the
diagonal of ``Y'MY``. Where items are fewer than rows, P itself is found.

L is diagonal: ``l2`` for each item plus ``dropout`` times its listeners, which is the same as
leaving out a part of the plays at random (Steck 2020, doi:10.48550/arXiv.2010.10549).

Scores are divided by a power of an item's listeners (``damping``): the weights lean too much
towards popular items. With a history of a few items it is the other way round, since there is
little to go by: the power then sinks, below 0 in the end (``short``).

Side information stands under X as further rows, one a feature, times a weight for each block
("collective" learning, Jeunen et al. 2020, doi:10.1145/3383313.3418480).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError
from scripts.learning.taste import (
    LEAST_RIDGE,
    best_first,
    check_histories,
    check_item,
    check_settings,
    check_side,
    check_weights,
    count_listeners,
    finish_scores,
    one_row,
    prior_of,
    transform_listens,
)
from scripts.learning.taste_arrays import KeptAsArrays

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Rows or items, whichever are fewer, that a dense matrix of float64 is built of at most: 3.2 GB.
LARGEST = 20_000

#: What rounding leaves of ``1 - diag(Y'MY)`` at least, which is above 0 for every ridge above 0.
_LEAST_LEFT = 1e-6

#: The power of an empty history is minus this, and from so many items on it is the setting alone.
#: Set by hand, as ``short`` was, in view of histories of HetRec 2011 cut to a few artists; no check
#: tunes them.
_LIFT, _LONG = 0.2, 20


def stack_side(
    blocks: Mapping[str, csr_matrix], weights: Mapping[str, float] | None
) -> list[csr_matrix]:
    """Turn blocks into rows of features, each block brought to the same size.

    A block is scaled so that the items it knows have a mean square length of its weight squared
    (1 where no weight is given).
    """
    rows = []
    for name, block in blocks.items():
        weight = float((weights or {}).get(name, 1.0))
        squares = np.asarray(block.multiply(block).sum(axis=1)).ravel()
        known = squares[squares > 0]
        if weight > 0 and known.size:
            rows.append((block * (weight / np.sqrt(known.mean()))).T.tocsr())
    return rows


def invert(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert a symmetric positive definite matrix, which is overwritten.

    One thread: with more, the last bits may differ from run to run, and on a busy machine they wait
    for each other.
    """
    from scipy.linalg.lapack import dpotrf, dpotri
    from threadpoolctl import threadpool_limits

    # after the import above, which brings scipy's own library of linear algebra
    with threadpool_limits(limits=1, user_api="blas"):
        factor, failed = dpotrf(gram, lower=True, overwrite_a=True)
        if not failed:
            inverse, failed = dpotri(factor, lower=True, overwrite_c=True)
    if failed:
        raise DataError("EASE: the matrix cannot be inverted; choose a larger l2")
    lower = np.tril(inverse, -1)
    return lower + lower.T + np.diag(np.diag(inverse))


class Ease(KeptAsArrays):
    """EASE on histories alone.

    Parameters
    ----------
    l2 : float
        Weight of the ridge on every item, in listeners.
    dropout : float
        Ridge in addition, as a share of an item's listeners.
    damping : float
        Scores are divided by an item's listeners to this power.
    short : float
        Half of the way from there to a small negative power is gone at a history of so many items;
        0 keeps to ``damping``, so that 0 for both is plain EASE.
    transform : {"binary", "log"}
        What listens are turned into.
    """

    name = "ease"
    SETTINGS: ClassVar = {
        "l2": float,
        "dropout": float,
        "damping": float,
        "short": float,
        "transform": str,
    }
    ARRAYS: ClassVar = (
        *("prior", "known", "root", "scale", "popularity", "inner", "diagonal"),
        *("data", "indices", "indptr"),
    )

    def __init__(
        self,
        *,
        l2: float = 150.0,
        dropout: float = 2.0,
        damping: float = 0.2,
        short: float = 4.0,
        transform: str = "log",
    ) -> None:
        self.l2, self.dropout = l2, dropout
        self.damping, self.short, self.transform = damping, short, transform
        check_settings(self, l2=LEAST_RIDGE, dropout=0.0, damping=0.0, short=0.0)

    def _side_rows(self, side: Mapping[str, csr_matrix] | None, n_items: int) -> list[csr_matrix]:
        check_side(side, n_items)
        return []

    def fit(self, X: csr_matrix, side: Mapping[str, csr_matrix] | None = None) -> Self:
        """Learn from histories; side information is checked and left out."""
        from scipy.sparse import diags_array, vstack

        X = check_histories(X)
        listeners = count_listeners(X)
        X.data = transform_listens(X.data, X.indptr, self.transform)
        squares = np.asarray(X.multiply(X).sum(axis=0)).ravel()
        rows = vstack([X, *self._side_rows(side, X.shape[1])]).tocsr().astype(np.float64)
        root = np.sqrt(self.l2 + self.dropout * squares)
        Y = (rows @ diags_array(1 / root)).tocsr()
        Y.sort_indices()
        self.prior = prior_of(listeners)
        self.known = np.bincount(Y.indices, minlength=X.shape[1]) > 0
        self.root = root.astype(np.float32)
        self._solve(Y)
        left = np.maximum(1 - self.diagonal, _LEAST_LEFT)
        self.popularity = np.log(np.maximum(listeners, 1)).astype(np.float32)
        self.scale = (root / left * np.exp(-self.damping * self.popularity)).astype(np.float32)
        return self

    def _solve(self, Y: csr_matrix) -> None:
        n_rows, n_items = Y.shape
        if min(n_rows, n_items) > LARGEST:
            raise DataError(
                f"EASE: {n_rows} rows and {n_items} items; one of them may be {LARGEST} at most: "
                "leave out rare items, or use the model als"
            )
        if n_rows <= n_items:
            gram = (Y @ Y.T).toarray(order="F")
            gram[np.diag_indices(n_rows)] += 1
            self.inner = invert(gram).astype(np.float32)
            self.diagonal = _diagonal(Y, self.inner)
            self.data, self.indices = Y.data.astype(np.float32), Y.indices.astype(np.int32)
            self.indptr = Y.indptr.astype(np.int64)
        else:
            gram = (Y.T @ Y).toarray(order="F")
            gram[np.diag_indices(n_items)] += 1
            # I - P stands for Y'MY
            self.inner = (np.eye(n_items) - invert(gram)).astype(np.float32)
            self.diagonal = np.diag(self.inner).copy()
            self.data, self.indices = np.empty(0, np.float32), np.empty(0, np.int32)
            self.indptr = np.zeros(1, np.int64)

    @property
    def _direct(self) -> bool:
        return len(self.indptr) == 1

    def _map(self, played: csr_matrix) -> NDArray[np.float32]:
        """Multiply histories, already divided by the root of L, with Y'MY."""
        from scipy.sparse import csr_matrix

        if self._direct:
            return np.asarray(played @ self.inner)
        shape = (len(self.indptr) - 1, len(self.root))
        Y = csr_matrix((self.data, self.indices, self.indptr), shape)
        weights = (played @ Y.T) @ self.inner
        return np.ascontiguousarray((Y.T @ np.ascontiguousarray(weights.T)).T)

    def _undamp(self, scores: NDArray[np.float32], n_played: NDArray[np.int64]) -> None:
        """Take damping back, in place, for short histories."""
        for row in np.flatnonzero(n_played < _LONG) if self.short else ():
            left = self.short**2 / (self.short**2 + float(n_played[row]) ** 2)
            scores[row] *= np.exp((self.damping + _LIFT) * left * self.popularity)

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        X = check_histories(X, len(self.root))
        X.data = transform_listens(X.data, X.indptr, self.transform) / self.root[X.indices]
        scores = self._map(X)
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        scores[rows, X.indices] -= X.data * self.diagonal[X.indices]
        scores *= self.scale
        self._undamp(scores, np.diff(X.indptr))
        return finish_scores(scores, self.prior, self.known)

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        n_items = len(self.root)
        items, listens = one_row(items, listens, n_items)
        played = np.zeros(n_items, np.float32)
        values = transform_listens(listens, np.array([0, len(items)]), self.transform)
        played[items] = values / self.root[items]
        if self._direct:
            scores = played[items] @ self.inner[items]
        else:
            sizes = np.diff(self.indptr)
            of_row = np.repeat(np.arange(len(sizes)), sizes)
            near = np.bincount(of_row, self.data * played[self.indices], minlength=len(sizes))
            weights = near.astype(np.float32) @ self.inner
            scores = np.bincount(self.indices, self.data * weights[of_row], minlength=n_items)
        scores = scores.astype(np.float32) - played * self.diagonal
        scores = scores[None] * self.scale
        self._undamp(scores, np.array([len(items)]))
        return finish_scores(scores, self.prior, self.known)[0]

    def similar(self, item: int, k: int) -> list[tuple[int, float]]:
        """List the k items to which a listen of this one gives most, best first."""
        check_item(item, len(self.root))
        return best_first(self.scores_of(np.array([item]), np.array([1.0])), item, k)


class EaseWithSide(Ease):
    """EASE with rows of side information below the histories.

    Parameters
    ----------
    weights : mapping or None
        Weight of each block by its name; 1 where none is given, and 0 leaves a block out.
    """

    name = "ease+side"

    def __init__(self, *, weights: Mapping[str, float] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.weights = dict(weights or {})
        check_weights(self, self.weights)

    def _side_rows(self, side: Mapping[str, csr_matrix] | None, n_items: int) -> list[csr_matrix]:
        return stack_side(check_side(side, n_items), self.weights)


def _diagonal(Y: csr_matrix, inner: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the diagonal of Y'MY, a few thousand items at a time."""
    columns = Y.tocsc()
    found = np.empty(Y.shape[1], np.float32)
    for first in range(0, Y.shape[1], 4096):
        part = columns[:, first : first + 4096]
        found[first : first + 4096] = np.asarray(part.multiply(inner @ part).sum(axis=0)).ravel()
    return found
