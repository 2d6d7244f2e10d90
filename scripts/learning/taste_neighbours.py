"""Items scored by their nearest items among those played (item-kNN).

Conventions
-----------
As in :mod:`scripts.learning.taste`. Similarities are in [0, 1], most often; of each item, those to
its nearest items are kept.

Method
------
Cosine of two items' columns of listeners, times ``n / (n + shrinkage)`` with n the listeners they
share, so that two items with one common listener are no twins. An item's score adds up its
similarities to what was played, over its own nearest items.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from scripts.learning.taste import (
    best_first,
    check_histories,
    check_item,
    check_settings,
    check_side,
    count_listeners,
    finish_scores,
    one_row,
    prior_of,
    transform_listens,
)
from scripts.learning.taste_arrays import KeptAsArrays

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Items whose similarities are found at once.
_CHUNK = 2048


class ItemNeighbours(KeptAsArrays):
    """Item-kNN with a cosine that is shrunken.

    Parameters
    ----------
    k : int
        Nearest items kept of each item.
    shrinkage : float
        Common listeners at which a cosine counts half.
    transform : {"binary", "log"}
        What listens are turned into.
    """

    name = "item-knn"
    SETTINGS: ClassVar = {"k": int, "shrinkage": float, "transform": str}
    ARRAYS: ClassVar = ("listeners", "data", "indices", "indptr")

    def __init__(self, *, k: int = 1000, shrinkage: float = 1.0, transform: str = "log") -> None:
        self.k, self.shrinkage, self.transform = k, shrinkage, transform
        check_settings(self, k=1, shrinkage=0.0)

    def fit(self, X: csr_matrix, side: Mapping[str, csr_matrix] | None = None) -> Self:
        """Learn from histories; side information is checked and left out."""
        from scipy.sparse import diags_array, vstack

        X = check_histories(X)
        check_side(side, X.shape[1])
        self.listeners = count_listeners(X).astype(np.float32)
        played = X.copy()
        played.data = np.ones_like(X.data)
        X.data = transform_listens(X.data, X.indptr, self.transform)
        lengths = np.sqrt(np.asarray(X.multiply(X).sum(axis=0)).ravel())
        unit = (X @ diags_array(1 / np.where(lengths > 0, lengths, 1))).tocsr()
        pairs = [
            self._nearest(played, unit, first, min(first + _CHUNK, X.shape[1]))
            for first in range(0, X.shape[1], _CHUNK)
        ]
        # rows: what is scored; transposed, so that a history adds up rows
        near = vstack(pairs).T.tocsr()
        near.sort_indices()
        self.data, self.indices = near.data.astype(np.float32), near.indices.astype(np.int32)
        self.indptr = near.indptr.astype(np.int64)
        return self

    def _nearest(self, played: csr_matrix, unit: csr_matrix, first: int, last: int) -> csr_matrix:
        """Return the k best similarities of each item of a part: (last - first, n_items)."""
        cosine = (unit[:, first:last].T @ unit).tocsr()
        common = (played[:, first:last].T @ played).tocsr()
        cosine.sort_indices()
        common.sort_indices()
        cosine.data *= common.data / (common.data + self.shrinkage)
        rows = np.repeat(np.arange(last - first), np.diff(cosine.indptr))
        cosine.data[cosine.indices == rows + first] = 0
        # rows in order, in each the best first, ties by number
        order = np.lexsort((cosine.indices, -cosine.data, rows))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        cosine.data[place - cosine.indptr[rows] >= self.k] = 0
        cosine.eliminate_zeros()
        return cosine

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        from scipy.sparse import csr_matrix

        n_items = len(self.listeners)
        X = check_histories(X, n_items)
        X.data = transform_listens(X.data, X.indptr, self.transform)
        near = csr_matrix((self.data, self.indices, self.indptr), (n_items, n_items))
        scores = (X @ near).toarray().astype(np.float32)
        return finish_scores(scores, prior_of(self.listeners), self.listeners > 0)

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        n_items = len(self.listeners)
        items, listens = one_row(items, listens, n_items)
        values = transform_listens(listens, np.array([0, len(items)]), self.transform)
        scores = np.zeros(n_items, np.float32)
        for item, value in zip(items, values, strict=True):
            part = slice(self.indptr[item], self.indptr[item + 1])
            scores[self.indices[part]] += value * self.data[part]
        return finish_scores(scores[None], prior_of(self.listeners), self.listeners > 0)[0]

    def similar(self, item: int, k: int) -> list[tuple[int, float]]:
        """List the k items that a listen of this one gives most, best first."""
        check_item(item, len(self.listeners))
        return best_first(self.scores_of(np.array([item]), np.array([1.0])), item, k)
