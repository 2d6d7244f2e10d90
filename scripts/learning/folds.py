"""Cross-validation folds in which copies stay together.

Conventions
-----------
A *group* is a set of rows that must never be on both sides of a split: listeners with the same
answers, songs by the same artist. Folds are pairs (train, test) of sorted row numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


def merge_rare(labels: NDArray[Any], least: int) -> NDArray[np.int64]:
    """Give each label a number; those seen fewer than ``least`` times share one number.

    >>> merge_rare(np.array(["a", "a", "b", "c"]), 2).tolist()
    [1, 1, 0, 0]
    """
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    often = counts >= least
    kept = np.where(often, np.cumsum(often), 0).astype(np.int64)
    return kept[codes.reshape(-1)]


def small_group_folds(labels: NDArray[Any], groups: NDArray[Any], n_folds: int, seed: int) -> Folds:
    """Split where most groups have one row: groups are dealt out by their first row's label.

    Much faster than weighing whole groups, and as even where groups are small.
    """
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    codes = merge_rare(labels[first], n_folds)
    if 0 < (codes == 0).sum() < n_folds:  # too few even together: they join the commonest
        codes = np.where(codes == 0, np.bincount(codes[codes > 0]).argmax(), codes)
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    folds: Folds = []
    for _, test in splitter.split(np.zeros(len(first)), codes):
        in_test = np.isin(group.reshape(-1), test)
        folds.append((np.flatnonzero(~in_test), np.flatnonzero(in_test)))
    return folds


def artist_folds(labels: NDArray[Any], artists: NDArray[Any], n_folds: int, seed: int) -> Folds:
    """Split songs so that an artist is on one side only and labels are spread evenly."""
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(labels)), labels, artists))
