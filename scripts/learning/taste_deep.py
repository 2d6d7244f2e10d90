"""Mult-VAE: a deep autoencoder of histories, alone and with side information (a deep hybrid).

Conventions
-----------
As in :mod:`scripts.learning.taste`. PyTorch (extra ``deep``) is needed by ``fit`` alone; what it
leaves are numpy arrays, float32, in the layers' order: items -> hidden -> code -> hidden -> items.

Method
------
A history, of length 1, is thinned at random, coded as a normal distribution, and decoded to a
multinomial over all items that should give the played ones their weight (Liang et al. 2018,
doi:10.1145/3178876.3186150). Scores are the decoder's logits at the mean of the code.

With side information an item's weights into the encoder, and out of the decoder, are its own plus a
linear map of its features, so items with like features begin alike and items that nobody played are
coded and scored by their features. After the fit both are added up.

A part of the listeners, with a part of their items held out, tells when to stop; training then ends
with the weights that did best for them. The draws of chance are seeded and there is one thread, so
the same input gives the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from scripts.errors import MissingExtraError
from scripts.learning.taste import (
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

REQUIREMENT = "torch>=2.6,<3"

#: The largest share of a history that may be left out: some of it has to be left.
MOST_DROPPED = 0.99

_LAYERS = ("inward", "inward_bias", "code", "code_bias", "outward", "outward_bias")


def require_torch() -> None:
    """Import PyTorch.

    Raises
    ------
    MissingExtraError
        If the extra ``deep`` is not installed.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "the deep model (mult-vae) needs the extra `deep`; install it with: "
            f"python -m pip install '{REQUIREMENT}'"
        ) from error


class MultVae(KeptAsArrays):
    """A variational autoencoder with a multinomial likelihood.

    Parameters
    ----------
    hidden, factors : int
        Width of the hidden layers, and of the code. 200 and 100, below the original's 600 and 200:
        histories here have dozens of items, not hundreds.
    dropout : float
        Share of a history that is left out at random in training.
    beta : float
        Weight of the divergence from a standard normal, reached over `warm_up` steps.
    rate : float
        Step size of Adam; thousands of listeners are assumed, some dozens need a larger one.
    epochs, patience : int
        Rounds over the listeners at most, and rounds without a better one before it stops.
    batch : int
        Listeners of a step at most; an eighth of them where they are few.
    transform : {"binary", "log"}
        What listens are turned into for the encoder.
    seed : int
    """

    name = "mult-vae"
    SETTINGS: ClassVar = {"transform": str}
    ARRAYS: ClassVar = ("prior", "known", *_LAYERS, "items", "items_bias")

    prior: NDArray[np.float32]
    known: NDArray[np.bool_]
    inward: NDArray[np.float32]
    inward_bias: NDArray[np.float32]
    code: NDArray[np.float32]
    code_bias: NDArray[np.float32]
    outward: NDArray[np.float32]
    outward_bias: NDArray[np.float32]
    items: NDArray[np.float32]
    items_bias: NDArray[np.float32]

    def __init__(
        self,
        *,
        hidden: int = 200,
        factors: int = 100,
        dropout: float = 0.5,
        beta: float = 0.1,
        warm_up: int = 300,
        rate: float = 1e-3,
        epochs: int = 32,
        patience: int = 5,
        batch: int = 128,
        transform: str = "log",
        seed: int = 0,
    ) -> None:
        self.hidden, self.factors, self.dropout = hidden, factors, dropout
        self.beta, self.warm_up, self.rate = beta, warm_up, rate
        self.epochs, self.patience, self.batch = epochs, patience, batch
        self.transform, self.seed = transform, seed
        check_settings(self, hidden=1, factors=1, dropout=(0.0, MOST_DROPPED), beta=0.0, rate=1e-9)
        check_settings(self, warm_up=0, epochs=1, patience=1, batch=1, seed=0)

    def _features(self, side: Mapping[str, csr_matrix] | None, n_items: int) -> csr_matrix | None:
        check_side(side, n_items)
        return None

    def fit(self, X: csr_matrix, side: Mapping[str, csr_matrix] | None = None) -> Self:
        """Learn from histories; side information is checked and left out."""
        require_torch()
        from scripts.learning.taste_deep_fit import train

        X = check_histories(X)
        listeners = count_listeners(X)
        features = self._features(side, X.shape[1])
        self.prior, self.known = prior_of(listeners), listeners > 0
        if features is not None:
            self.known = self.known | (np.diff(features.indptr) > 0)
        for name, array in train(self._unit(X), features, self).items():
            setattr(self, name, array)
        return self

    def _unit(self, X: csr_matrix) -> csr_matrix:
        """Transform listens and bring each history to length 1."""
        data = transform_listens(X.data, X.indptr, self.transform)
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        lengths = np.sqrt(np.bincount(rows, data**2, minlength=X.shape[0]))
        X = X.copy()
        X.data = (data / np.maximum(lengths, 1e-12)[rows]).astype(np.float32)
        return X

    def _decode(self, reached: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score all items from what the first layer gets, (m, hidden)."""
        hidden = np.tanh(reached + self.inward_bias)
        code = hidden @ self.code.T + self.code_bias
        hidden = np.tanh(code @ self.outward.T + self.outward_bias)
        return np.asarray(hidden @ self.items.T + self.items_bias, np.float32)

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        X = check_histories(X, len(self.prior))
        scores = self._decode(np.asarray(self._unit(X) @ self.inward))
        scores[np.diff(X.indptr) == 0] = 0
        return finish_scores(scores, self.prior, self.known)

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        items, listens = one_row(items, listens, len(self.prior))
        values = transform_listens(listens, np.array([0, len(items)]), self.transform)
        values = values / max(float(np.linalg.norm(values)), 1e-12)
        reached = values.astype(np.float32) @ self.inward[items]
        scores = self._decode(reached[None]) * np.float32(len(items) > 0)
        return finish_scores(scores, self.prior, self.known)[0]

    def similar(self, item: int, k: int) -> list[tuple[int, float]]:
        """List the k items that the decoder treats most alike, by the cosine of their weights."""
        check_item(item, len(self.prior))
        lengths = np.linalg.norm(self.items, axis=1)
        near = self.items @ self.items[item] / np.maximum(lengths * lengths[item], 1e-12)
        return best_first(near, item, k)


class MultVaeSide(MultVae):
    """Mult-VAE whose items are described by side information too.

    Parameters
    ----------
    weights : mapping or None
        Weight of each block by its name; 1 where none is given, and 0 leaves a block out.
    """

    name = "mult-vae+side"

    def __init__(self, *, weights: Mapping[str, float] | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.weights = dict(weights or {})
        check_weights(self, self.weights)

    def _features(self, side: Mapping[str, csr_matrix] | None, n_items: int) -> csr_matrix | None:
        from scipy.sparse import vstack

        from scripts.learning.taste_ease import stack_side

        rows = stack_side(check_side(side, n_items), self.weights)
        return vstack(rows).T.tocsr().astype(np.float32) if rows else None
