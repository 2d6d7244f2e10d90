"""Contenders of a trial: a model, the settings it may have, what it may know, and its fit.

Conventions
-----------
A *contender* is a model with the settings it may have and the blocks of side information it may
use. Side information comes from a source that is asked with held-out pairs, (n_listeners, n_items)
CSR, and answers with blocks, (n_items, d) CSR each, that do not know of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.learning.taste import TasteModel, make_model

#: Models that a blend mixes, with the settings that they have chosen themselves.
BLENDED: tuple[str, ...] = ("ease", "als", "item-knn", "ease+side", "als+side")

#: Held-out pairs -> blocks of side information that do not know of them.
SideSource = Callable[[csr_matrix], Mapping[str, csr_matrix]]


class Contender(NamedTuple):
    """A model, the settings it may have, and the side information it may use."""

    name: str
    model: str
    grid: tuple[Mapping[str, Any], ...]
    blocks: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()  # earlier contenders whose chosen settings these add to
    is_cut: bool = True  # whether it is tried on cut histories too, which costs a further fit


class Side(NamedTuple):
    """Blocks of side information that do not know of held-out pairs."""

    source: SideSource
    held: csr_matrix
    rows: NDArray[np.int64]  # the listeners that are fitted, by their rows in `held`
    blocks: Mapping[str, csr_matrix]

    def take(self, names: Sequence[str]) -> dict[str, csr_matrix]:
        """Return some blocks, those there are."""
        return {name: self.blocks[name] for name in names if name in self.blocks}

    def without(self, more: csr_matrix, names: Sequence[str]) -> dict[str, csr_matrix]:
        """Return some blocks that do not know of further pairs; rows are those of the fit."""
        place = more.tocoo()
        pairs = (place.data, (self.rows[place.row], place.col))
        blocks = self.source(self.held + csr_matrix(pairs, shape=self.held.shape))
        return {name: blocks[name] for name in names if name in blocks}


def hide(source: SideSource, held: csr_matrix, rows: NDArray[np.int64] | None = None) -> Side:
    """Take the side information that is left when some pairs are held out."""
    told = np.arange(held.shape[0]) if rows is None else rows
    return Side(source, held, told, source(held))


def merge_settings(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge settings, later ones over earlier ones; weights of blocks are gathered.

    ``weight_factor`` is no setting of a model: it multiplies the weights gathered so far.

    >>> merge_settings([{"l2": 5, "weights": {"a": 2}}, {"weight_factor": 0.5}])
    {'l2': 5, 'weights': {'a': 1.0}}
    """
    merged: dict[str, Any] = {}
    weights: dict[str, float] = {}
    for settings in parts:
        merged |= {name: settings[name] for name in settings if name != "weight_factor"}
        weights |= settings.get("weights") or {}
        factor = settings.get("weight_factor", 1)
        weights = {name: factor * weight for name, weight in weights.items()}
    return {**merged, "weights": weights} if weights else merged


def fit_contender(
    contender: Contender,
    settings: Mapping[str, Any],
    X: csr_matrix,
    side: Side,
    *,
    seed: int,
) -> TasteModel:
    """Fit a contender with settings; the seed goes to models that draw numbers.

    A blend, which holds pairs out of the fit for itself, is told how to do without their tags.
    """
    told = dict(settings)
    if "seed" in told:
        told["seed"] = seed
    blocks = side.take(contender.blocks)
    if contender.model == "blend" and blocks:
        told["side_without"] = lambda held: side.without(held, contender.blocks)
    return make_model(contender.model, **told).fit(X, blocks or None)
