"""Matrix factorisation of play counts by alternating least squares (ALS).

Conventions
-----------
As in :mod:`scripts.learning.taste`. The model keeps the items' factors alone, (n_items, factors):
a listener's are found from the history when it is scored, so listeners leave nothing behind.

Method
------
Implicit-feedback ALS (Hu, Koren & Volinsky 2008, doi:10.1109/ICDM.2008.22) as solved by the package
``implicit``: every item is a preference of 1 where it was played and 0 elsewhere, trusted ``alpha``
times the transformed listens where it was played and 1 elsewhere. With side information, each
feature stands below the histories as one more row (see
:func:`scripts.learning.taste_ease.stack_side`): items with like features get like factors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError, MissingExtraError
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
from scripts.learning.taste_ease import stack_side

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

REQUIREMENT = "implicit>=0.7.2,<1"


def load_implicit() -> Any:
    """Import the ALS of the package ``implicit``.

    Raises
    ------
    MissingExtraError
        If the extra ``taste`` is not installed.
    """
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ImportError as error:
        raise MissingExtraError(
            "matrix factorisation (als) needs the extra `taste`; install it with: "
            f"python -m pip install '{REQUIREMENT}'"
        ) from error
    return AlternatingLeastSquares


class Als(KeptAsArrays):
    """ALS on histories alone.

    Parameters
    ----------
    factors : int
        Numbers that describe an item.
    l2 : float
        Ridge on the factors of listeners and items.
    alpha : float
        Trust in a play, in units of the trust in an item that was not played.
    iterations : int
        Rounds of solving for listeners, then items.
    transform : {"binary", "log"}
        What listens are turned into.
    seed : int
        Of the factors it starts from.
    threads : int
        Threads of the fit, 0 for all. With one, the factors repeat to the last bit.
    """

    name = "als"
    SETTINGS: ClassVar = {"factors": int, "l2": float, "alpha": float, "transform": str}
    ARRAYS: ClassVar = ("prior", "known", "item_factors")

    def __init__(
        self,
        *,
        factors: int = 64,
        l2: float = 40.0,
        alpha: float = 10.0,
        iterations: int = 15,
        transform: str = "log",
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.factors, self.l2, self.alpha = factors, l2, alpha
        self.iterations, self.transform, self.seed = iterations, transform, seed
        self.threads = threads
        check_settings(self, factors=1, l2=0.0, alpha=LEAST_RIDGE, iterations=1, seed=0, threads=0)

    def _side_rows(self, side: Mapping[str, csr_matrix] | None, n_items: int) -> list[csr_matrix]:
        check_side(side, n_items)
        return []

    def fit(self, X: csr_matrix, side: Mapping[str, csr_matrix] | None = None) -> Self:
        """Learn from histories; side information is checked and left out."""
        from scipy.sparse import csr_matrix, vstack
        from threadpoolctl import threadpool_limits

        solver = load_implicit()
        X = check_histories(X)
        listeners = count_listeners(X)
        X.data = transform_listens(X.data, X.indptr, self.transform)
        side_rows = self._side_rows(side, X.shape[1])
        rows = csr_matrix(vstack([X, *side_rows]), dtype=np.float32) if side_rows else X
        self.prior = prior_of(listeners)
        self.known = np.bincount(rows.indices, minlength=X.shape[1]) > 0
        with threadpool_limits(limits=1, user_api="blas"):
            model = solver(
                factors=self.factors,
                regularization=self.l2,
                alpha=self.alpha,
                iterations=self.iterations,
                random_state=self.seed,
                num_threads=self.threads,
                dtype=np.float32,
            )
            model.fit(rows, show_progress=False)
        self.item_factors = np.asarray(model.item_factors, np.float32)
        if not np.isfinite(self.item_factors).all():
            raise DataError("als: the fit did not converge; choose a larger l2")
        return self

    def _listener(
        self, items: NDArray[Any], values: NDArray[np.float32], gram: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Solve for the factors of one listener."""
        played = self.item_factors[items].astype(np.float64)
        trust = self.alpha * values.astype(np.float64)
        inner = gram + played.T @ (played * (trust - 1)[:, None])
        return np.linalg.solve(inner, trust @ played)

    def _gram(self) -> NDArray[np.float64]:
        factors = self.item_factors.astype(np.float64)
        return factors.T @ factors + self.l2 * np.eye(factors.shape[1])

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        X = check_histories(X, len(self.prior))
        values, gram = transform_listens(X.data, X.indptr, self.transform), self._gram()
        listeners = np.zeros((X.shape[0], self.item_factors.shape[1]), np.float32)
        for row in range(X.shape[0]):
            part = slice(X.indptr[row], X.indptr[row + 1])
            if part.stop > part.start:
                listeners[row] = self._listener(X.indices[part], values[part], gram)
        return finish_scores(listeners @ self.item_factors.T, self.prior, self.known)

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        items, listens = one_row(items, listens, len(self.prior))
        values = transform_listens(listens, np.array([0, len(items)]), self.transform)
        listener = np.zeros(self.item_factors.shape[1], np.float32)
        if len(items):
            listener = self._listener(items, values, self._gram()).astype(np.float32)
        return finish_scores((self.item_factors @ listener)[None], self.prior, self.known)[0]

    def similar(self, item: int, k: int) -> list[tuple[int, float]]:
        """List the k items whose factors have the largest cosine with this one's."""
        check_item(item, len(self.prior))
        lengths = np.linalg.norm(self.item_factors, axis=1)
        unit = self.item_factors / np.where(lengths > 0, lengths, 1)[:, None]
        return best_first(unit @ unit[item], item, k)


class AlsWithSide(Als):
    """ALS with rows of side information below the histories.

    Parameters
    ----------
    weights : mapping or None
        Weight of each block by its name; 0 leaves a block out. Where none is given it is 1, and 2
        for tags: set by hand, since tags tell more of what is listened to than the other blocks
        (``python -m scripts.evaluate taste`` tries each block alone, and chooses weights anew).
    """

    name = "als+side"

    def __init__(self, *, weights: Mapping[str, float] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.weights = {"tags": 2.0, **(weights or {})}
        check_weights(self, self.weights)

    def _side_rows(self, side: Mapping[str, csr_matrix] | None, n_items: int) -> list[csr_matrix]:
        return stack_side(check_side(side, n_items), self.weights)
