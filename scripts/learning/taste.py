"""What a listener will like, learned from what many listeners played: the models' common ground.

Conventions
-----------
A *history* is a row of a scipy CSR matrix, float32, (n_listeners, n_items), of listens (more than
0), with sorted column numbers; items are artists. *Scores* are float32, the higher the better, of
every item, the ones already played too; their scale is the model's own. Listeners are known by
their rows alone: a listener met in :meth:`~TasteModel.fit` and a new one with an equal history get
the same scores. An empty history gets the order of popularity, which also breaks ties everywhere;
items that nobody played and nothing else is known of come last. Side information is a block of
numbers for each item, (n_items, d), with rows of zeros for items of which nothing is known.

numpy alone is needed to rebuild a model from its arrays and to score one history
(:meth:`~TasteModel.scores_of`); scipy, where a matrix of histories is scored; what a model needs
for its fit is imported there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError, SettingsError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: What listens may be turned into; see :func:`transform_listens`.
TRANSFORMS: tuple[str, ...] = ("binary", "log")

#: The least that a ridge may be where a fit is not possible without one.
LEAST_RIDGE = 1e-6

#: How much of a score the popularity of its item is at most: enough to order what is equal.
PRIOR = 1e-6

#: Name -> module and class. They are loaded when asked for: not every model's package is there.
MODELS = {
    "random": "scripts.learning.taste_baselines:RandomTaste",
    "popularity": "scripts.learning.taste_baselines:Popularity",
    "item-knn": "scripts.learning.taste_neighbours:ItemNeighbours",
    "als": "scripts.learning.taste_als:Als",
    "als+side": "scripts.learning.taste_als:AlsWithSide",
    "ease": "scripts.learning.taste_ease:Ease",
    "ease+side": "scripts.learning.taste_ease:EaseWithSide",
    "mult-vae": "scripts.learning.taste_deep:MultVae",
    "mult-vae+side": "scripts.learning.taste_deep:MultVaeSide",
    "blend": "scripts.learning.taste_blend:Blend",
}


class TasteModel(Protocol):
    """What every model of taste can do. Settings are keyword arguments of its ``__init__``."""

    name: str

    def fit(self, X: csr_matrix, side: Mapping[str, csr_matrix] | None = None) -> Self:
        """Learn from histories, and from blocks of side information by their names."""

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history, given as item numbers and listens: (n_items,)."""

    def similar(self, item: int, k: int) -> list[tuple[int, float]]:
        """List the k items nearest an item, best first, with their similarity."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays that the model can be rebuilt from."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a model from its arrays."""


def model_class(name: str) -> type[TasteModel]:
    """Return the class of a model's name, loading its module."""
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise SettingsError(f"taste model: {name!r} is not known; choose one of: {known}")
    module, _, found = MODELS[name].partition(":")
    return getattr(import_module(module), found)


def make_model(name: str, **settings: Any) -> TasteModel:
    """Make an unfitted model by its name, with settings of its own."""
    try:
        return model_class(name)(**settings)
    except TypeError as error:
        raise SettingsError(f"taste model {name!r}: {error}; see the class's settings") from error


def model_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> TasteModel:
    """Rebuild a model of any name from its arrays."""
    if "model" not in arrays:
        raise DataError(
            "taste model: the arrays lack `model`, its name; use the arrays of to_arrays()"
        )
    return model_class(str(arrays["model"])).from_arrays(arrays)


def check_settings(model: TasteModel, **allowed: float | tuple[float, float]) -> None:
    """Refuse settings that a fit could not use.

    Parameters
    ----------
    model : TasteModel
        Just made. Its ``transform`` is checked too, if it has one.
    **allowed
        Setting -> the least, or the least and the most. Whole numbers, where the setting is one.

    Raises
    ------
    SettingsError
    """
    for name, bounds in allowed.items():
        least, most = bounds if isinstance(bounds, tuple) else (bounds, math.inf)
        value, whole = getattr(model, name), isinstance(least, int)
        known = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        known = known and math.isfinite(value) and least <= value <= most
        if not known or (whole and value != int(value)):
            limit = f"from {least:g} up" if math.isinf(most) else f"from {least:g} to {most:g}"
            kind = "whole number" if whole else "number"
            raise SettingsError(
                f"taste model {model.name!r}: {name} is {value!r}; give a {kind} {limit}"
            )
    check_transform(getattr(model, "transform", TRANSFORMS[0]))


def check_weights(model: TasteModel, weights: Mapping[str, float]) -> None:
    """Refuse weights of blocks of side information that are negative or no numbers."""
    for block, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise SettingsError(
                f"taste model {model.name!r}: the weight of {block} is {weight!r}; give a number "
                "from 0 up"
            )


def check_transform(how: str) -> None:
    """Refuse a transform of listens that is not known."""
    if how not in TRANSFORMS:
        raise SettingsError(f"transform: {how!r} is not known; choose {' or '.join(TRANSFORMS)}")


def check_item(item: int, n_items: int) -> None:
    """Refuse the number of an item that a model does not have."""
    if not 0 <= item < n_items:
        raise DataError(f"taste model: item {item}; allowed are 0 to {n_items - 1}")


