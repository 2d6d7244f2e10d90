"""What a model of taste has to be above: popularity, and guessing.

Conventions
-----------
As in :mod:`scripts.learning.taste`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

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
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Popularity:
    """Every listener gets the items with most listeners: the baseline to be above."""

    name = "popularity"

    def fit(self, X: csr_matrix, side: Mapping[str, csr_matrix] | None = None) -> Self:
        """Count the listeners of each item."""
        X = check_histories(X)
        check_side(side, X.shape[1])
        self.listeners = count_listeners(X).astype(np.float32)
        return self

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        X = check_histories(X, len(self.listeners))
        return np.tile(self.listeners, (X.shape[0], 1))

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        one_row(items, listens, len(self.listeners))
        return self.listeners.copy()

    def similar(self, item: int, k: int) -> list[tuple[int, float]]:
        """List the most popular items."""
        check_item(item, len(self.listeners))
        return best_first(self.listeners, item, k)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays that the model can be rebuilt from."""
        return {"model": np.array(self.name), "listeners": self.listeners}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a model from its arrays."""
        model = cls()
        model.listeners = np.asarray(arrays["listeners"])
        return model


class RandomTaste(Popularity):
    """Items in a random order, another for each history: what guessing reaches."""

    name = "random"

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed
        check_settings(self, seed=0)

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        X = check_histories(X, len(self.listeners))
        parts = [slice(X.indptr[row], X.indptr[row + 1]) for row in range(X.shape[0])]
        rows = [self._draw(X.indices[part], X.data[part]) for part in parts]
        return np.array(rows, np.float32).reshape(X.shape)

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        return self._draw(*one_row(items, listens, len(self.listeners)))

    def _draw(self, items: NDArray[Any], listens: NDArray[np.float32]) -> NDArray[np.float32]:
        if not len(items):
            return prior_of(self.listeners)
        key = zlib.crc32(items.astype("<i8").tobytes() + listens.astype("<f4").tobytes())
        drawn = np.random.default_rng([self.seed, key]).random(len(self.listeners))
        return finish_scores(
            drawn.astype(np.float32)[None], prior_of(self.listeners), self.listeners > 0
        )[0]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays that the model can be rebuilt from."""
        return {**super().to_arrays(), "seed": np.array(self.seed)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a model from its arrays."""
        model = super().from_arrays(arrays)
        model.seed = int(arrays["seed"])
        return model
