"""Blend: several models and the nearness of side information, mixed by weights that were learned.

Conventions
-----------
As in :mod:`scripts.learning.taste`. A *part* is what gives each item a score: a base model by its
name, or ``near:`` and the name of a block of side information: the cosine of an item with the mean
of what was played. A part's scores are standardised over the items of one listener, ``z``, and
bent, ``sign(z) log(1 + |z|)``: the best of thousands of items lie tens of standard deviations up,
and a plain sum would let one part decide alone.

Method
------
Two stages. A share of each listener's items is held out and the bases are fitted on the rest. Items
that any part ranks highly, out of all, are candidates. The weights are those of a multinomial logit
that chooses the held-out items among a listener's candidates (the softmax loss of learning to rank,
Cao et al. 2007, doi:10.1145/1273496.1273513), with a ridge. Half of the histories are cut short,
and each weight has a slope in the logarithm of a history's length and one in that of an item's
listeners: side information may count for more where little was played. Then the bases are fitted
again on everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from scripts.errors import MissingExtraError
from scripts.learning.taste import (
    TasteModel,
    best_first,
    check_histories,
    check_side,
    count_listeners,
    finish_scores,
    make_model,
    model_from_arrays,
    one_row,
    prior_of,
    top_items,
)
from scripts.learning.taste_blend_weights import (
    Candidates,
    cut_rows,
    fit_weights,
    gather,
    hold_out,
    slopes_of,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Bases that are taken where none are named; ALS where its package is installed.
BASES = ("ease", "als", "item-knn")
BASES_WITH_SIDE = ("ease", "als", "item-knn", "ease+side", "als+side")

#: Histories scored at once, and histories that weights are learned from at most.
_BLOCK, _MOST_LISTENERS = 256, 4000


#: Name of a base, its settings, histories and blocks -> the fitted base.
FitBase = Callable[
    [str, Mapping[str, Any], "csr_matrix", "Mapping[str, csr_matrix] | None"], TasteModel
]


def _fit_base(
    name: str,
    settings: Mapping[str, Any],
    X: csr_matrix,
    blocks: Mapping[str, csr_matrix] | None,
) -> TasteModel:
    return make_model(name, **settings).fit(X, blocks)


class Nearness:
    """The cosine of each item's row of a block with the mean row of what was played."""

    def __init__(self, block: csr_matrix) -> None:
        self.data = block.data.astype(np.float32)
        self.indices, self.indptr = block.indices.astype(np.int32), block.indptr.astype(np.int64)
        self.width = block.shape[1]

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        from scipy.sparse import csr_matrix

        shape = (len(self.indptr) - 1, self.width)
        block = csr_matrix((self.data, self.indices, self.indptr), shape)
        logs = csr_matrix((np.log1p(X.data), X.indices, X.indptr), X.shape)
        mean: NDArray[np.float32] = (logs @ block).toarray()
        mean = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
        return np.ascontiguousarray((block @ mean.T).T, np.float32)

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        n_items = len(self.indptr) - 1
        of_row = np.repeat(np.arange(n_items), np.diff(self.indptr))
        weight = np.zeros(n_items)
        weight[items] = np.log1p(listens)
        sums = np.bincount(self.indices, self.data * weight[of_row], minlength=self.width)
        mean = sums.astype(np.float32) / max(float(np.linalg.norm(sums)), 1e-12)
        near = np.bincount(of_row, self.data * mean[self.indices], minlength=n_items)
        return near.astype(np.float32)


