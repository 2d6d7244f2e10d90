"""Contenders of a trial: a model, the settings it may have, what it may know, and its fit.

Conventions
-----------
A *contender* is a model with the settings it may have and the blocks of side information it may
use. Side information comes from a source that is asked with held-out pairs, (n_listeners, n_items)
CSR, and answers with blocks, (n_items, d) CSR each, that do not know of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scripts.learning.taste import TasteModel, check_side, make_model

#: Models that a blend mixes, with the settings that they have chosen themselves.
BLENDED: tuple[str, ...] = ("ease", "als", "item-knn", "ease+side", "als+side")

#: Fitted models by what they were fitted with; see :func:`fit_remembered`.
Fitted = dict[bytes, TasteModel]

#: Held-out pairs -> blocks of side information that do not know of them.
SideSource = Callable[[csr_matrix], Mapping[str, csr_matrix]]


class Contender(NamedTuple):
    """A model, the settings it may have, and the side information it may use."""

    name: str
    model: str
    grid: tuple[Mapping[str, Any], ...]
    blocks: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()  # earlier contenders whose settings these add to, or blend
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


def _digest(
    name: str,
    settings: Mapping[str, Any],
    X: csr_matrix,
    blocks: Mapping[str, csr_matrix] | None,
) -> bytes:
    """Make the key of a fit: equal fits have equal keys, whatever objects they are asked with."""
    told = hashlib.sha256(repr((name, _in_order(settings), X.shape)).encode())
    tables = {"": X, **(check_side(blocks, X.shape[1]) if name.endswith("+side") else {})}
    for block, table in tables.items():
        told.update(repr((block, table.shape)).encode())
        told.update(np.asarray(table.data, np.float64).tobytes())
        told.update(np.asarray(table.indices, np.int64).tobytes())
        told.update(np.asarray(table.indptr, np.int64).tobytes())
    return told.digest()


def _in_order(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [(key, _in_order(value[key])) for key in sorted(value)]
    return value


def fit_remembered(
    fitted: Fitted,
    name: str,
    settings: Mapping[str, Any],
    X: csr_matrix,
    blocks: Mapping[str, csr_matrix] | None,
) -> TasteModel:
    """Fit a model, or return the one that was fitted with equal settings and numbers before."""
    key = _digest(name, settings, X, blocks)
    if key not in fitted:
        fitted[key] = make_model(name, **settings).fit(X, blocks or None)
    return fitted[key]


def _with_seed(settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    return {**settings, "seed": seed} if "seed" in settings else dict(settings)


def fit_contender(
    contender: Contender,
    settings: Mapping[str, Any],
    X: csr_matrix,
    side: Side,
    *,
    seed: int,
    fitted: Fitted | None = None,
) -> TasteModel:
    """Fit a contender with settings; the seed goes to models that draw numbers.

    A blend, which holds pairs out of the fit for itself, is told how to do without their tags.

    Parameters
    ----------
    fitted : dict or None
        Remembers what blends have in common with others; None remembers nothing.
    """
    told = _with_seed(settings, seed)
    blocks = side.take(contender.blocks)
    if contender.model == "blend":
        bases = told.get("settings", {})
        told["settings"] = {name: _with_seed(of_base, seed) for name, of_base in bases.items()}
        if blocks:
            told["side_without"] = lambda held: side.without(held, contender.blocks)
        if fitted is not None:
            told["fit_base"] = partial(fit_remembered, fitted)
    elif fitted is not None and contender.model in BLENDED:
        return fit_remembered(fitted, contender.model, told, X, blocks)
    return make_model(contender.model, **told).fit(X, blocks or None)