def check_histories(X: csr_matrix, n_items: int | None = None) -> csr_matrix:
    """Return histories as CSR, float32, sorted; the matrix given stays as it is.

    Parameters
    ----------
    n_items : int or None
        Items that the model knows; None at its fit, which also needs at least one play.

    Raises
    ------
    DataError
        If a value is not a number or negative, or the shape does not fit.
    """
    from scipy.sparse import csr_matrix

    X = csr_matrix(X, dtype=np.float32, copy=True)
    X.sum_duplicates()
    if not np.isfinite(X.data).all() or (X.data < 0).any():
        bad = X.data[~np.isfinite(X.data) | (X.data < 0)][0]
        raise DataError(f"histories: found {bad} listens; allowed are finite numbers from 0 up")
    X.eliminate_zeros()
    if n_items is None and (X.nnz == 0):
        raise DataError(
            f"histories: {X.shape[0]} listeners and {X.shape[1]} items without a single play; "
            "a fit needs at least one"
        )
    if n_items is not None and X.shape[1] != n_items:
        raise DataError(
            f"histories: {X.shape[1]} items; the model was fitted on {n_items} and needs as many"
        )
    return X


def check_side(side: Mapping[str, csr_matrix] | None, n_items: int) -> dict[str, csr_matrix]:
    """Return the blocks of side information as CSR, float64, by sorted name."""
    from scipy.sparse import csr_matrix

    blocks = {}
    for name in sorted(side or {}):
        block = csr_matrix((side or {})[name], dtype=np.float64)
        if block.shape[0] != n_items:
            raise DataError(
                f"side information {name!r}: {block.shape[0]} rows; needs one for each of the "
                f"{n_items} items (zeros where nothing is known)"
            )
        if not np.isfinite(block.data).all():
            raise DataError(f"side information {name!r}: holds values that are no finite numbers")
        blocks[name] = block
    return blocks


def count_listeners(X: csr_matrix) -> NDArray[np.float64]:
    """Count the listeners of each item: (n_items,)."""
    return np.bincount(X.indices, minlength=X.shape[1]).astype(np.float64)


def prior_of(listeners: NDArray[Any]) -> NDArray[np.float32]:
    """Turn counts of listeners into the small score that orders what is equal, 0 to `PRIOR`."""
    return (PRIOR * listeners / max(1.0, float(listeners.max(initial=0)))).astype(np.float32)


def finish_scores(
    scores: NDArray[np.float32], prior: NDArray[np.float32], known: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Add the prior, and put items of which nothing is known below all others. In place.

    Parameters
    ----------
    scores : (m, n_items)
    """
    scores += prior
    if not known.all() and known.any():
        lowest = np.minimum(scores.min(axis=1, keepdims=True), 0)
        scores[:, ~known] = lowest - np.maximum(PRIOR, np.abs(lowest) * PRIOR)
    return scores


def one_row(items: NDArray[Any], listens: NDArray[Any], n_items: int) -> tuple[NDArray, NDArray]:
    """Check one history; return its item numbers, ascending and distinct, and its listens."""
    items, listens = np.asarray(items, np.int64), np.asarray(listens, np.float32)
    if items.shape != listens.shape or items.ndim != 1:
        raise DataError(f"history: {items.shape} items and {listens.shape} listens; needs as many")
    outside = items[(items < 0) | (items >= n_items)]
    if outside.size:
        raise DataError(f"history: item {outside[0]}; allowed are 0 to {n_items - 1}")
    if not np.isfinite(listens).all() or (listens < 0).any():
        raise DataError("history: listens that are negative or no number; allowed are 0 and more")
    found, where = np.unique(items, return_inverse=True)
    summed = np.bincount(where, listens, minlength=len(found)).astype(np.float32)
    return found[summed > 0], summed[summed > 0]


def transform_listens(
    listens: NDArray[np.float32], indptr: NDArray[Any], how: str
) -> NDArray[np.float32]:
    """Turn listens into what a model learns from: "binary" 1, "log" the logarithm of the share.

    "log" is ``log(1 + listens) / log(1 + the listener's most)``, so in (0, 1]: listeners differ in
    how long they were followed, which says nothing about their taste.
    """
    check_transform(how)
    if how == "binary":
        return np.ones(len(listens), np.float32)
    sizes = np.diff(indptr)
    logs = np.log1p(listens.astype(np.float64))
    most = np.maximum.reduceat(logs, indptr[:-1][sizes > 0]) if len(logs) else logs
    return (logs / np.repeat(most, sizes[sizes > 0])).astype(np.float32)


def best_first(similarity: NDArray[Any], item: int, k: int) -> list[tuple[int, float]]:
    """List the k best of a row of similarities without the item itself, ties by number."""
    order = np.lexsort((np.arange(len(similarity)), -similarity))
    return [(int(i), float(similarity[i])) for i in order[order != item][: max(0, k)]]


def top_items(scores: NDArray[Any], X_seen: csr_matrix | None, k: int) -> NDArray[np.int64]:
    """Rank all items for each listener, without those already played.

    Parameters
    ----------
    scores : (n, n_items)
    X_seen : csr_matrix or None
        Items that are stored here are left out.

    Returns
    -------
    (n, k) item numbers, best first, ties by number; -1 where fewer items are left.
    """
    n, n_items = scores.shape
    found = np.full((n, k), -1, np.int64)
    for row in range(n):
        left = scores[row].astype(np.float32)
        if X_seen is not None:
            left[X_seen.indices[X_seen.indptr[row] : X_seen.indptr[row + 1]]] = -np.inf
        if 0 < k < n_items:
            near = np.flatnonzero(left >= np.partition(left, n_items - k)[n_items - k])
        else:
            near = np.arange(n_items)
        near = near[left[near] > -np.inf]
        best = near[np.argsort(-left[near], kind="stable")][:k]
        found[row, : len(best)] = best
    return found