def bend(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standardise scores over the items (the last axis) and bend them. Constant scores give 0."""
    moved = scores - scores.mean(axis=-1, keepdims=True)
    spread = moved.std(axis=-1, keepdims=True)
    z = np.where(spread > 1e-12, moved / np.maximum(spread, 1e-12), 0)
    return (np.sign(z) * np.log1p(np.abs(z))).astype(np.float32)


class Blend:
    """A weighted sum of models and of nearness in side information.

    Parameters
    ----------
    bases : sequence of names or None
        Models of :data:`scripts.learning.taste.MODELS`; None takes the usual ones that are
        installed.
    settings : mapping or None
        Settings of bases by their name.
    share : float
        Share of each listener's items that the weights are learned on; a fifth, so that the bases
        they are learned beside know nearly as much as the ones they are used with.
    l2 : float
        Ridge on the weights; small, as thousands of listeners decide some two dozen weights.
    n_candidates : int
        Items taken of each part for each listener.
    side_without : callable or None
        From held-out pairs, CSR, to blocks of side information learned without them. Tags that
        listeners gave tell of the very pairs the weights are learned on. Without this function
        side information may be trusted more than it deserves.
    fit_base : callable or None
        From a base's name, settings, histories and blocks to the fitted model; None makes and fits
        it here. One that remembers saves fits where several blends have bases in common.
    seed : int

    Attributes
    ----------
    weights : dict
        Part -> weight, for a full history and an item of middling popularity.
    """

    name = "blend"

    def __init__(
        self,
        *,
        bases: Sequence[str] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        share: float = 0.2,
        l2: float = 1e-3,
        n_candidates: int = 100,
        side_without: Callable[[csr_matrix], Mapping[str, csr_matrix]] | None = None,
        fit_base: FitBase | None = None,
        seed: int = 0,
    ) -> None:
        self.bases, self.settings = bases, {k: dict(v) for k, v in (settings or {}).items()}
        self.share, self.l2, self.n_candidates = share, l2, n_candidates
        self.side_without, self.seed = side_without, seed
        self.fit_base = _fit_base if fit_base is None else fit_base

    def fit(self, X: csr_matrix, side: Mapping[str, csr_matrix] | None = None) -> Self:
        """Learn the weights on a part of each history, then the bases on all."""
        X = check_histories(X)
        blocks = check_side(side, X.shape[1])
        kept, held = hold_out(X, self.share, seed=self.seed)
        inner = blocks if self.side_without is None else self.side_without(held)
        self._fit_parts(kept if held.nnz else X, check_side(inner, X.shape[1]))
        self._learn(kept, held)
        self._fit_parts(X, blocks)
        return self

    def _fit_parts(self, X: csr_matrix, blocks: Mapping[str, csr_matrix]) -> None:
        from scipy.sparse import csr_matrix

        listeners = count_listeners(X)
        self.listeners, self.prior = listeners.astype(np.float32), prior_of(listeners)
        self.known = listeners > 0
        usual = BASES_WITH_SIDE if blocks else BASES
        self.models: dict[str, TasteModel] = {}
        for name in usual if self.bases is None else self.bases:
            try:
                self.models[name] = self.fit_base(name, self.settings.get(name, {}), X, blocks)
            except MissingExtraError:
                if self.bases is not None:
                    raise
        self.near = {name: Nearness(csr_matrix(block)) for name, block in blocks.items()}
        for near in self.near.values():
            self.known = self.known | (np.diff(near.indptr) > 0)

    @property
    def parts(self) -> list[str]:
        """Names of the parts, in the order of the weights."""
        return [*self.models, *(f"near:{name}" for name in self.near)]

    def _learn(self, kept: csr_matrix, held: csr_matrix) -> None:
        rng = np.random.default_rng(self.seed)
        rows = np.flatnonzero((np.diff(held.indptr) > 0) & (np.diff(kept.indptr) > 0))
        rows = np.sort(rng.permutation(rows)[:_MOST_LISTENERS])
        found: list[Candidates] = []
        for first in range(0, len(rows), _BLOCK):
            part = rows[first : first + _BLOCK]
            known = cut_rows(kept[part], rng)
            bent = self._bent(known)
            tops = [top_items(layer, kept[part], self.n_candidates) for layer in bent]
            slopes = slopes_of(np.diff(known.indptr), self.listeners)
            found.append(gather(bent, np.hstack(tops), held[part], slopes))
        n_parts = len(self.parts)
        weights = fit_weights(found, self.l2) if found else np.tile([1.0, 0, 0], (n_parts, 1))
        self.mix = weights.astype(np.float32)

    @property
    def weights(self) -> dict[str, float]:
        """Part -> weight, for a long history and an item of middling popularity."""
        return {part: float(w) for part, w in zip(self.parts, self.mix[:, 0], strict=True)}

    def _bent(self, X: csr_matrix) -> NDArray[np.float32]:
        return np.array([bend(part.scores(X)) for part in self._all()])

    def _all(self) -> list[Any]:
        return [*self.models.values(), *self.near.values()]

    def _mixed(self, bent: NDArray[np.float32], sizes: NDArray[Any]) -> NDArray[np.float32]:
        """Add up the bent parts (n_parts, m, n_items) for histories of these sizes (m,)."""
        by_size, by_listeners = slopes_of(sizes, self.listeners)
        total = np.zeros(bent.shape[1:], np.float32)
        for layer, (level, size_slope, item_slope) in zip(bent, self.mix, strict=True):
            total += layer * ((level + size_slope * by_size)[:, None] + item_slope * by_listeners)
        total[np.asarray(sizes) == 0] = 0
        return finish_scores(total, self.prior, self.known)

    def scores(self, X: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history: (n_listeners, n_items)."""
        X = check_histories(X, len(self.prior))
        scores = np.empty(X.shape, np.float32)
        for first in range(0, X.shape[0], _BLOCK):
            part = X[first : first + _BLOCK]
            scores[first : first + _BLOCK] = self._mixed(self._bent(part), np.diff(part.indptr))
        return scores

    def scores_of(self, items: NDArray[Any], listens: NDArray[Any]) -> NDArray[np.float32]:
        """Score every item for one history: (n_items,)."""
        items, listens = one_row(items, listens, len(self.prior))
        bent = np.array([bend(part.scores_of(items, listens)) for part in self._all()])
        return self._mixed(bent[:, None], np.array([len(items)]))[0]

    def similar(self, item: int, k: int) -> list[tuple[int, float]]:
        """List the k items that one listen of this one gives most, best first."""
        return best_first(self.scores_of(np.array([item]), np.array([1.0])), item, k)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays that the model can be rebuilt from."""
        arrays = {
            "model": np.array(self.name),
            "base_names": np.array(list(self.models), dtype=str),
            "near_names": np.array(list(self.near), dtype=str),
            **{key: getattr(self, key) for key in _ARRAYS},
        }
        for name, model in self.models.items():
            arrays |= {f"{name}/{key}": value for key, value in model.to_arrays().items()}
        for name, near in self.near.items():
            arrays |= {f"near:{name}/{key}": np.asarray(getattr(near, key)) for key in _NEAR}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a model from its arrays."""
        model = cls()
        for key in _ARRAYS:
            setattr(model, key, np.asarray(arrays[key]))
        model.models = {
            str(name): model_from_arrays(_below(arrays, f"{name}/"))
            for name in arrays["base_names"]
        }
        model.near = {}
        for name in arrays["near_names"]:
            near = model.near[str(name)] = Nearness.__new__(Nearness)
            for key, value in _below(arrays, f"near:{name}/").items():
                setattr(near, key, int(value) if key == "width" else np.asarray(value))
        return model


_ARRAYS = ("listeners", "prior", "known", "mix")
_NEAR = ("data", "indices", "indptr", "width")


def _below(arrays: Mapping[str, NDArray[Any]], start: str) -> dict[str, NDArray[Any]]:
    return {key[len(start) :]: arrays[key] for key in arrays if key.startswith(start)}
